/** The bid room, wired: page, clock, connection, offers. Without it the page's form does the same, more slowly. */

import { confirmBid, refreshAsk } from "./ask.js";
import { Alerts, Choices, beep, choosing, listenToKeys, notify } from "./choices.js";
import { ServerClock, left } from "./clock.js";
import { Connection } from "./connection.js";
import { CourseView } from "./course.js";
import { Offers } from "./offer.js";
import * as rules from "./room_state.js";
import { ReceiptPanel } from "./receipt.js";
import { RoomView, fill, hrefOf } from "./room_view.js";
import { parseYuan, yuan } from "./words.js";

const root = document.getElementById("room");
const words = JSON.parse(document.getElementById("words").textContent);
const me = {
  code: root.dataset.me,
  rank: root.dataset.rank ? Number(root.dataset.rank) : null,
  canBid: Boolean(root.dataset.canBid),
};
const terms = rules.termsOf(root.dataset);
const clock = new ServerClock();
const view = new RoomView(words, me);
const course = new CourseView(words.course, me.code, (moment) => view.clockText(moment));
const choices = new Choices();
const alerts = new Alerts(choices, words.alerts, { beep, notify });
const receipt = new ReceiptPanel(words.receiptHref, document.getElementById("receipt"));
const field = document.getElementById("amount");
const REACHED = 3000;
/** After so long without a connection (it may be blocked) the page that needs none is offered, ms. */
const PATIENT = 4000;
/** How often the room is asked again though nothing was missed: who bids must notice a dead line sooner. */
const EVERY = me.canBid ? 10000 : 45000;

let state = rules.fromPage(root.dataset);
let notice = null;
let aside = ""; // said beside the standing: what must not be lost when the sale is over
let phase = null; // of the own offer, as of offer.js
let typed = false;
let busy = false;
let out = null; // what is said once the session has ended: it stays, and nothing can be bid
let lost = false;
let met = false;
let lostAt = 0; // of this page's time: one that was never met is missed from the start
let lastAsked = 0;
let lastSettled = 0;

clock.fromPage(root.dataset.serverTime);
let seen = clock.now();

const amountNow = () => (field ? parseYuan(field.value) : null);

/** Show everything again from what is known. */
function render() {
  view.room(state, terms);
  notice = out ?? notice;
  if (notice) view.standing(notice.kind, notice.icon, notice.head, notice.text, notice.head, notice.actions);
  else renderStanding();
  renderForm();
  refreshAsk();
}

/** Without a network the page says so; it does not pretend to try. */
const lostHow = () => (navigator.onLine === false ? "offline" : "disconnected");

function renderStanding() {
  const how = lost ? lostHow() : rules.standing(state, me, clock.now());
  const [kind, icon, head, text, action] = words.standing[how];
  const facts = {
    price: yuan(state.price ?? terms.reserve),
    least: yuan(rules.leastBid(state, terms, me)),
    time: view.clockText(lost ? seen : state.opens),
    reason: state.reason ?? "",
  };
  const actions = action ? [{ label: action[0], href: action[1], quiet: lost }] : [];
  const form = document.getElementById("bid");
  if (how === "disconnected" && form && words.withoutLine && performance.now() - lostAt > PATIENT) {
    actions.unshift({ label: words.withoutLine, href: hrefOf(form.action, amountNow()) });
  }
  const said = [fill(text, facts), aside].filter(Boolean).join(" ");
  view.standing(kind, icon, fill(head, facts), said, lost ? words.offline : fill(head, facts), actions);
}

function renderForm() {
  if (!field) return view.act();
  const least = rules.leastBid(state, terms, me);
  if (!typed && !busy) field.value = yuan(least);
  const amount = amountNow();
  const wrong = typed ? rules.fault(amount, state, terms, me) : null;
  const how = rules.standing(state, me, clock.now());
  const mode = out ? "closed" : rules.mode(how, busy, connection.up && !lost);
  const facts = { least: yuan(least), increment: yuan(terms.increment), reserve: yuan(terms.reserve) };
  view.form(amount, least, wrong ? fill(words.faults[wrong], facts) : null, mode);
  return view.act(mode, amount);
}

/** New facts from the server: the log, what is read out, and a notice that no longer holds is taken away. */
function took(fresh) {
  const bids = state.log.filter((bid) => fresh.some((event) => event.type === "bid" && event.seq === bid.seq));
  const fell = fresh.some((event) => event.lapsed_seq);
  course.take(fresh);
  if (bids.length || fell || fresh.some((event) => event.type === "status")) {
    view.log(bids, rules.extendedBy(fresh), state.leader, state.status === "sold", state.lapsed);
  }
  receipt.heard(bids, me.code);
  const last = bids.reduce((latest, bid) => (latest && latest.seq > bid.seq ? latest : bid), null);
  if (last && last.code !== me.code) {
    if (notice?.passing) notice = null;
    view.later("bid", fill(words.saidBid, { code: last.code, price: yuan(last.amount) }));
  }
  const end = fresh.findLast((event) => event.type === "extension");
  if (end) {
    const said = fill(words.saidEnd, { time: view.clockText(end.closes_at) });
    view.later("end", said);
    alerts.extended(said, performance.now());
  }
  if (fresh.some((event) => event.type === "status")) {
    notice = null;
    if (offers.unsent && rules.isShut(state, clock.now())) tooLate(offers.pending);
  }
  if (fresh.some((event) => event.type === "disclosure")) notice = words.disclosed;
  seen = clock.now();
  render();
}

const connection = new Connection(root.dataset.auction, () => state.version, clock, {
  snapshot(answer) {
    if (answer.code || answer.status === undefined) return;
    const next = rules.applySnapshot(state, answer, me);
    state = next.state;
    took(next.fresh);
    offers.settle();
  },
  update(message) {
    const next = rules.applyUpdate(state, message, me);
    state = next.state;
    if (next.gap) connection.watch();
    else took(next.fresh);
  },
  status(status, trip) {
    if (status === "down" && !lost) {
      lost = true;
      if (met) lostAt = performance.now();
    }
    if (status === "up") [met, lost] = [true, false];
    view.connection(status === "down" ? lostHow() : status, trip, seen);
    render();
  },
  signedOut(why) {
    if (!root.dataset.signedIn) return;
    out = { ...words.signedOut, text: why ?? words.signedOut.text };
    view.say(`${out.head} ${out.text}`);
    render();
  },
}, EVERY);

/** The course of an offer, shown in the one place for states. */
const offers = new Offers(root.dataset.auction, {
  send: (bid, patience) => connection.bid(bid, patience),
  ask: (key) => connection.outcome(key),
  changed(now, bid, answer) {
    const amount = yuan(bid.amount);
    phase = now;
    typed = false;
    busy = phase === "sent" || phase === "unsure" || phase === "offline";
    if (phase === "answered") answered(answer);
    else if (phase === "unsent" && rules.isShut(state, clock.now())) tooLate(bid);
    else {
      const [kind, icon, head, text] = words.offer[phase];
      notice = { kind, icon, head, text: fill(text, { amount }) };
      if (phase === "unsent") {
        notice.actions = [
          { label: words.again, run: () => offers.again() },
          { label: words.leave, quiet: true, run: () => (offers.forget(), (notice = null), render()) },
        ];
      }
    }
    render();
  },
});

/** The sale ended before an offer had left: it is not sent any more, which is said beside how the sale ended. */
function tooLate(bid) {
  offers.forget();
  notice = null;
  aside = fill(words.tooLate, { amount: yuan(bid.amount) });
  view.say(aside);
}

function answered(answer) {
  if (answer.outcome === "accepted") {
    const [kind, icon, head, text] = words.offer.accepted;
    const time = view.clockText(answer.receipt?.entry.body.received_at ?? answer.server_time, true);
    state.hasBid = true;
    notice = { kind, icon, head, text: fill(text, { time, price: yuan(answer.amount_fen) }), passing: true };
    view.say(`${head} ${yuan(answer.amount_fen)}`);
    receipt.show();
    return;
  }
  const stale = answer.code === "stale_disclosure";
  const [kind, icon, head] = stale ? words.offer.stale : words.offer[answer.code] ?? words.offer.refused;
  notice = { kind, icon, head, text: answer.detail ?? answer.code, passing: true };
  if (stale) notice.actions = [{ label: words.review, href: words.reviewHref }];
  view.say(`${head} ${answer.detail ?? ""}`);
  if (answer.code === "implausible_amount" || answer.code === "already_leading") {
    ask(answer.amount_fen, { far: answer.code === "implausible_amount", own: answer.code === "already_leading" });
  }
}

/** Ask, then send. `forced` adds what the server found and this page did not. */
async function ask(amount, forced = {}) {
  const flags = await confirmBid(amount, () => rules.asked(amount, state, terms, me, clock.now(), forced), words);
  if (flags) return offers.place(amount, flags);
  if (rules.isShut(state, clock.now())) {
    aside = words.askShut;
    view.say(aside);
  }
  // Taken back because the price has moved: the field offers what is the least now.
  if (rules.fault(amount, state, terms, me) !== null) typed = false;
  return render();
}

function listen() {
  const form = document.getElementById("bid");
  if (!form) return;
  field.addEventListener("input", () => {
    typed = true;
    renderForm();
  });
  field.addEventListener("change", () => {
    const amount = amountNow();
    if (amount !== null) field.value = yuan(amount);
  });
  listenToKeys(choices, {
    field: () => field.focus(),
    plus: () => document.getElementById("plus").click(),
    minus: () => document.getElementById("minus").click(),
    least: () => form.querySelector('[data-steps="0"]').click(),
  });
  form.addEventListener("submit", (event) => {
    // Never a page load: without a connection it would leave the bidder with a browser's error page.
    event.preventDefault();
    const least = rules.leastBid(state, terms, me);
    const chosen = event.submitter?.value ?? "confirm";
    const steps = event.submitter?.dataset.steps;
    const set = (amount) => {
      typed = amount !== least;
      field.value = yuan(Math.max(amount, least));
      renderForm();
    };
    if (steps !== undefined) set(least + Number(steps) * terms.increment);
    else if (chosen === "minus") set((amountNow() ?? least) - terms.increment);
    else if (chosen === "plus") set((amountNow() ?? least - terms.increment) + terms.increment);
    else if (!busy && connection.up && !lost && !out) submit();
  });
}

function submit() {
  const amount = amountNow();
  typed = amount !== rules.leastBid(state, terms, me);
  renderForm();
  if (rules.fault(amount, state, terms, me) === null) {
    notice = null;
    ask(amount);
  } else field.focus();
}

/** Four times a second: the countdown; after the end, or after sleep, the server is asked. */
function tick() {
  if (clock.slept()) connection.watch();
  const now = clock.now();
  const timing = rules.timing(state, now);
  view.clock(state, timing, now);
  if (!lost) {
    const rest = timing.kind === "closing" ? left(timing.until, now).total : null;
    alerts.watch(rules.standing(state, me, now), rest, { price: yuan(state.price ?? terms.reserve) });
  }
  refreshAsk();
  // Also where no live connection comes: the answer needs none.
  if ((phase === "unsure" || phase === "offline") && !offers.asking && performance.now() - lastSettled > REACHED) {
    lastSettled = performance.now();
    offers.settle();
  }
  const past = state.status === "open" && now > state.closes + REACHED;
  const started = state.status === "announced" && now > state.opens + 500;
  if ((past || started) && performance.now() - lastAsked > REACHED) {
    lastAsked = performance.now();
    connection.watch();
  }
  if (!notice) renderStanding();
  renderForm();
}

addEventListener("online", () => offers.settle());
document.addEventListener("visibilitychange", () => document.hidden || connection.watch());
addEventListener("pageshow", (event) => event.persisted && connection.watch());
listenToKeys(choices, { say: () => view.sayAll() });
choosing(choices, words.alerts.denied);
listen();
receipt.watch();
render();
setInterval(tick, 250);
