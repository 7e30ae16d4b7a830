import assert from "node:assert/strict";
import { test } from "node:test";
import { ReceiptPanel } from "../../../web/static/js/receipt.js";

test("a bid under the own code brings its receipt, whichever device sent it; another's does not", async () => {
  const asked = [];
  const shown = [];
  const place = { replaceChildren: (...parts) => shown.push(parts), querySelector: () => null };
  const ask = async (href) => (asked.push(href), ["receipt"]);
  const panel = new ReceiptPanel("/receipt", place, { ask, later: () => {} });
  await panel.heard([{ code: "R1" }], "K4827");
  await panel.heard([{ code: "" }], "");
  await panel.heard([], "K4827");
  assert.deepEqual(asked, []);
  await panel.heard([{ code: "R1" }, { code: "K4827" }], "K4827");
  assert.deepEqual([asked, shown], [["/receipt"], [["receipt"]]]);
});
