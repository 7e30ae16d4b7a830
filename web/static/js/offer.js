/**
 * One bid on its way: sent once with its key, remembered until its fate is known.
 *
 * A lost answer is never guessed. The key is kept in the tab's storage before anything is sent; after a lost
 * connection, or a reload, the server is asked what became of it. Only when it has repeatedly said that it never saw
 * the key is the bid called unsent, and sending again uses the same key, so that it can count once at most.
 */

const PATIENCE = 6000;
const ASK_AFTER = [0, 700, 1500, 3000];

export class Offers {
  /**
   * `send(bid)` resolves to the acknowledgement or rejects, with `kept` when nothing left the page; `ask(key)` to the
   * acknowledgement, or null if unknown. `changed(phase, bid, answer)`: sent, unsure, offline, unsent or answered.
   */
  constructor(auction, { send, ask, changed, storage = sessionStorage, wait = pause, online = isOnline }) {
    Object.assign(this, { auction, send, ask, changed, storage, wait, online });
    this.slot = `fapai:offer:${auction}`;
    this.pending = this.#kept();
  }

  /** Send a new bid. `flags`: `{raise_own, confirm_implausible}`. */
  async place(amount, flags) {
    this.pending = { key: crypto.randomUUID(), amount, flags, left: false };
    await this.#deliver();
  }

  /** Send the pending bid again under its own key. */
  async again() {
    if (this.pending) await this.#deliver();
  }

  /**
   * Find out what became of the pending bid, if there is one: after a reconnect or a reload. While a question is on its
   * way, another follows when that fails: the network may have come back in between.
   */
  async settle() {
    if (!this.pending || this.unsent) return;
    this.anew = this.asking;
    if (this.asking) return;
    this.asking = true;
    try {
      do {
        this.anew = false;
        await this.#ask();
      } while (this.anew && this.pending && !this.unsent);
    } finally {
      this.asking = false;
    }
  }

  async #ask() {
    const open = () => this.changed(this.online() ? "unsure" : "offline", this.pending);
    open();
    try {
      // What never left the page cannot arrive later: one answer is enough.
      for (const delay of this.pending.left === false ? [0] : ASK_AFTER) {
        await this.wait(delay);
        if (!this.pending) return;
        const answer = await this.ask(this.pending.key);
        if (answer) return this.#done(answer);
      }
      this.unsent = true;
      this.changed("unsent", this.pending);
    } catch {
      if (this.pending) open();
    }
  }

  /** Give up on a bid that the server never saw. */
  forget() {
    this.pending = null;
    this.unsent = false;
    this.storage.removeItem(this.slot);
  }

  async #deliver() {
    const bid = this.pending;
    const left = bid.left;
    this.unsent = false;
    this.#keep({ left: true });
    this.changed("sent", bid);
    try {
      const answer = await this.send(
        { auction_id: this.auction, amount_fen: bid.amount, key: bid.key, ...bid.flags },
        PATIENCE,
      );
      if (this.pending?.key === bid.key) this.#done(answer);
    } catch (error) {
      if (this.pending?.key !== bid.key) return;
      if (error.kept) this.#keep({ left });
      await this.settle();
    }
  }

  #keep(facts) {
    Object.assign(this.pending, facts);
    this.storage.setItem(this.slot, JSON.stringify(this.pending));
  }

  #done(answer) {
    const bid = this.pending;
    this.forget();
    this.changed("answered", bid, answer);
  }

  #kept() {
    try {
      return JSON.parse(this.storage.getItem(this.slot));
    } catch {
      return null;
    }
  }
}

const isOnline = () => navigator.onLine !== false;

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
