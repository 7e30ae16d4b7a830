import assert from "node:assert/strict";
import { test } from "node:test";
import { check, reason, verdict } from "../../../web/static/js/verify.js";
import { Unsupported, canonical, parse, rootOf, leafOf, sha256 } from "../../../web/static/js/verify_proof.js";

test("entries are written anew as they were signed", () => {
  assert.equal(canonical(parse(' {"b": [1, -2, true, null], "a": "\\u4e2d\\n"} ')), '{"a":"中\\n","b":[1,-2,true,null]}');
  assert.equal(canonical(parse(String(2 ** 53 - 1))), "9007199254740991");
});

test("what no entry can hold is refused", () => {
  const wrong = [
    "", "{", '{"a":1,"a":2}', '{"中":1}', "1.0", "1e3", "-0", "01", "9007199254740992", "NaN", '"\\ud800"', '"\n"',
    "[1,]", "{}{}", "tru", '{"a"1}', "[".repeat(600) + "]".repeat(600), "'a'",
  ];
  for (const text of wrong) assert.throws(() => parse(text), undefined, text);
});

test("a proof leads to the root in trees of every small size, and to no other", async () => {
  const node = (left, right) => sha256(Uint8Array.of(1), left, right);
  const tree = async (leaves) => {
    if (leaves.length === 1) return leaves[0];
    const cut = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
    return node(await tree(leaves.slice(0, cut)), await tree(leaves.slice(cut)));
  };
  const path = async (leaves, index) => {
    if (leaves.length === 1) return [];
    const cut = 2 ** (Math.ceil(Math.log2(leaves.length)) - 1);
    return index < cut
      ? [...(await path(leaves.slice(0, cut), index)), await tree(leaves.slice(cut))]
      : [...(await path(leaves.slice(cut), index - cut)), await tree(leaves.slice(0, cut))];
  };
  for (let size = 1; size <= 9; size += 1) {
    const leaves = await Promise.all([...Array(size).keys()].map((n) => leafOf(Uint8Array.of(n))));
    const root = await tree(leaves);
    for (let index = 0; index < size; index += 1) {
      const proof = await path(leaves, index);
      assert.deepEqual(await rootOf(leaves[index], index, size, proof), root);
      await assert.rejects(rootOf(leaves[index], index, size, [...proof, root]));
      if (proof.length) await assert.rejects(rootOf(leaves[index], index, size, proof.slice(1)));
    }
  }
});

test("a browser without what it takes is told so, and nothing is called verified", async () => {
  const key = Buffer.alloc(32, 1).toString("base64");
  const kept = crypto.subtle.importKey;
  crypto.subtle.importKey = async () => {
    throw new DOMException("no", "NotSupportedError");
  };
  try {
    await assert.rejects(check([new Blob(["{}"])], key), (error) => error instanceof Unsupported && error.message === "ed25519");
  } finally {
    crypto.subtle.importKey = kept;
  }
  assert.equal((await check([new Blob(["{}"])], key)).verified, false);
  await assert.rejects(check([new Blob(["{}"])], "AAAA"));
});

test("nothing is said to be proved by what failed, and no place in the log by what has none", () => {
  const words = {
    verified: "V", promised: "P", failed: "F",
    limitsFailed: "f", limitsReceipt: "r", limitsPromise: "p", limitsPackage: "e", limitsResult: "d",
  };
  const answer = (kind, verified, outcome) => ({ kind, verified, steps: [{ code: "inclusion", outcome }] });
  assert.deepEqual(verdict(answer("receipt", false, "ok"), words), ["out", "F", "f"]);
  assert.deepEqual(verdict(answer("receipt", true, "skipped"), words), ["wait", "P", "p"]);
  assert.deepEqual(verdict(answer("receipt", true, "ok"), words), ["lead", "V", "r"]);
  assert.deepEqual(verdict(answer("result", true, ""), words), ["lead", "V", "d"]);
  assert.deepEqual(verdict(answer("package", true, ""), words), ["lead", "V", "e"]);
});

test("a reason is said in the language of the page, with its names and numbers", () => {
  const reasons = [["no receipt", "不是凭证"], ["* is missing", "缺少 *"], ["cannot be read: *", "无法读取：*"]];
  assert.equal(reason("no receipt", reasons), "不是凭证");
  assert.equal(reason("key.pem is missing", reasons), "缺少 key.pem");
  assert.equal(reason("cannot be read: $& x", reasons), "无法读取：$& x");
  assert.equal(reason("17", reasons), "17");
  assert.equal(reason("no receipt", []), "no receipt");
});
