/**
 * Checking a receipt or an evidence package, step by step. A step is `{code, outcome, detail}`: outcome `ok`, `failed`,
 * or `skipped` where there was nothing to check. What only the command-line verifier checks is among the skipped.
 */

import {
  Key, Unsupported, Wrong, bytesOf, canonical, hex, leafOf, need, parse, rootOf, same, sha256, textOf, unhex,
} from "./verify_proof.js";

const RECEIPT = ["entry", "signature", "key_id", "inclusion", "checkpoint"];
const PROOF = ["hashes", "index", "root", "size"];
const COMMON = ["entries.jsonl", "checkpoint.txt", "proofs.json", "receipts.json", "key.pem"];
const FILES = {
  log: [...COMMON, "auctions.json"],
  auction: [...COMMON, "auction.json", "sheet.json", "confirmation.json"],
};
/** Files that may be absent. */
const OPTIONAL = { log: ["keys.json"], auction: ["keys.json", "protocol.json", "protocol.pdf", "ledger.json"] };
const BID = "BidAccepted";
/** Kinds that the log never hides. */
const PUBLIC = [
  BID, "BidsLapsed", "AuctionClosed", "SaleConfirmed", "BuyerReneged", "RenegeRevoked", "CreditorsAsked", "LotsDrawn",
  "SaleRevoked",
];

/** The steps taken, in order; what is thrown within a step is its failure. */
class Steps {
  constructor() {
    this.steps = [];
  }

  async take(code, check) {
    try {
      const detail = await check();
      this.steps.push({ code, outcome: "ok", detail: detail ?? "" });
      return true;
    } catch (error) {
      if (error instanceof Unsupported) throw error;
      const what = error instanceof Wrong ? error.message : `cannot be read: ${error.message}`;
      this.steps.push({ code, outcome: "failed", detail: what });
      return false;
    }
  }

  skip(code) {
    this.steps.push({ code, outcome: "skipped", detail: "" });
  }

  answer(kind, facts = null) {
    return { kind, verified: this.steps.every((step) => step.outcome !== "failed"), steps: this.steps, facts };
  }
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const keysAre = (value, keys) => isObject(value) && Object.keys(value).sort().join() === [...keys].sort().join();

/** Check a receipt or a result, given as the bytes of its file. `facts`: the entry or the document it is about. */
export async function checkReceipt(bytes, keys) {
  const steps = new Steps();
  let key = keys.first;
  let receipt;
  let written;
  let result = false;
  const read = await steps.take("read", () => {
    receipt = parse(textOf(bytes));
    result = isObject(receipt) && ("document" in receipt || "signed" in receipt);
    if (result) return;
    need(isObject(receipt) && "entry" in receipt && "signature" in receipt && "key_id" in receipt, "no receipt");
    const unknown = Object.keys(receipt).filter((name) => !RECEIPT.includes(name));
    written = bytesOf(canonical(receipt.entry));
    need(!unknown.length, `has unknown fields: ${unknown}`);
  });
  if (result) return checkResult(receipt, keys);
  if (!read && written === undefined) return steps.answer("receipt");
  await steps.take("key_id", () => {
    key = keys.named(receipt.key_id);
  });
  await steps.take("signature", () => key.verify(receipt.signature, written));
  let head = null;
  if (receipt.checkpoint === undefined || receipt.checkpoint === null) steps.skip("checkpoint");
  else {
    await steps.take("checkpoint", async () => {
      head = await keys.openCheckpoint(receipt.checkpoint);
      return `${head.size}`;
    });
  }
  if (receipt.inclusion === undefined || receipt.inclusion === null) steps.skip("inclusion");
  else await steps.take("inclusion", () => included(written, receipt.inclusion, head));
  return steps.answer("receipt", isObject(receipt.entry) ? receipt.entry : null);
}

/** A result: what was signed, and that the fields beside it which were signed too say the same. */
async function checkResult(whole, keys) {
  const steps = new Steps();
  let key = keys.first;
  const signed = "document" in whole ? whole : whole.signed;
  const document = isObject(signed) ? signed.document : null;
  const read = await steps.take("result", () => {
    need(isObject(document) && document.format === "fapai-result-1" && isObject(document.bids), "no result");
    if (signed === whole) return;
    const said = { ...document, bid_count: document.bids.count };
    const other = Object.keys(said).find((name) => name in whole && canonical(whole[name]) !== canonical(said[name]));
    need(other === undefined, `${other} is not what was signed`);
  });
  if (!read && !isObject(document)) return steps.answer("result");
  await steps.take("key_id", () => {
    key = keys.named(signed.key_id);
  });
  await steps.take("signature", () => key.verify(signed.signature, bytesOf(canonical(document))));
  return steps.answer("result", document);
}

async function included(written, proof, head) {
  need(keysAre(proof, PROOF) && Array.isArray(proof.hashes), "has not the fields of a proof");
  need(head && proof.size === head.size, "its size is not that of a signed checkpoint");
  need(same(unhex(proof.root), head.root), "its root is not that of a signed checkpoint");
  const inside = Number.isSafeInteger(proof.index) && proof.index >= 0 && proof.index < proof.size;
  need(inside, "its index is not in the tree");
  const root = await rootOf(await leafOf(written), proof.index, proof.size, proof.hashes.map(unhex));
  need(same(root, head.root), "the proof does not lead from the entry to the root");
  return `${proof.index}`;
}

/** Check an evidence package: a Map from file name to its bytes. `progress(done, of)` is called between lines. */
export async function checkPackage(files, keys, progress = () => {}) {
  const steps = new Steps();
  const key = keys.first;
  let manifest = null;
  const json = (name) => parse(textOf(file(name)));
  const file = (name) => {
    need(files.has(name), `${name} is missing`);
    return files.get(name);
  };
  await steps.take("manifest", async () => {
    const data = file("manifest.json");
    const signature = textOf(file("manifest.sig"));
    manifest = json("manifest.json");
    need(signature.endsWith("\n"), "manifest.sig does not end with a newline");
    await key.verify(signature.slice(0, -1), data);
    need(canonical(manifest) === textOf(data) && manifest.format === "fapai-evidence-1", "is not of the format");
    need(manifest.kind in FILES && Array.isArray(manifest.partial), "is not of the format");
    need(manifest.key_id === key.id, `key_id is not that of the key given, ${key.id}`);
    need(!manifest.contradictions?.length, `the platform marks it as contradicting: ${manifest.contradictions}`);
  });
  if (!manifest || !(manifest.kind in FILES) || !Array.isArray(manifest.files)) return steps.answer("package");
  await steps.take("files", async () => {
    const listed = new Map(manifest.files.map((row) => [row.name, row]));
    need(listed.size === manifest.files.length, "names a file twice");
    const present = [...files.keys()].filter((name) => !["manifest.json", "manifest.sig"].includes(name));
    const allowed = [...FILES[manifest.kind], ...OPTIONAL[manifest.kind].filter((name) => listed.has(name))];
    for (const name of new Set([...listed.keys(), ...present, ...allowed])) {
      need(allowed.includes(name) && listed.has(name), `${name} does not belong here, or is not listed`);
      const data = file(name);
      const right = { name, sha256: hex(await sha256(data)), size: data.length };
      need(canonical(listed.get(name)) === canonical(right), `${name} was changed`);
    }
    return `${listed.size}`;
  });
  await steps.take("key", async () => {
    need(same((await Key.of(textOf(file("key.pem")))).raw, key.raw), "key.pem is not the key given");
  });
  const journal = new Journal(Array.isArray(manifest.partial) ? manifest.partial : []);
  await steps.take("chains", async () => {
    const lines = textOf(file("entries.jsonl")).split("\n");
    need(lines.pop() === "", "entries.jsonl does not end with a newline");
    for (const [number, line] of lines.entries()) {
      try {
        await journal.take(line);
      } catch (error) {
        throw new Wrong(`entries.jsonl ${number + 1}: ${error.message}`);
      }
      if (number % 500 === 0) await progress(number, lines.length);
    }
    return `${lines.length}`;
  });
  await steps.take("tree", async () => {
    const head = await key.openCheckpoint(textOf(file("checkpoint.txt")));
    await underRoot(journal.leaves, head, json("proofs.json"), manifest.kind === "log");
    return `${journal.leaves.size}`;
  });
  await steps.take("receipts", async () => {
    const receipts = json("receipts.json");
    const places = Object.keys(receipts);
    need(places.length === journal.bids.size && places.every((place) => journal.bids.has(place)),
      "an accepted bid without receipt, or a receipt without such a bid");
    for (const place of places) {
      const signer = keys.all.find((one) => one.id === receipts[place].key_id);
      need(signer, `${place} is signed by another key`);
      await signer.verify(receipts[place].signature, journal.bids.get(place));
    }
    return `${places.length}`;
  });
  steps.skip("outcome");
  return steps.answer("package", { auction: manifest.auction, kind: manifest.kind });
}

/** The entries in order: chains, leaves, accepted bids that rise. */
class Journal {
  constructor(partial) {
    Object.assign(this, { partial, leaves: new Map(), bids: new Map(), streams: new Map(), stream: null });
  }

  async take(line) {
    const row = parse(line);
    need(canonical(row) === line, "is not in canonical form");
    const { entry, index, salt } = row;
    const written = bytesOf(canonical(entry));
    this.#chain(entry, index, hex(await sha256(written)));
    need(salt === null || row.sealed === undefined, "has both a salt and a commitment without one");
    if (entry.stream.startsWith("auction:") && PUBLIC.includes(entry.kind)) {
      need(salt === null && row.sealed === undefined, "hides what is public");
    }
    if (entry.stream.startsWith("auction:") && entry.kind === BID) {
      this.bids.set(`${entry.stream}/${entry.number}`, written);
    }
    let leaf = written;
    const commitment = salt === null ? row.sealed : hex(await sha256(unhex(salt), written));
    if (commitment !== undefined) leaf = bytesOf(canonical({ commitment, kind: "sealed", suite: entry.suite }));
    if (index === null) return;
    need(Number.isSafeInteger(index) && index >= 0 && !this.leaves.has(index), `leaf ${index} is there twice`);
    this.leaves.set(index, await leafOf(leaf));
  }

  #chain(entry, index, digest) {
    const { stream, number } = entry;
    const moment = entry.at;
    need(typeof stream === "string" && typeof moment === "string", "is no entry");
    if (stream !== this.stream) {
      need(!this.streams.has(stream), `stream ${stream} is not in one piece`);
      this.streams.set(stream, { number: 0, hash: "0".repeat(64), at: moment, unsealed: false });
      this.stream = stream;
    }
    const last = this.streams.get(stream);
    if (!this.partial.includes(stream) || number <= last.number + 1) {
      need(number === last.number + 1, `is entry ${number} of ${stream}, ${last.number + 1} is missing`);
      need(entry.prev === last.hash, `does not carry the hash of entry ${last.number} of ${stream}`);
    }
    need(Number.isFinite(Date.parse(moment)) && Date.parse(moment) >= Date.parse(last.at), "the time goes back");
    need(index === null || !last.unsealed, `is sealed, but an entry of ${stream} before it is not`);
    Object.assign(last, { number, hash: digest, at: moment, unsealed: index === null });
  }
}

/** Wrong unless the leaves known, with the nodes given, lead to the signed root. */
async function underRoot(leaves, head, proofs, whole) {
  need(proofs.size === head.size, "proofs.json is of another size than the checkpoint");
  need([...leaves.keys()].every((index) => index < head.size), "a leaf is not in the tree");
  need(!whole || leaves.size === head.size, `has ${leaves.size} leaves of ${head.size}`);
  const given = new Map(Object.entries(proofs.nodes).map(([place, text]) => [place, unhex(text)]));
  const node = Uint8Array.of(1);
  let [level, width, known] = [0, head.size, leaves];
  while (width > 1 && known.size) {
    const above = new Map();
    for (const [index, value] of known) {
      const [other, up] = [index % 2 ? index - 1 : index + 1, Math.floor(index / 2)];
      if (other >= width) above.set(up, value);
      else if (!above.has(up)) {
        let beside = known.get(other);
        if (!beside) {
          beside = given.get(`${level}/${other}`);
          need(beside, `proofs.json lacks ${level}/${other}`);
          given.delete(`${level}/${other}`);
        }
        above.set(up, index % 2 ? await sha256(node, beside, value) : await sha256(node, value, beside));
      }
    }
    [level, width, known] = [level + 1, Math.floor((width + 1) / 2), above];
  }
  need(!given.size, "proofs.json holds nodes that no leaf needs");
  need(!known.size || same(known.get(0), head.root), "entries and proofs do not lead to the root");
}
