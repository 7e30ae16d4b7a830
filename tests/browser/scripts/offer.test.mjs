import assert from "node:assert/strict";
import { test } from "node:test";
import { Offers } from "../../../web/static/js/offer.js";

function storage() {
  const kept = new Map();
  return {
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => kept.set(name, value),
    removeItem: (name) => kept.delete(name),
  };
}

/** Offers whose server answers as told; `seen` is what the page would show. */
function desk({ send, ask = async () => null, store = storage(), online = () => true }) {
  const seen = [];
  const offers = new Offers("a1", {
    send, ask, online, storage: store, wait: async () => {},
    changed: (phase, bid, answer) => seen.push([phase, bid.key, answer?.outcome]),
  });
  return { offers, seen, store };
}

const ACCEPTED = { outcome: "accepted" };

test("an answered bid is forgotten", async () => {
  const { offers, seen } = desk({ send: async () => ACCEPTED });
  await offers.place(100, {});
  assert.deepEqual(seen.map(([phase]) => phase), ["sent", "answered"]);
  assert.equal(offers.pending, null);
});

test("a lost answer is asked for by the same key, never sent again by itself", async () => {
  let sent = 0;
  const asked = [];
  const { offers, seen } = desk({
    send: async () => {
      sent += 1;
      throw new Error("lost");
    },
    ask: async (key) => {
      asked.push(key);
      return asked.length < 3 ? null : ACCEPTED;
    },
  });
  await offers.place(100, {});
  assert.equal(sent, 1);
  assert.equal(new Set(asked).size, 1);
  assert.deepEqual(seen.map(([phase]) => phase), ["sent", "unsure", "answered"]);
  assert.equal(seen.at(-1)[2], "accepted");
});

test("a bid the server never saw is called unsent, and sending again keeps its key", async () => {
  const keys = [];
  let lose = true;
  const { offers, seen } = desk({
    send: async (bid) => {
      keys.push(bid.key);
      if (lose) throw new Error("lost");
      return ACCEPTED;
    },
  });
  await offers.place(100, { raise_own: true });
  assert.equal(seen.at(-1)[0], "unsent");
  lose = false;
  await offers.again();
  assert.equal(keys.length, 2);
  assert.equal(keys[0], keys[1]);
  assert.equal(seen.at(-1)[0], "answered");
});

test("while nobody can be asked the bid stays unsure and is remembered through a reload", async () => {
  const store = storage();
  const broken = { send: async () => Promise.reject(new Error("lost")), ask: async () => Promise.reject(new Error("no")) };
  const { offers, seen } = desk({ ...broken, store });
  await offers.place(100, {});
  assert.equal(seen.at(-1)[0], "unsure");
  const reloaded = desk({ send: async () => ACCEPTED, ask: async () => ACCEPTED, store });
  assert.equal(reloaded.offers.pending.key, offers.pending.key);
  await reloaded.offers.settle();
  assert.equal(reloaded.seen.at(-1)[0], "answered");
});

test("a bid given up is gone", async () => {
  const { offers, store } = desk({ send: async () => Promise.reject(new Error("lost")) });
  await offers.place(100, {});
  offers.forget();
  assert.equal(offers.pending, null);
  assert.equal(store.getItem("fapai:offer:a1"), null);
});

test("a bid that never left the page is asked after once, and not again until it is sent again", async () => {
  let asked = 0;
  const { offers, seen } = desk({
    send: async () => Promise.reject(Object.assign(new Error("not connected"), { kept: true })),
    ask: async () => ((asked += 1), null),
  });
  await offers.place(100, {});
  await offers.settle();
  assert.equal(asked, 1);
  assert.deepEqual(seen.map(([phase]) => phase), ["sent", "unsure", "unsent"]);
});

test("what has once been sent is asked after with patience, though sending it again did not leave the page", async () => {
  const errors = [new Error("lost"), Object.assign(new Error("not connected"), { kept: true })];
  let asked = 0;
  const { offers } = desk({ send: async () => Promise.reject(errors.shift()), ask: async () => ((asked += 1), null) });
  await offers.place(100, {});
  const first = asked;
  await offers.again();
  assert.deepEqual([first > 1, asked], [true, 2 * first]);
});

test("without a network it is said so, and the question follows at once when the network returns", async () => {
  let online = false;
  let fail;
  const asks = [() => new Promise((_, reject) => (fail = reject)), async () => ACCEPTED];
  const { offers, seen } = desk({
    send: async () => Promise.reject(new Error("lost")), ask: () => asks.shift()(), online: () => online,
  });
  const placed = offers.place(100, {});
  await new Promise(setImmediate);
  online = true;
  await offers.settle(); // a question is still on its way into the dead network
  fail(new Error("no network"));
  await placed;
  assert.deepEqual(seen.map(([phase]) => phase), ["sent", "offline", "unsure", "unsure", "answered"]);
});
