import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock, left } from "../../../web/static/js/clock.js";

/** A clock on two hands moved by the test. */
function hands(start = 1_000_000) {
  const time = { mono: 0, wall: start };
  const clock = new ServerClock(() => time.mono, () => time.wall);
  const pass = (ms) => {
    time.mono += ms;
    time.wall += ms;
  };
  return { time, clock, pass };
}

test("the sample with the shortest trip is believed", () => {
  const { time, clock } = hands();
  clock.sample(5000, 0, 800);
  time.mono = 1000;
  clock.sample(5950, 1000, 1020);
  assert.equal(clock.now(), 5950 - 1010 + 1000);
});

test("time never goes back, and catches up instead", () => {
  const { time, clock, pass } = hands();
  clock.sample(10_000, 0, 400);
  const first = clock.now();
  clock.sample(9_500, 0, 10);
  assert.equal(clock.now(), first);
  pass(2000);
  assert.equal(clock.now(), 9_500 - 5 + time.mono);
});

test("a message cannot have left later than now", () => {
  const { clock } = hands();
  clock.sample(10_000, 0, 10);
  clock.notBefore(new Date(70_000).toISOString());
  assert.equal(clock.now(), 70_000);
});

test("a server whose clock was moved is believed at once, however slow the answer that says so", () => {
  const { time, clock } = hands();
  clock.sample(10_000, 0, 10);
  time.mono = 1000;
  clock.sample(86_411_000, 1000, 1800);
  assert.equal(clock.now(), 86_411_000 - 1400 + 1000);
});

test("a page that has measured nothing yet takes the time of the first message", () => {
  const { clock } = hands();
  clock.notBefore(new Date(70_000).toISOString());
  assert.equal(clock.now(), 70_000);
  clock.notBefore("nonsense");
  assert.equal(clock.now(), 70_000);
});

test("sleep is noticed by the wall running ahead, once, and old samples are forgotten", () => {
  const { time, clock, pass } = hands();
  clock.sample(10_000, 0, 10);
  pass(5000);
  assert.equal(clock.slept(), false);
  time.wall += 3_600_000;
  assert.equal(clock.slept(), true);
  assert.equal(clock.stale, true);
  assert.equal(clock.slept(), false);
  clock.sample(3_620_000, time.mono, time.mono + 20);
  assert.equal(clock.now(), 3_620_000 - 10);
});

test("the device's own clock does not matter", () => {
  const { time, clock } = hands(99_999_999_999);
  clock.sample(10_000, 0, 0);
  time.mono = 1000;
  assert.equal(clock.now(), 11_000);
});

test("what is left is cut to seconds and never negative", () => {
  assert.deepEqual(left(90_061_000, 0), { total: 90_061, days: 1, hours: 1, minutes: 1, seconds: 1 });
  assert.equal(left(1, 0).total, 1);
  assert.equal(left(0, 5000).total, 0);
});
