import assert from "node:assert/strict";
import { test } from "node:test";
import { Reckoner, cellsOf } from "../../../web/static/js/cost.js";

test("every amount has its cell, unknown ones say so and are never zero", () => {
  const line = { code: "repair", low_fen: 0, likely_fen: null, high_fen: null };
  const cells = cellsOf({ low_fen: 100, likely_fen: 150, high_fen: 200, lines: [line] }, "?");
  assert.deepEqual(cells.slice(0, 3).map((cell) => cell[2]), ["1", "1.50", "2"]);
  assert.deepEqual(cells.slice(3), [
    ["repair", "low_fen", "0", false],
    ["repair", "likely_fen", "?", true],
    ["repair", "high_fen", "?", true],
  ]);
});

test("only the latest price is asked for, and an older answer that comes late is not shown", async () => {
  const asked = [];
  const shown = [];
  let due = null;
  let answer = null;
  const ask = (price) => new Promise((resolve) => {
    asked.push(price);
    answer = () => resolve(price);
  });
  const reckoner = new Reckoner(ask, (cost) => shown.push(cost), assert.fail, (work) => (due = work), () => (due = null));
  reckoner.want(1);
  reckoner.want(2);
  const first = due();
  const late = answer;
  reckoner.want(3);
  const second = due();
  answer();
  await second;
  late();
  await first;
  assert.deepEqual(asked, [2, 3]);
  assert.deepEqual(shown, [3]);
});

test("what could not be asked is said", async () => {
  let due = null;
  let failed = 0;
  const reckoner = new Reckoner(
    async () => { throw new Error("lost"); }, assert.fail, () => (failed += 1), (work) => (due = work), () => {},
  );
  reckoner.want(1);
  await due();
  assert.equal(failed, 1);
});
