/** The dialog before a bid: what it costs, that it cannot be taken back, and the second confirmations. */

import { fill } from "./room_view.js";
import { inWords, yuan } from "./words.js";

const byId = (id) => document.getElementById(id);

/**
 * Ask for the confirmation of `amount`. Resolves to the flags of the bid, or null when the bidder goes back.
 * `facts`: `{price, own, far, times}`; `own` the bidder leads, `far` the amount is implausible.
 */
export function confirmBid(amount, facts, words) {
  const dialog = byId("ask");
  if (dialog.open) return Promise.resolve(null);
  byId("ask-amount").textContent = yuan(amount);
  byId("ask-words").textContent = inWords(amount);
  byId("ask-above").textContent =
    facts.price === null ? words.firstBid : fill(words.above, { more: yuan(amount - facts.price) });
  byId("ask-far").hidden = byId("ask-sure").hidden = !facts.far;
  byId("ask-far-text").textContent = fill(words.far, { times: facts.times });
  byId("ask-own").hidden = !facts.own;
  byId("ask-own-tick").checked = byId("ask-sure-tick").checked = false;
  byId("ask-error").hidden = true;
  return new Promise((resolve) => {
    const confirm = byId("ask-confirm");
    const done = (flags) => {
      confirm.removeEventListener("click", agreed);
      dialog.removeEventListener("close", closed);
      if (dialog.open) dialog.close();
      resolve(flags);
    };
    const closed = () => done(null);
    const agreed = () => {
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
    dialog.showModal();
    byId(facts.own || facts.far ? (facts.own ? "ask-own-tick" : "ask-sure-tick") : "ask-confirm").focus();
  });
}
