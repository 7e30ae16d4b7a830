/**
 * The room as the browser knows it: pure functions on a plain object, no document, no network.
 *
 * `state`: `{version, status, reason, price, leader, leaderRank, bids, extensions, opens, closes, log, hasBid, lapsed, settlement}`;
 * money in fen, times in milliseconds. `me`: `{code, rank, canBid}`. `terms`: `{reserve, increment, deposit, reference,
 * leap, far}`.
 */

const KEPT = 50;

/** The state a server-rendered page starts from. */
export function fromPage(data) {
  return {
    version: Number(data.version),
    status: data.status,
    reason: data.reason || null,
    price: data.price ? Number(data.price) : null,
    leader: data.leader || null,
    leaderRank: data.leaderRank ? Number(data.leaderRank) : null,
    bids: Number(data.bids),
    extensions: Number(data.extensions),
    opens: Date.parse(data.opens),
    closes: Date.parse(data.closes),
    hasBid: Boolean(data.hasBid),
    lapsed: Number(data.lapsed || 0),
    settlement: null,
    log: [],
  };
}

/** The terms of the sale, which never change while it runs. */
export function termsOf(data) {
  const number = (text) => (text ? Number(text) : null);
  return {
    reserve: Number(data.reserve),
    increment: Number(data.increment),
    deposit: Number(data.deposit),
    reference: number(data.reference),
    leap: Number(data.leap),
    far: number(data.far),
  };
}

/** Put one room event on the state. */
function withEvent(state, event, me) {
  const next = { ...state, version: event.version };
  if (event.type === "bid") {
    const bid = {
      seq: event.seq,
      code: event.bidder_code,
      amount: event.amount_fen,
      at: event.received_at,
      rank: event.rank ?? null,
    };
    next.log = [bid, ...state.log.filter((one) => one.seq !== bid.seq)].sort((a, b) => b.seq - a.seq).slice(0, KEPT);
    next.price = bid.amount;
    next.leader = bid.code;
    next.leaderRank = bid.rank;
    next.bids = Math.max(state.bids, bid.seq);
    next.hasBid = state.hasBid || (me.code !== "" && bid.code === me.code);
  } else if (event.type === "extension") {
    next.closes = Date.parse(event.closes_at);
    next.extensions = event.extensions ?? state.extensions;
  } else if (event.type === "status") {
    next.status = event.status;
    if (event.opens_at) next.opens = Date.parse(event.opens_at);
    if (event.closes_at) next.closes = Date.parse(event.closes_at);
    next.reason = event.reason ?? null;
  } else if (event.type === "disclosure") {
    next.disclosed = true;
    if (event.lapsed_seq) {
      // Bids made on the older sheet fell: the price starts again at the reserve, their numbers stay.
      next.lapsed = event.lapsed_seq;
      next.price = next.leader = next.leaderRank = null;
      next.hasBid = false;
    }
  }
  return next;
}

/**
 * Apply an `update`. Answers `{state, fresh, gap}`: `fresh` the events that were new, `gap` true when one in between
 * is missing; the state is then unchanged and the room must be asked again.
 */
export function applyUpdate(state, update, me) {
  const fresh = update.events.filter((event) => event.version > state.version).sort((a, b) => a.version - b.version);
  if (!fresh.length) return { state, fresh, gap: update.version > state.version };
  if (fresh.some((event, index) => event.version !== state.version + 1 + index)) {
    return { state, fresh: [], gap: true };
  }
  const next = fresh.reduce((current, event) => withEvent(current, event, me), state);
  return { state: { ...next, ...summary(update) }, fresh, gap: false };
}

/** Apply the answer of `watch`: the whole of the room, and what was missed. */
export function applySnapshot(state, snapshot, me) {
  const missed = (snapshot.events ?? []).filter((event) => event.version > state.version);
  const next = missed.reduce((current, event) => withEvent(current, event, me), state);
  if (snapshot.more) return { state: next, fresh: missed };
  const whole = { ...next, ...summary(snapshot), version: snapshot.version };
  whole.opens = snapshot.opens_at ? Date.parse(snapshot.opens_at) : next.opens;
  whole.extensions = snapshot.extensions ?? next.extensions;
  if (snapshot.suspension) whole.reason = snapshot.suspension.reason ?? null;
  whole.settlement = snapshot.settlement ?? null;
  return { state: whole, fresh: missed };
}

function summary(message) {
  const found = {
    price: message.price_fen ?? null,
    leader: message.leader_code ?? null,
    bids: message.bid_count,
    closes: Date.parse(message.closes_at),
    status: message.status,
  };
  return found;
}

/** The extensions among new events by the number of the bid that moved the end: `{seq: {number, closes}}`. */
export function extendedBy(events) {
  const found = {};
  for (const event of events) {
    const bid = events.find((one) => one.type === "bid" && one.version === event.version - 1);
    if (event.type === "extension" && bid) found[bid.seq] = { number: event.extensions ?? 0, closes: event.closes_at };
  }
  return found;
}

/** The least amount I may offer now; a preferential purchaser may equal somebody of lower rank. */
export function leastBid(state, terms, me) {
  if (state.price === null) return terms.reserve;
  const outranks = me.rank !== null && (state.leaderRank === null || me.rank < state.leaderRank);
  return outranks && state.leader !== me.code ? state.price : state.price + terms.increment;
}

/** What is wrong with an amount before it is sent: a code of CONTRACT, or null. The server judges anew. */
export function fault(amount, state, terms, me) {
  if (amount === null) return "amount_invalid";
  if (amount < terms.reserve) return "below_reserve";
  if ((amount - terms.reserve) % terms.increment) return "not_whole_increment";
  if (amount < leastBid(state, terms, me)) return "below_minimum";
  return null;
}

/** Whether an amount asks for the second confirmation. */
export function isFar(amount, state, terms) {
  const base = state.price ?? terms.reserve;
  return amount > base + terms.leap * terms.increment || (terms.far !== null && amount > terms.far);
}

/** Whether a bid could be sent now. */
export function isOpen(state, now) {
  return state.status === "open" || state.status === "announced" ? now >= state.opens && now < state.closes : false;
}

/**
 * What reneging at an amount costs, in fen: `{deposit, reference, gap, owed}`. By way of example the resale brings the
 * reference price: `gap` is what it falls short, `owed` what the forfeited deposit does not cover of it (OJA 24,
 * SALE 22). `gap` is null where there is no reference price, or the amount is not above it.
 */
export function liability(amount, terms) {
  const { deposit, reference } = terms;
  const gap = reference !== null && amount > reference ? amount - reference : null;
  return { deposit, reference, gap, owed: gap === null ? null : Math.max(0, gap - deposit) };
}

/**
 * What the dialog has to say of an amount as things stand: `{price, least, more, own, far, times, liable, fault,
 * shut}`. `liable`: what reneging at that amount could cost, see `liability`. `forced`: `{own, far}`, what the server
 * found and this page did not. `fault` is null, `closed`, or why the amount is refused. `shut`: nobody can bid any more.
 */
export function asked(amount, state, terms, me, now, forced = {}) {
  return {
    price: state.price,
    least: leastBid(state, terms, me),
    more: state.price === null ? 0 : Math.max(0, amount - state.price),
    own: Boolean(forced.own) || (me.code !== "" && state.leader === me.code),
    far: Boolean(forced.far) || isFar(amount, state, terms),
    times: Math.round((amount - (state.price ?? terms.reserve)) / terms.increment),
    liable: liability(amount, terms),
    fault: isOpen(state, now) ? fault(amount, state, terms, me) : "closed",
    shut: isShut(state, now),
  };
}

/**
 * What stands where the countdown is: `{kind, until}`. `opening` and `closing` count down to `until`; `ended` waits
 * for the result; `over` is how it ended; `stopped` has no end at all, because the sale is suspended or taken back.
 */
export function timing(state, now) {
  if (["suspended", "withdrawn", "revoked"].includes(state.status)) return { kind: "stopped", until: null };
  if (["sold", "unsold"].includes(state.status)) return { kind: "over", until: state.closes };
  if (now < state.opens) return { kind: "opening", until: state.opens };
  return { kind: now < state.closes ? "closing" : "ended", until: state.closes };
}

/** How I stand: one of waiting, none, leading, outbid, ended, won, lost, sold, unsold, suspended, stopped, watching. */
export function standing(state, me, now) {
  const mine = me.code !== "" && state.leader === me.code;
  if (state.status === "suspended") return "suspended";
  if (state.status === "withdrawn" || state.status === "revoked") return "stopped";
  if (state.status === "unsold") return "unsold";
  if (state.status === "sold") return mine ? "won" : state.hasBid ? "lost" : "sold";
  if (now < state.opens) return "waiting";
  if (now >= state.closes) return "ended";
  if (mine) return "leading";
  if (state.hasBid) return "outbid";
  return me.canBid ? "none" : "watching";
}

/** Standings after which nobody bids in this round any more. */
const OVER = ["ended", "won", "lost", "sold", "unsold", "stopped"];

/** What follows the end for certain, in ms: a last extension may still be on its way. */
const SURELY = 1000;

/** Whether bidding has stopped for certain: nothing can be offered, also not in a moment. */
export function isShut(state, now) {
  return !["announced", "open"].includes(state.status) || now >= state.closes + SURELY;
}

/** What the bid button is for: ready, own, busy, closed, over for good, or lost while no bid could be sent. */
export function mode(how, busy, connected) {
  if (busy) return "busy";
  if (OVER.includes(how)) return "over";
  if (!["leading", "outbid", "none"].includes(how)) return "closed";
  if (!connected) return "lost";
  return how === "leading" ? "own" : "ready";
}
