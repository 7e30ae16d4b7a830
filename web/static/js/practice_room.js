/**
 * A room for practice, simulated in the page: it judges offers in the order and by the codes of the real room, extends,
 * closes, and has bidders with limits of their own. No server knows of it.
 */

/** Least number of steps above the reserve to which each goes. */
const STEPS = [6, 9, 13];
/** Steps beyond it in the last seconds. */
const LATE = 3;
/** How long a simulated bidder thinks, in ms. */
const THINKS = [3500, 9000];

export class PracticeRoom {
  /**
   * `terms` as of room_state.js; `opens`, `closes`, `window`, `length` in ms; `me` the reader's code. `details` gives the
   * sentence of a code, `random` a number from 0 to 1, `tell` takes each update.
   */
  constructor({ terms, opens, closes, window, length, me, details, random = Math.random, tell = () => {} }) {
    Object.assign(this, { terms, opens, closes, window, length, me, details, random, tell });
    this.status = "announced";
    this.events = [];
    this.price = null;
    this.leader = null;
    this.bids = 0;
    this.extensions = 0;
    this.answers = new Map();
    this.bidders = ["P1307", "P4415", "P8826"].map((code, index) => ({
      code, most: terms.reserve + (STEPS[index] + Math.floor(random() * 3)) * terms.increment,
    }));
    this.next = opens + this.#thinking();
  }

  /** What `watch` answers. */
  snapshot(since, now) {
    return {
      version: this.events.length, status: this.status, price_fen: this.price, leader_code: this.leader,
      bid_count: this.bids, extensions: this.extensions, opens_at: iso(this.opens), closes_at: iso(this.closes),
      server_time: iso(now), settlement: null, events: this.events.filter((event) => event.version > (since ?? 0)),
    };
  }

  /** What became of an offer of the reader's, in the shape of the real acknowledgement. */
  bid(offer, now) {
    const known = this.answers.get(offer.key);
    if (known) return known.amount_fen === offer.amount_fen ? known : this.#answer("idempotency_conflict", offer, now);
    const code = this.#refusal(offer, now);
    if (code === null) this.#accept(this.me, offer.amount_fen, now);
    const answer = this.#answer(code, offer, now);
    this.answers.set(offer.key, answer);
    return answer;
  }

  /** By the first that applies (the order of the real room). */
  #refusal(offer, now) {
    const { reserve, increment, leap, far } = this.terms;
    const amount = offer.amount_fen;
    if (!Number.isSafeInteger(amount) || amount < 1 || amount > 1e15) return "amount_invalid";
    if (now < this.opens) return "not_started";
    if (now >= this.closes || this.status === "sold" || this.status === "unsold") return "closed";
    if (amount < reserve) return "below_reserve";
    if ((amount - reserve) % increment) return "not_whole_increment";
    if (this.leader === this.me && !offer.raise_own) return "already_leading";
    if (this.price !== null && amount < this.price + increment) return "below_minimum";
    const high = amount > (this.price ?? reserve) + leap * increment || (far !== null && amount > far);
    return high && !offer.confirm_implausible ? "implausible_amount" : null;
  }

  #answer(code, offer, now) {
    const accepted = code === null;
    return {
      outcome: accepted ? "accepted" : "refused", code, detail: this.details[code ?? "accepted"] ?? code,
      bid_id: null, seq: accepted ? this.bids : null, amount_fen: offer.amount_fen,
      bidder_code: accepted ? this.me : null, price_fen: this.price,
      minimum_fen: this.price === null ? this.terms.reserve : this.price + this.terms.increment,
      closes_at: iso(this.closes), server_time: iso(now), receipt: null,
    };
  }

  #accept(code, amount, now) {
    this.#open(now);
    Object.assign(this, { price: amount, leader: code, bids: this.bids + 1 });
    const fresh = [this.#event("bid", now, {
      seq: this.bids, bidder_code: code, amount_fen: amount, received_at: iso(now), rank: null,
    })];
    if (now >= this.closes - this.window && now + this.length > this.closes) {
      this.closes = now + this.length;
      this.extensions += 1;
      fresh.push(this.#event("extension", now, {
        closes_at: iso(this.closes), extensions: this.extensions, cause: "bid",
      }));
    }
    this.next = now + this.#thinking();
    this.#send(fresh, now);
  }

  #open(now) {
    if (this.status !== "announced") return;
    this.status = "open";
    this.#send([this.#event("status", now, { status: "open" })], now);
  }

  /** Let time pass: opening, the simulated bidders, the end. */
  tick(now) {
    if (this.status === "sold" || this.status === "unsold") return;
    if (now >= this.closes) {
      this.status = this.price === null ? "unsold" : "sold";
      this.#send([this.#event("status", now, { status: this.status })], now);
      return;
    }
    if (now < this.opens) return;
    this.#open(now);
    if (now < this.next) return;
    const least = this.price === null ? this.terms.reserve : this.price + this.terms.increment;
    // Near the end they go a little further, so that everybody sees an extension.
    const more = now >= this.closes - this.window / 2 && this.extensions < 2 ? LATE * this.terms.increment : 0;
    const willing = this.bidders.filter((one) => one.code !== this.leader && one.most + more >= least);
    if (!willing.length) return;
    const one = willing[Math.floor(this.random() * willing.length)];
    // Sometimes one leaps by a step, as people do.
    const leap = least + (this.random() < 0.3 ? this.terms.increment : 0);
    this.#accept(one.code, Math.min(leap, one.most + more), now);
  }

  #thinking() {
    return THINKS[0] + this.random() * (THINKS[1] - THINKS[0]);
  }

  #event(type, now, data) {
    const event = { version: this.events.length + 1, type, at: iso(now), ...data };
    this.events.push(event);
    return event;
  }

  #send(events, now) {
    this.tell({
      version: this.events.length, events, price_fen: this.price, leader_code: this.leader, bid_count: this.bids,
      closes_at: iso(this.closes), status: this.status, server_time: iso(now),
    });
  }
}

const iso = (moment) => new Date(moment).toISOString();
