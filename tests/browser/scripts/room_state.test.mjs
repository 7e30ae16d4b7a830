import assert from "node:assert/strict";
import { test } from "node:test";
import * as room from "../../../web/static/js/room_state.js";

const ME = { code: "K4827", rank: null, canBid: true };
const TERMS = { reserve: 100_00, increment: 10_00, deposit: 20_00, reference: 500_00, leap: 20, far: 1000_00 };
const START = {
  version: 3, status: "open", price: null, leader: null, leaderRank: null, bids: 0, extensions: 0,
  opens: 0, closes: 10_000, hasBid: false, settlement: null, log: [],
};

function bid(version, seq, code, amount, more = {}) {
  return { version, type: "bid", seq, bidder_code: code, amount_fen: amount, received_at: "2026-01-01T00:00:00Z", ...more };
}

function update(version, events, price, leader, more = {}) {
  return {
    version, events, price_fen: price, leader_code: leader, bid_count: events.length,
    closes_at: new Date(10_000).toISOString(), status: "open", ...more,
  };
}

test("events in order are applied, and a repeated one changes nothing", () => {
  const message = update(5, [bid(4, 1, "R1", 100_00), bid(5, 2, "R2", 110_00)], 110_00, "R2", { bid_count: 2 });
  const { state, gap, fresh } = room.applyUpdate(START, message, ME);
  assert.equal(gap, false);
  assert.equal(fresh.length, 2);
  assert.deepEqual([state.version, state.price, state.leader, state.bids], [5, 110_00, "R2", 2]);
  assert.deepEqual(state.log.map((one) => one.seq), [2, 1]);
  const again = room.applyUpdate(state, message, ME);
  assert.deepEqual([again.fresh.length, again.gap, again.state], [0, false, state]);
});

test("a missing version is a gap: nothing is applied until the room has been asked", () => {
  const answer = room.applyUpdate(START, update(5, [bid(5, 2, "R2", 110_00)], 110_00, "R2"), ME);
  assert.equal(answer.gap, true);
  assert.equal(answer.state, START);
  const snapshot = { ...update(5, [bid(4, 1, "R1", 100_00), bid(5, 2, "R2", 110_00)], 110_00, "R2"), extensions: 0 };
  const { state, fresh } = room.applySnapshot(START, snapshot, ME);
  assert.equal(fresh.length, 2);
  assert.equal(state.version, 5);
});

test("a snapshot that says there is more keeps to its events", () => {
  const part = { ...update(9, [bid(4, 1, "R1", 100_00)], 150_00, "R9"), more: true };
  const { state } = room.applySnapshot(START, part, ME);
  assert.deepEqual([state.version, state.price], [4, 100_00]);
});

test("an extension moves the end and counts", () => {
  const event = { version: 4, type: "extension", closes_at: new Date(20_000).toISOString(), extensions: 1 };
  const message = update(4, [event], null, null, { closes_at: new Date(20_000).toISOString() });
  const { state } = room.applyUpdate(START, message, ME);
  assert.deepEqual([state.closes, state.extensions], [20_000, 1]);
});

test("the least bid: reserve, then one step above, or the same price for a better rank", () => {
  assert.equal(room.leastBid(START, TERMS, ME), 100_00);
  const led = { ...START, price: 110_00, leader: "R1" };
  assert.equal(room.leastBid(led, TERMS, ME), 120_00);
  assert.equal(room.leastBid(led, TERMS, { ...ME, rank: 1 }), 110_00);
  assert.equal(room.leastBid({ ...led, leaderRank: 1 }, TERMS, { ...ME, rank: 2 }), 120_00);
  assert.equal(room.leastBid({ ...led, leader: ME.code }, TERMS, { ...ME, rank: 1 }), 120_00);
});

test("bids that lapsed leave their numbers, and the price starts again at the reserve", () => {
  const led = { ...START, price: 110_00, leader: ME.code, leaderRank: 1, bids: 3, hasBid: true };
  const event = { version: led.version + 1, type: "disclosure", material: true, lapsed_seq: 3 };
  const told = { version: event.version, events: [event], price_fen: null, leader_code: null, bid_count: 3 };
  const { state } = room.applyUpdate(led, { ...told, closes_at: "2026-03-02T00:00:00Z", status: "suspended" }, ME);
  assert.deepEqual([state.price, state.leader, state.leaderRank, state.bids], [null, null, null, 3]);
  assert.deepEqual([state.lapsed, state.hasBid, state.disclosed], [3, false, true]);
  assert.equal(room.leastBid(state, TERMS, ME), TERMS.reserve);
});

test("what is wrong with an amount, in the order of the server's reasons", () => {
  const led = { ...START, price: 110_00, leader: "R1" };
  const codes = [null, 90_00, 125_00, 110_00, 120_00].map((amount) => room.fault(amount, led, TERMS, ME));
  assert.deepEqual(codes, ["amount_invalid", "below_reserve", "not_whole_increment", "below_minimum", null]);
});

test("far above is more than the steps allowed, or above the multiple of the reference", () => {
  assert.equal(room.isFar(300_00, START, TERMS), false);
  assert.equal(room.isFar(310_00, START, TERMS), true);
  assert.equal(room.isFar(1010_00, { ...START, price: 1000_00 }, TERMS), true);
  assert.equal(room.isFar(300_00, START, { ...TERMS, far: null }), false);
});

test("how I stand follows from status, time, leader and what I did", () => {
  const led = { ...START, price: 110_00, leader: "R1", hasBid: true };
  const mine = { ...led, leader: ME.code };
  const cases = [
    [START, 5000, "none"], [{ ...START, opens: 9000 }, 5000, "waiting"], [led, 5000, "outbid"],
    [mine, 5000, "leading"], [mine, 10_000, "ended"], [{ ...mine, status: "sold" }, 10_000, "won"],
    [{ ...led, status: "sold" }, 10_000, "lost"], [{ ...START, status: "sold" }, 10_000, "sold"],
    [{ ...START, status: "unsold" }, 10_000, "unsold"], [{ ...mine, status: "suspended" }, 5000, "suspended"],
    [{ ...mine, status: "withdrawn" }, 5000, "stopped"],
  ];
  for (const [state, now, expected] of cases) assert.equal(room.standing(state, ME, now), expected);
  assert.equal(room.standing(START, { code: "", rank: null, canBid: false }, 5000), "watching");
});

test("nothing is counted down once the sale is over or stopped", () => {
  const cases = [
    [{ ...START, opens: 9000 }, "opening", 9000], [START, "closing", 10_000], [{ ...START, closes: 5000 }, "ended", 5000],
    [{ ...START, status: "sold" }, "over", 10_000], [{ ...START, status: "unsold", opens: 9000 }, "over", 10_000],
    [{ ...START, status: "suspended" }, "stopped", null], [{ ...START, status: "withdrawn" }, "stopped", null],
    [{ ...START, status: "revoked", opens: 9000 }, "stopped", null],
  ];
  for (const [state, kind, until] of cases) assert.deepEqual(room.timing(state, 5000), { kind, until });
});

test("an update that says it is over stops the clock, and the reason of a suspension is kept", () => {
  const sold = update(4, [{ version: 4, type: "status", status: "sold" }], 110_00, "R1", { status: "sold" });
  assert.equal(room.timing(room.applyUpdate(START, sold, ME).state, 5000).kind, "over");
  const halt = { version: 4, type: "status", status: "suspended", reason: "R" };
  const { state } = room.applyUpdate(START, update(4, [halt], null, null, { status: "suspended" }), ME);
  assert.deepEqual([room.timing(state, 5000).kind, state.reason], ["stopped", "R"]);
  const snapshot = { ...update(3, [], null, null, { status: "suspended" }), suspension: { reason: "S" } };
  assert.equal(room.applySnapshot(START, snapshot, ME).state.reason, "S");
});

test("an extension stands with the bid that moved the end", () => {
  const events = [
    { type: "bid", version: 4, seq: 7 }, { type: "extension", version: 5, extensions: 3, closes_at: "T" },
    { type: "bid", version: 6, seq: 8 }, { type: "extension", version: 9, extensions: 4, closes_at: "U", cause: "outage" },
  ];
  assert.deepEqual(room.extendedBy(events), { 7: { number: 3, closes: "T" } });
});

test("the bid button says why it is dead: no connection, nothing to bid on, an answer awaited", async () => {
  const { mode } = await import("../../../web/static/js/room_state.js");
  assert.equal(mode("none", false, true), "ready");
  assert.equal(mode("leading", false, true), "own");
  assert.equal(mode("outbid", false, false), "lost");
  assert.equal(mode("leading", true, false), "busy");
  assert.equal(mode("waiting", false, false), "closed");
  assert.equal(mode("suspended", false, true), "closed");
  for (const how of ["ended", "won", "lost", "sold", "unsold", "stopped"]) assert.equal(mode(how, false, true), "over");
  assert.equal(mode("ended", true, true), "busy");
});

test("bidding has stopped for certain by its status, or a second after its end", () => {
  const cases = [["open", 9_000, false], ["open", 10_500, false], ["open", 11_000, true], ["suspended", 0, true], ["sold", 0, true]];
  for (const [status, now, shut] of cases) {
    assert.equal(room.isShut({ ...START, status }, now), shut, `${status} ${now}`);
    assert.equal(room.asked(100_00, { ...START, status }, TERMS, ME, now).shut, shut);
  }
});
