import assert from "node:assert/strict";
import { test } from "node:test";

let clock = 0;
const timers = [];
const timer = (run, wait) => timers.push([clock + wait, run]);
function pass(ms) {
  const until = clock + ms;
  for (;;) {
    const next = timers.filter(([at]) => at <= until).sort((a, b) => a[0] - b[0])[0];
    if (!next) break;
    timers.splice(timers.indexOf(next), 1);
    clock = Math.max(clock, next[0]);
    next[1]();
  }
  clock = until;
}

const { Polite } = await import("../../../web/static/js/polite.js");
const { ReceiptPanel } = await import("../../../web/static/js/receipt.js");
const { Alerts } = await import("../../../web/static/js/choices.js");

test("bids and new ends are read out at most once in five seconds, the newest of each, and none is lost", () => {
  const said = [];
  const polite = new Polite((sentence) => said.push(sentence), { clock: () => clock, timer });
  polite.later("bid", "A 100");
  polite.later("bid", "B 110");
  polite.later("end", "until 10:05");
  polite.later("bid", "C 120");
  assert.deepEqual(said, ["A 100"]);
  pass(4999);
  assert.deepEqual(said, ["A 100"]);
  pass(1);
  assert.deepEqual(said, ["A 100", "C 120 until 10:05"]);
  pass(2000);
  polite.now("outbid");
  polite.later("end", "until 10:06");
  pass(4999);
  assert.equal(said.at(-1), "outbid");
  pass(1);
  assert.equal(said.at(-1), "until 10:06");
  pass(20000);
  assert.equal(said.length, 4);
});

test("a new end is notified where that was chosen, at most once in five seconds", () => {
  const told = [];
  const choices = { chosen: { sound: true, notify: false, keys: false } };
  const alerts = new Alerts(choices, {}, { beep: assert.fail, notify: (text) => told.push(text) });
  alerts.extended("1", 0);
  choices.chosen.notify = true;
  ["2", "3", "4"].forEach((text, index) => alerts.extended(text, 2500 * index));
  assert.deepEqual(told, ["2", "4"]);
});

test("a receipt is asked for again until the log has it, and no longer", async () => {
  let asked = 0;
  let sealed = false;
  const place = {
    querySelector: () => (place.shown === "waiting" ? {} : null),
    replaceChildren: (part) => (place.shown = part),
  };
  const ask = async () => {
    asked += 1;
    return [sealed ? "sealed" : "waiting"];
  };
  const panel = new ReceiptPanel("/receipt", place, { ask, later: timer });
  await panel.show();
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  for (const [ms, times] of [[2999, 1], [1, 2]]) {
    pass(ms);
    await settle();
    assert.equal(asked, times);
  }
  sealed = true;
  pass(3000);
  await settle();
  assert.deepEqual([asked, place.shown], [3, "sealed"]);
  pass(60000);
  assert.equal(asked, 3);
});
