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
  /** `send(bid)` resolves to the acknowledgement or rejects; `ask(key)` to the acknowledgement, or null if unknown. */
  constructor(auction, { send, ask, changed, storage = sessionStorage, wait = pause }) {
    Object.assign(this, { auction, send, ask, changed, storage, wait });
    this.slot = `fapai:offer:${auction}`;
    this.pending = this.#kept();
  }

  /** Send a new bid. `flags`: `{raise_own, confirm_implausible}`. */
  async place(amount, flags) {
    this.pending = { key: crypto.randomUUID(), amount, flags };
    this.storage.setItem(this.slot, JSON.stringify(this.pending));
    await this.#deliver();
  }

  /** Send the pending bid again under its own key. */
  async again() {
    if (this.pending) await this.#deliver();
  }

  /** Find out what became of the pending bid, if there is one: after a reconnect or a reload. */
  async settle() {
    if (!this.pending || this.asking) return;
    this.asking = true;
    this.changed("unsure", this.pending);
    try {
      for (const delay of ASK_AFTER) {
        await this.wait(delay);
        if (!this.pending) return;
        const answer = await this.ask(this.pending.key);
        if (answer) return this.#done(answer);
      }
      this.changed("unsent", this.pending);
    } catch {
      this.changed("unsure", this.pending);
    } finally {
      this.asking = false;
    }
  }

  /** Give up on a bid that the server never saw. */
  forget() {
    this.pending = null;
    this.storage.removeItem(this.slot);
  }

  async #deliver() {
    const bid = this.pending;
    this.changed("sent", bid);
    try {
      const answer = await this.send(
        { auction_id: this.auction, amount_fen: bid.amount, key: bid.key, ...bid.flags },
        PATIENCE,
      );
      if (this.pending?.key === bid.key) this.#done(answer);
    } catch {
      if (this.pending?.key === bid.key) await this.settle();
    }
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

function pause(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}
