/**
 * What a bid receipt and the public log rest on, checked with nothing but a public key: canonical JSON (RFC 8785),
 * SHA-256, Ed25519, Merkle inclusion (RFC 9162), signed checkpoints (C2SP notes). No request is made, nothing is kept.
 */

const DEEPEST = 500;
const utf8 = new TextEncoder();

/** What is wrong with a file. `Unsupported`: the browser cannot check at all, `insecure` or without `ed25519`. */
export class Wrong extends Error {}
export class Unsupported extends Error {}

const need = (right, what) => {
  if (!right) throw new Wrong(what);
};

/** The text of bytes in UTF-8; anything else is wrong. */
export function textOf(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new Wrong("not UTF-8");
  }
}

/** JSON of the entries' domain: no key twice, ASCII keys, integers below 2^53 as they are written, no other numbers. */
export function parse(text) {
  let at = 0;
  const fail = () => need(false, `not the JSON of an entry, at character ${at}`);
  const blank = () => {
    while (at < text.length && " \t\n\r".includes(text[at])) at += 1;
  };
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (!found) fail();
    at = pattern.lastIndex;
    return found[0];
  };
  const string = () => {
    const value = JSON.parse(take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y));
    need(!/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(value), "half a character");
    return value;
  };
  const list = (end, one) => {
    at += 1;
    blank();
    if (text[at] === end) {
      at += 1;
      return;
    }
    for (;;) {
      one();
      blank();
      if (text[at] === end) {
        at += 1;
        return;
      }
      if (text[at] !== ",") fail();
      at += 1;
    }
  };
  const value = (deep) => {
    need(deep < DEEPEST, "nested too deep");
    blank();
    const sign = text[at];
    if (sign === "{") {
      const found = Object.create(null);
      list("}", () => {
        blank();
        const key = string();
            need(/^[\u0000-\u007f]*$/.test(key) && !(key in found), "an object has a key twice or not in ASCII");
        blank();
        if (text[at] !== ":") fail();
        at += 1;
        found[key] = value(deep + 1);
      });
      return found;
    }
    if (sign === "[") {
      const found = [];
      list("]", () => found.push(value(deep + 1)));
      return found;
    }
    if (sign === '"') return string();
    const word = take(/true|false|null|-?\d+(?![\d.eE])/y);
    if (word === "true" || word === "false") return word === "true";
    if (word === "null") return null;
    const number = Number(word);
    need(Number.isSafeInteger(number) && String(number) === word, `${word} is not an integer below 2^53`);
    return number;
  };
  const found = value(0);
  blank();
  if (at < text.length) fail();
  return found;
}

/** RFC 8785 text of what `parse` gave. */
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

export const bytesOf = (text) => utf8.encode(text);

/** SHA-256 of the parts, one after the other. */
export async function sha256(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", whole));
}

export const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const same = (a, b) => a.length === b.length && a.every((byte, index) => byte === b[index]);

export function unhex(text) {
  need(typeof text === "string" && /^[0-9a-f]{64}$/.test(text), "a hash is 64 lower-case hex digits");
  return Uint8Array.from(text.match(/../g), (pair) => parseInt(pair, 16));
}

/** The bytes of a base64 text, which must be their only spelling and have that length. */
export function unbase64(text, size) {
  need(typeof text === "string" && /^[A-Za-z0-9+/]*={0,2}$/.test(text) && text.length % 4 === 0, "not base64");
  const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  need(bytes.length === size && btoa(String.fromCharCode(...bytes)) === text, `not the base64 of ${size} bytes`);
  return bytes;
}

/** The head of a DER that holds a raw Ed25519 key. */
const SPKI = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/** The public key all is checked with; `name` is its name in signed notes where one was given. */
export class Key {
  /** Of a PEM text, the base64 of a raw key, or a verifier key `name+hash+base64`. */
  static async of(text) {
    if (!globalThis.crypto?.subtle) throw new Unsupported("insecure");
    const plain = text.trim();
    const key = new Key();
    const pem = /^-----BEGIN PUBLIC KEY-----([A-Za-z0-9+/=\s]+)-----END PUBLIC KEY-----$/.exec(plain);
    const named = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/s.exec(plain);
    key.name = null;
    if (pem) {
      const der = unbase64(pem[1].replace(/\s/g, ""), 44);
      need(same(der.slice(0, 12), Uint8Array.from(SPKI)), "not a key of Ed25519");
      key.raw = der.slice(12);
    } else if (named) {
      key.name = named[1];
      key.raw = unbase64(named[3], 33).slice(1);
      need(hex(await key.noteId(key.name)) === named[2], "the hash of the verifier key is not its own");
    } else key.raw = unbase64(plain, 32);
    key.id = hex(await sha256(bytesOf("fapai key id\0"), key.raw)).slice(0, 16);
    try {
      key.own = await crypto.subtle.importKey("raw", key.raw, { name: "Ed25519" }, false, ["verify"]);
    } catch (error) {
      if (error.name === "NotSupportedError") throw new Unsupported("ed25519");
      throw new Wrong("not a key of Ed25519");
    }
    return key;
  }

  async noteId(name) {
    return (await sha256(bytesOf(`${name}\n\x01`), this.raw)).slice(0, 4);
  }

  /** Wrong unless `signature`, bytes or base64, is this key's over `data`. */
  async verify(signature, data) {
    const bytes = typeof signature === "string" ? unbase64(signature, 64) : signature;
    need(bytes instanceof Uint8Array, "not base64");
    need(await crypto.subtle.verify({ name: "Ed25519" }, this.own, bytes, data), "the signature is wrong");
  }

  /** `{size, root}` of a checkpoint that this key has signed. */
  async openCheckpoint(note) {
    need(typeof note === "string", "not a checkpoint of this log");
    const cut = note.lastIndexOf("\n\n");
    const [text, lines] = cut < 0 ? ["", note] : [note.slice(0, cut), note.slice(cut + 2)];
    const [origin, size, root] = text.split("\n");
    const named = this.name === null || this.name === origin;
    need(lines.endsWith("\n") && named && /^(0|[1-9]\d*)$/.test(size ?? ""), "not a checkpoint of this log");
    need(root !== undefined && Number.isSafeInteger(Number(size)), "not a checkpoint of this log");
    const head = `— ${origin} `;
    const signed = lines.split("\n").filter((line) => line.startsWith(head)).map((line) => line.slice(head.length));
    const id = await this.noteId(origin);
    const own = signed.map((line) => unbase64(line, 68)).filter((line) => same(line.slice(0, 4), id));
    need(own.length, "the key given has not signed it");
    for (const line of own) await this.verify(line.slice(4), bytesOf(`${text}\n`));
    return { size: Number(size), root: unbase64(root, 32) };
  }
}

/** The keys a reader trusts, the one in use first: a receipt may be of an earlier one. Texts apart by empty lines. */
export class Keys {
  static async of(text) {
    const keys = new Keys();
    keys.all = [];
    for (const one of text.trim().split(/\n\s*\n/)) keys.all.push(await Key.of(one));
    [keys.first] = keys.all;
    return keys;
  }

  /** The key of an id; Wrong where it is none of these. */
  named(id) {
    const found = this.all.find((key) => key.id === id);
    need(found, `is not that of the key given, ${this.first.id}`);
    return found;
  }

  /** `{size, root}` of a checkpoint that one of the keys has signed. */
  async openCheckpoint(note) {
    let wrong = null;
    for (const key of this.all) {
      try {
        return await key.openCheckpoint(note);
      } catch (error) {
        wrong ??= error;
      }
    }
    throw wrong;
  }
}

/** The root to which a leaf at `index` of `size` and its proof lead; Wrong where the proof has another length. */
export async function rootOf(leaf, index, size, path) {
  const left = [...path];
  const next = () => {
    need(left.length, "the proof is too short");
    return left.shift();
  };
  let [result, at, width] = [leaf, index, size];
  const node = Uint8Array.of(1);
  while (width > 1) {
    // Sizes go up to 2^53: bit operations would cut them to 32 bits.
    const sibling = at % 2 ? at - 1 : at + 1;
    if (sibling < width) {
      const other = next();
      result = at % 2 ? await sha256(node, other, result) : await sha256(node, result, other);
    }
    at = Math.floor(at / 2);
    width = Math.floor((width + 1) / 2);
  }
  need(!left.length, "the proof is too long");
  return result;
}

export const leafOf = (written) => sha256(Uint8Array.of(0), written);
export { need, same };
