import assert from "node:assert/strict";
import { test } from "node:test";
import { PracticeRoom } from "../../../web/static/js/practice_room.js";
import { applySnapshot, applyUpdate, fromPage } from "../../../web/static/js/room_state.js";

const TERMS = { reserve: 1000, increment: 100, deposit: 1, reference: 2000, leap: 20, far: 4000 };
const DETAILS = new Proxy({}, { get: (_, code) => `said ${String(code)}` });

function practise(more = {}) {
  const updates = [];
  const room = new PracticeRoom({
    terms: TERMS, opens: 0, closes: 120_000, window: 30_000, length: 30_000, me: "K", details: DETAILS,
    random: () => 0.5, tell: (update) => updates.push(update), ...more,
  });
  let key = 0;
  const bid = (amount_fen, now, flags = {}) => room.bid({ amount_fen, key: `k${(key += 1)}`, ...flags }, now);
  return { room, updates, bid };
}

test("offers are refused by the first reason that applies, in the order of the real room", () => {
  const { bid } = practise({ opens: 1000 });
  const code = (amount, now, flags) => bid(amount, now, flags).code;
  assert.equal(code(1.5, 0), "amount_invalid");
  assert.equal(code(1000, 999), "not_started");
  assert.equal(code(950, 1000), "below_reserve");
  assert.equal(code(1050, 1000), "not_whole_increment");
  assert.equal(code(3100, 1000), "implausible_amount");
  assert.equal(code(1000, 1000), null);
  assert.equal(code(1000, 1001), "already_leading");
  assert.equal(code(1000, 1001, { raise_own: true }), "below_minimum");
  assert.equal(code(1100, 1001, { raise_own: true }), null);
  assert.equal(code(3300, 1002, { raise_own: true, confirm_implausible: true }), null);
  assert.equal(code(3400, 120_000, { raise_own: true }), "closed");
  assert.equal(bid(1050, 1000).detail, "said not_whole_increment");
});

test("the same key gives the same answer, another amount under it none", () => {
  const { room } = practise();
  const first = room.bid({ amount_fen: 1000, key: "x" }, 1);
  assert.equal(room.bid({ amount_fen: 1000, key: "x" }, 2), first);
  assert.equal(room.bid({ amount_fen: 1100, key: "x" }, 2).code, "idempotency_conflict");
});

test("the last stretch extends, and only there", () => {
  const { room, bid, updates } = practise();
  bid(1000, 89_999);
  assert.equal(room.extensions, 0);
  bid(1100, 90_000, { raise_own: true });
  assert.equal(room.extensions, 0, "a bid that would not end later moves nothing");
  bid(1200, 100_000, { raise_own: true });
  assert.deepEqual([room.extensions, room.closes], [1, 130_000]);
  assert.equal(updates.at(-1).events.at(-1).type, "extension");
});

test("simulated bidders outbid, have limits, and whoever is left wins", () => {
  const { room, bid } = practise();
  for (let now = 0; now < 1_000_000 && room.status !== "sold"; now += 200) {
    room.tick(now);
    if (room.leader !== "K" && room.price !== null && room.status === "open") bid(room.price + 100, now);
  }
  assert.equal(room.status, "sold");
  assert.equal(room.leader, "K");
  assert.ok(room.price <= 1000 + 20 * 100, `${room.price}`);
  assert.ok(room.events.some((event) => event.bidder_code?.startsWith("P")));
});

test("simulated bidders extend the end, but not for ever", () => {
  const { room } = practise();
  for (let now = 0; now < 1_000_000 && room.status !== "sold"; now += 200) room.tick(now);
  assert.equal(room.status, "sold");
  assert.ok(room.extensions >= 1 && room.extensions <= 3, `${room.extensions}`);
});

test("nobody bids: unsold", () => {
  const { room } = practise();
  room.bidders = [];
  for (let now = 0; now <= 120_000; now += 200) room.tick(now);
  assert.equal(room.status, "unsold");
});

test("the real room's state follows it without a gap", () => {
  const { room, bid, updates } = practise();
  const me = { code: "K", rank: null, canBid: true };
  let state = fromPage({ version: "0", status: "announced", opens: "1970-01-01T00:00:00Z", closes: "1970-01-01T00:02:00Z" });
  for (let now = 0; now < 200_000; now += 200) {
    room.tick(now);
    if (now % 7000 === 0 && room.leader !== "K" && room.price !== null) bid(room.price + 100, now);
  }
  for (const update of updates) {
    const next = applyUpdate(state, update, me);
    assert.equal(next.gap, false);
    state = next.state;
  }
  const whole = applySnapshot(state, room.snapshot(state.version, 200_000), me);
  assert.deepEqual(whole.fresh, []);
  assert.equal(whole.state.price, room.price);
  assert.equal(state.status, room.status);
});
