import assert from "node:assert/strict";
import { test } from "node:test";
import { due, spoken } from "../../../web/static/js/terminal.js";

test("an abandoned terminal warns, then ends; one in use stays", () => {
  assert.deepEqual(due(0, 180), { what: "stay", left: 0 });
  assert.deepEqual(due(149.9, 180), { what: "stay", left: 0 });
  assert.deepEqual(due(150, 180), { what: "warn", left: 30 });
  assert.deepEqual(due(179.5, 180), { what: "warn", left: 1 });
  assert.deepEqual(due(180, 180), { what: "end", left: 0 });
});

test("what is read aloud is one line, and not without end", () => {
  assert.equal(spoken("  a\n\n b\t c "), "a b c");
  assert.equal(spoken("x".repeat(9000)).length, 4000);
});
