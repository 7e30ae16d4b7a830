import assert from "node:assert/strict";
import { test } from "node:test";

/** The dialog's elements, as much of them as the script touches. */
function page() {
  const made = new Map();
  const element = () => {
    const heard = {};
    return {
      textContent: "", hidden: false, checked: false, disabled: false, open: false, heard,
      addEventListener: (name, run) => (heard[name] = run),
      removeEventListener: (name) => delete heard[name],
      setAttribute() {},
      removeAttribute() {},
      focus() { document.activeElement = this; },
      showModal() { this.open = true; },
      close() { this.open = false; },
    };
  };
  globalThis.document = {
    activeElement: null,
    querySelector: () => null,
    getElementById(id) {
      if (!made.has(id)) made.set(id, element());
      return made.get(id);
    },
  };
  return document.getElementById;
}

const byId = page();
/** What the browser's clock says; every dialog below is read for a second unless a test says otherwise. */
let now = 0;
performance.now = () => now;
const read = () => (now += 1000);
const { confirmBid, refreshAsk } = await import("../../../web/static/js/ask.js");
const { asked } = await import("../../../web/static/js/room_state.js");

const WORDS = {
  firstBid: "first", above: "{price} +{more}", far: "far {times} {deposit}", farExample: "{deposit} {reference} {gap} {owed}", spelled: false,
  changed: { below_minimum: "least {least}", closed: "closed" },
};
const ME = { code: "K4827", rank: null, canBid: true };
const TERMS = { reserve: 100_00, increment: 10_00, deposit: 20_00, reference: null, leap: 20, far: null };
const START = { status: "open", price: null, leader: null, leaderRank: null, opens: 0, closes: 10_000 };

test("an open dialog says what another's bid has made of the price, and stops an amount that is too low", async () => {
  let state = START;
  const flags = confirmBid(110_00, () => asked(110_00, state, TERMS, ME, 5000), WORDS);
  assert.equal(byId("ask-above").textContent, "first");
  assert.equal(byId("ask-changed").hidden, true);

  read();
  state = { ...START, price: 100_00, leader: "R1" };
  byId("ask-confirm").focus();
  refreshAsk();
  assert.equal(byId("ask-above").textContent, "100 +10");
  assert.equal(byId("ask-confirm").disabled, false);

  state = { ...START, price: 110_00, leader: "R1" };
  refreshAsk();
  assert.deepEqual([byId("ask-changed").textContent, byId("ask-changed").hidden], ["least 120", false]);
  assert.equal(byId("ask-confirm").disabled, true);
  assert.equal(document.activeElement, byId("ask-back"));
  byId("ask-confirm").heard.click();
  assert.equal(byId("ask").open, true);
  byId("ask").heard.close();
  assert.equal(await flags, null);
});

test("a sale that stops under the dialog takes no bid from it, and the dialog does not stay", async () => {
  let state = START;
  const flags = confirmBid(100_00, () => asked(100_00, state, TERMS, ME, 5000), WORDS);
  read();
  state = { ...START, status: "suspended" };
  byId("ask-confirm").heard.click();
  assert.equal(await flags, null);
  assert.equal(byId("ask").open, false);

  let now = 9_000;
  const ending = confirmBid(100_00, () => asked(100_00, START, TERMS, ME, now), WORDS);
  now = 10_500; // an extension may still be on its way
  refreshAsk();
  assert.deepEqual([byId("ask-changed").textContent, byId("ask").open], ["closed", true]);
  now = 11_000;
  refreshAsk();
  assert.deepEqual([await ending, byId("ask").open], [null, false]);
});

test("an amount that still does is confirmed, with the ticks that are needed by now", async () => {
  let state = START;
  const flags = confirmBid(120_00, () => asked(120_00, state, TERMS, ME, 5000), WORDS);
  read();
  state = { ...START, price: 100_00, leader: ME.code };
  byId("ask-confirm").heard.click();
  assert.equal(byId("ask-error").hidden, false);
  byId("ask-own-tick").checked = true;
  byId("ask-confirm").heard.click();
  assert.deepEqual(await flags, { raise_own: true });
});

test("a key held down since before the dialog, or a second click on the page behind, confirms nothing", async () => {
  const flags = confirmBid(100_00, () => asked(100_00, START, TERMS, ME, 5000), WORDS);
  assert.equal(document.activeElement, byId("ask-title"));
  const pressed = (key, repeat) => {
    let stopped = false;
    byId("ask").heard.keydown({ key, repeat, preventDefault: () => (stopped = true) });
    return !stopped;
  };
  assert.deepEqual([pressed("Enter", false), pressed("Enter", true), pressed(" ", false)], [false, false, false]);
  assert.deepEqual([pressed("Tab", false), pressed("Escape", false)], [true, true]);
  byId("ask-confirm").heard.click();
  assert.equal(byId("ask").open, true);
  read();
  assert.equal(pressed("Enter", true), false);
  assert.equal(pressed("Enter", false), true);
  byId("ask-confirm").heard.click();
  assert.deepEqual(await flags, {});
});

test("an amount far above says in yuan what reneging could cost, by the reference price where there is one", async () => {
  for (const [reference, said] of [[150_00, "20 150 350 330"], [490_00, "20 490 10 0"], [500_00, "far 40 20"], [null, "far 40 20"]]) {
    const terms = { ...TERMS, reference };
    const flags = confirmBid(500_00, () => asked(500_00, START, terms, ME, 5000), WORDS);
    assert.equal(byId("ask-far").hidden, false);
    assert.equal(byId("ask-far-text").textContent, said);
    byId("ask").heard.close();
    assert.equal(await flags, null);
  }
});
