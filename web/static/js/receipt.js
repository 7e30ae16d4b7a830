/** The receipt beside the room: fetched after a bid, and again until the log has it. */

/** When it is asked again whether the entry is in the log, in ms after it was shown. */
const AGAIN = [3000, 6000, 12000];

export class ReceiptPanel {
  /** `href`: where the panel's markup is; empty where there is none. `place`: the element that shows it. */
  constructor(href, place, { ask = fetched, later = (work, wait) => setTimeout(work, wait) } = {}) {
    Object.assign(this, { href, place, ask, later });
    this.round = 0;
  }

  /** Show the latest receipt, and then wait for it. */
  async show() {
    if (!this.href) return;
    await this.#take();
    this.watch();
  }

  /** New bids of the room: one under the reader's own code may have been sent from another device. */
  async heard(bids, code) {
    if (code && bids.some((bid) => bid.code === code)) await this.show();
  }

  /** Ask again as long as what is shown is not sealed; a newer bid begins anew. */
  watch() {
    if (!this.href) return;
    const round = (this.round += 1);
    for (const wait of AGAIN) {
      this.later(() => {
        if (round === this.round && this.place.querySelector("[data-sealed=no]")) this.#take();
      }, wait);
    }
  }

  async #take() {
    const parts = await this.ask(this.href);
    if (parts) this.place.replaceChildren(...parts);
  }
}

async function fetched(href) {
  const answer = await fetch(href, { cache: "no-store" }).catch(() => null);
  if (!answer?.ok) return null;
  return new DOMParser().parseFromString(await answer.text(), "text/html").body.children;
}
