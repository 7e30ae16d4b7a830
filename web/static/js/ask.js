/** The dialog before a bid: what it costs, that it cannot be taken back, and the second confirmations. */

import { fill, totalSaid } from "./room_view.js";
import { inWords, yuan } from "./words.js";

const byId = (id) => document.getElementById(id);

/** A dialog this young, in ms, takes no key and no click: they were meant for the page behind it. */
const YOUNG = 400;

/** Says the open dialog anew; null while none is open. */
let refresh = null;

/** The room has changed: an open dialog must not say what is older than the page behind it, nor outlast the sale. */
export const refreshAsk = () => refresh?.();

const write = (id, text) => {
  if (byId(id).textContent !== text) byId(id).textContent = text;
};

/** Write what the dialog says now; an amount that no longer does can only be taken back. */
function say(facts, words) {
  const money = { price: yuan(facts.price ?? 0), more: yuan(facts.more), least: yuan(facts.least) };
  write("ask-above", fill(facts.price === null ? words.firstBid : words.above, money));
  byId("ask-far").hidden = byId("ask-sure").hidden = !facts.far;
  const { deposit, reference, gap, owed } = facts.liable;
  const cost = { deposit: yuan(deposit), reference: yuan(reference ?? 0), gap: yuan(gap ?? 0), owed: yuan(owed ?? 0) };
  write("ask-far-text", fill(gap === null ? words.far : words.farExample, { times: facts.times, ...cost }));
  byId("ask-own").hidden = !facts.own;
  const wrong = facts.fault === null ? "" : words.changed[facts.fault] ?? words.changed.below_minimum;
  write("ask-changed", fill(wrong, money));
  byId("ask-changed").hidden = !wrong;
  const confirm = byId("ask-confirm");
  if (wrong && document.activeElement === confirm) byId("ask-back").focus();
  confirm.disabled = Boolean(wrong);
}

/** Whether a key pressed in the dialog is none of its own: it was held down, or pressed before the dialog was read. */
export const isStray = (event, age) => (event.key === "Enter" || event.key === " ") && (event.repeat || age < YOUNG);

/**
 * Ask for the confirmation of `amount`. Resolves to the flags of the bid, or null when the bidder goes back.
 * `look()` answers the facts as they are now, see `asked` of room_state.js; `refreshAsk` has them looked at again.
 */
export function confirmBid(amount, look, words) {
  const dialog = byId("ask");
  if (dialog.open) return Promise.resolve(null);
  write("ask-amount", yuan(amount));
  write("ask-words", words.spelled ? inWords(amount) : "");
  if (words.total) write("ask-total", totalSaid(amount, words.total));
  byId("ask-own-tick").checked = byId("ask-sure-tick").checked = false;
  byId("ask-error").hidden = true;
  let facts = look();
  say(facts, words);
  const opened = performance.now();
  const age = () => performance.now() - opened;
  return new Promise((resolve) => {
    const confirm = byId("ask-confirm");
    // Confirming is an act of its own: the key that opened the dialog must not be able to end it.
    const guard = (event) => {
      if (isStray(event, age())) event.preventDefault();
    };
    confirm.setAttribute("aria-disabled", "true");
    const ready = setTimeout(() => confirm.removeAttribute("aria-disabled"), YOUNG);
    const done = (flags) => {
      refresh = null;
      clearTimeout(ready);
      dialog.removeEventListener("keydown", guard);
      confirm.removeEventListener("click", agreed);
      dialog.removeEventListener("close", closed);
      if (dialog.open) dialog.close();
      resolve(flags);
    };
    const closed = () => done(null);
    refresh = () => {
      facts = look();
      if (facts.shut) return done(null);
      return say(facts, words);
    };
    const agreed = () => {
      refresh();
      if (facts.shut || age() < YOUNG) return;
      if (facts.fault !== null) return;
      const missing =
        (facts.own && !byId("ask-own-tick").checked && "ask-own-tick") ||
        (facts.far && !byId("ask-sure-tick").checked && "ask-sure-tick");
      if (missing) {
        byId("ask-error").hidden = false;
        byId(missing).focus();
        return;
      }
      const flags = {};
      if (facts.own) flags.raise_own = true;
      if (facts.far) flags.confirm_implausible = true;
      done(flags);
    };
    confirm.addEventListener("click", agreed);
    dialog.addEventListener("close", closed);
    dialog.addEventListener("keydown", guard);
    dialog.showModal();
    byId("ask-title").focus();
  });
}
