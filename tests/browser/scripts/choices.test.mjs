import assert from "node:assert/strict";
import { test } from "node:test";
import { Alerts, Choices, keyOf } from "../../../web/static/js/choices.js";

const WORDS = { outbid: "outbid {price}", soon: "soon", won: "won {price}", over: "over" };

function storage(text = null) {
  return { text, getItem() { return this.text; }, setItem(_, value) { this.text = value; } };
}

function told(chosen) {
  const choices = new Choices(storage(JSON.stringify(chosen)));
  const heard = [];
  const alerts = new Alerts(choices, WORDS, { beep: (name) => heard.push(name), notify: (text) => heard.push(text) });
  return { alerts, heard };
}

test("nothing is chosen until somebody chooses, and a choice is remembered", () => {
  const kept = storage();
  const choices = new Choices(kept);
  assert.deepEqual(choices.chosen, { sound: false, notify: false, keys: false });
  choices.choose("sound", true);
  assert.equal(new Choices(kept).chosen.sound, true);
  assert.equal(new Choices(storage("{broken")).chosen.sound, false);
  assert.equal(new Choices(storage('{"sound":"yes"}')).chosen.sound, false);
  const closed = { getItem() { throw new Error(); }, setItem() { throw new Error(); } };
  const blocked = new Choices(closed);
  blocked.choose("keys", true);
  assert.equal(blocked.chosen.keys, true);
});

test("what the page begins with is no news; each change is told once", () => {
  const { alerts, heard } = told({ sound: true, notify: false });
  alerts.watch("outbid", 250);
  assert.deepEqual(heard, []);
  alerts.watch("leading", 260);
  alerts.watch("outbid", 259, { price: "9" });
  alerts.watch("outbid", 258);
  assert.deepEqual(heard, ["outbid"]);
  alerts.watch("ended", 0);
  alerts.watch("lost", null);
  alerts.watch("lost", null);
  assert.deepEqual(heard, ["outbid", "over"]);
});

test("the last five minutes are told once, not at every extension, and only to who bids", () => {
  const { alerts, heard } = told({ sound: true, notify: true });
  for (const rest of [302, 301, 300, 299, 301, 300, 2]) alerts.watch("leading", rest);
  assert.deepEqual(heard, ["soon", "soon"]);
  const other = told({ sound: true, notify: true });
  for (const rest of [301, 300]) other.alerts.watch("watching", rest);
  assert.deepEqual(other.heard, []);
});

test("a winner is told the price, by what he chose alone", () => {
  const { alerts, heard } = told({ sound: false, notify: true });
  alerts.watch("leading", 5);
  alerts.watch("won", null, { price: "1,000" });
  assert.deepEqual(heard, ["won 1,000"]);
});

test("keys are no keys while somebody types, in a dialog, or with a modifier", () => {
  const press = (key, inside = null, more = {}) => ({ key, target: { closest: () => inside }, ...more });
  assert.equal(keyOf(press("B")), "field");
  assert.equal(keyOf(press("+")), "plus");
  assert.equal(keyOf(press("x")), null);
  assert.equal(keyOf(press("b", {})), null);
  for (const modifier of ["ctrlKey", "metaKey", "altKey", "isComposing"]) {
    assert.equal(keyOf(press("b", null, { [modifier]: true })), null);
  }
});
