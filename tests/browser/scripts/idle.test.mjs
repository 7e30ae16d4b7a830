import assert from "node:assert/strict";
import { test } from "node:test";

import { Idle, standing } from "../../../web/static/js/idle.js";

const MINUTE = 60_000;

/** A page whose clock and server the test moves. */
function page(answers = []) {
  const seen = { at: 0, shown: [], asked: 0 };
  const watch = new Idle({
    idle: 15 * MINUTE,
    warning: 2 * MINUTE,
    clock: () => seen.at,
    show: (state) => seen.shown.push(state),
    keep: async () => {
      seen.asked += 1;
      return answers.length ? answers.shift() : true;
    },
  });
  return { seen, watch };
}

test("nothing is shown until two minutes before the end, then the seconds, then that it is over", () => {
  assert.deepEqual(standing(0, 13 * MINUTE - 1, 15 * MINUTE, 2 * MINUTE), {});
  assert.deepEqual(standing(0, 13 * MINUTE, 15 * MINUTE, 2 * MINUTE), { seconds: 120 });
  assert.deepEqual(standing(0, 15 * MINUTE - 1, 15 * MINUTE, 2 * MINUTE), { seconds: 1 });
  assert.deepEqual(standing(0, 15 * MINUTE, 15 * MINUTE, 2 * MINUTE), { over: true });
});

test("who types keeps the session, and asks once a minute", async () => {
  const { seen, watch } = page();
  for (seen.at = 0; seen.at <= 20 * MINUTE; seen.at += 10_000) await watch.act();
  assert.equal(seen.asked, 20);
  assert.ok(!watch.over);
});

test("while the page warns the first act keeps it at once; once it is over none does", async () => {
  const { seen, watch } = page();
  seen.at = 14 * MINUTE;
  watch.tick();
  assert.deepEqual(seen.shown.at(-1), { seconds: 60 });
  await watch.act();
  assert.deepEqual(seen.shown.at(-1), {});
  seen.at += 15 * MINUTE;
  watch.tick();
  await watch.act();
  assert.deepEqual([seen.asked, seen.shown.at(-1)], [1, { over: true }]);
});

test("a server that does not answer ends nothing, one that knows no session does", async () => {
  const { seen, watch } = page([null, false]);
  seen.at = MINUTE;
  await watch.act();
  assert.ok(!watch.over);
  await watch.act();
  assert.ok(watch.over);
});

test("what another page of the browser does counts here", () => {
  const { seen, watch } = page();
  seen.at = 14 * MINUTE;
  watch.hear(seen.at);
  assert.deepEqual(seen.shown.at(-1), {});
});
