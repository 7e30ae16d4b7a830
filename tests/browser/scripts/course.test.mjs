import assert from "node:assert/strict";
import { test } from "node:test";
import { latest, said, series, withEvents } from "../../../web/static/js/course.js";

const BID = { type: "bid", version: 2, received_at: "2026-03-02T02:00:01Z", amount_fen: 1100, bidder_code: "B" };
const MOVED = { type: "extension", version: 3, at: "2026-03-02T02:00:09Z", extensions: 1, closes_at: "2026-03-02T02:05:01Z" };
const START = { bids: [["2026-03-02T02:00:00Z", 1000, "A"]], extensions: [] };

test("events are put on once, and an extension stands at the bid that moved the end", () => {
  const first = withEvents(START, [MOVED, BID]);
  assert.deepEqual(first.fresh.bids, [["2026-03-02T02:00:01Z", 1100, "B"]]);
  assert.deepEqual(first.fresh.extensions, [["2026-03-02T02:00:01Z", 1, "2026-03-02T02:05:01Z"]]);
  const again = withEvents(first.course, [BID, MOVED]);
  assert.deepEqual(again.fresh, { bids: [], extensions: [] });
  const outage = withEvents(START, [{ ...MOVED, cause: "outage" }]);
  assert.equal(outage.fresh.extensions[0][0], MOVED.at);
});

test("the chart marks own bids and extensions, and says itself in a sentence", () => {
  const { course } = withEvents(START, [BID, MOVED]);
  const { data, spans } = series(course, "B");
  assert.deepEqual(data[1], [10, 11, null]);
  assert.deepEqual(data[2], [null, 11, null]);
  assert.deepEqual(series(course, "").data[2], [null, null, null]);
  assert.deepEqual(spans, [[data[0][1], Date.parse(MOVED.closes_at) / 1000]]);
  assert.equal(data[0][2], spans[0][1]);
  assert.deepEqual(series(START, "B"), { data: [data[0].slice(0, 1), [10], [null]], spans: [] });
  const words = { none: "none", summary: "{n} {first} {last} {extensions}" };
  assert.equal(said(course, words), "2 10 11 1");
  assert.equal(said({ bids: [], extensions: [] }, words), "none");
});

test("the last part of a chart ends with the last bid or the end of an extension and never begins before the first", () => {
  const bids = (...times) => [times, times.map(() => 1)];
  assert.deepEqual(latest(bids(0, 100, 250, 1000), 600), { min: 400, max: 1000 });
  assert.deepEqual(latest(bids(400, 1000), 600), { min: 400, max: 1000 });
  assert.deepEqual(latest(bids(401, 1000), 600), { min: 401, max: 1000 });
  assert.deepEqual(latest([[0, 1000, 1300], [1, 2, null]], 600), { min: 400, max: 1300 });
});
