/** What the room's page shows. Only this module touches the document; it decides nothing. */

import { parts } from "./countdown.js";
import { left } from "./clock.js";
import { Polite } from "./polite.js";
import { inWords, yuan } from "./words.js";

const SOON = 300;
const SHOWN = 20;
const ICONS = {
  up: "M12 20V5M5 12l7-7 7 7",
  check: "M4 12.5l5.5 5.5L20 7",
  clock: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M12 7v5l3 2",
  offline: "M3 9a14 14 0 0 1 18 0M7 13a8 8 0 0 1 10 0M12 18h.01M4 4l16 16",
  pause: "M8 5v14M16 5v14",
  stop: "M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0M6 6l12 12",
};

const byId = (id) => document.getElementById(id);

/** Fill `{name}` in a sentence. */
export function fill(sentence, facts = {}) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => String(facts[name] ?? ""));
}

export class RoomView {
  constructor(words, me) {
    this.words = words;
    this.me = me;
    this.polite = new Polite((sentence) => this.#put(sentence));
    this.announced = null;
    this.time = new Intl.DateTimeFormat("zh-CN", {
      timeZone: "Asia/Shanghai", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
    });
  }

  /** `10:28:14`, with `.206` when milliseconds are asked for. */
  clockText(moment, milliseconds = false) {
    const date = new Date(moment);
    const fraction = milliseconds ? "." + String(date.getUTCMilliseconds()).padStart(3, "0") : "";
    return this.time.format(date) + fraction;
  }

  /** The strip on top, the log's version and the bar at the bottom. */
  room(state, terms) {
    const price = state.price ?? terms.reserve;
    byId("price").textContent = yuan(price);
    byId("bar-price").textContent = yuan(price);
    byId("price-label").textContent = this.#priceLabel(state);
    const ratio = terms.reference ? fill(this.words.ratio, { percent: ((100 * price) / terms.reference).toFixed(1) }) : "";
    byId("price-note").textContent = ratio + fill(this.words.bids, { n: state.bids });
    byId("extensions").textContent = fill(this.words.extended, { n: state.extensions });
    byId("end-time").textContent = fill(this.words.until, { time: this.clockText(state.closes) });
    byId("version").textContent = fill(this.words.version, { n: state.version });
  }

  #priceLabel(state) {
    const gone = state.status === "withdrawn" || state.status === "revoked";
    const sold = state.status === "sold";
    const label = sold ? this.words.soldFor : gone ? this.words.highest : this.words.price;
    const shown = state.price === null ? this.words.reserve : label;
    if (!state.leader || gone || state.status === "unsold") return shown;
    return `${shown}·${fill(sold ? this.words.buyer : this.words.leads, { code: state.leader })}`;
  }

  /** One state replaces the other, in one place. `actions`: buttons `{label, run}` or links `{label, href}`. */
  standing(kind, icon, head, text, short, actions = []) {
    const box = document.createElement("div");
    box.className = `state ${kind}`;
    const line = document.createElement("p");
    const strong = document.createElement("b");
    strong.textContent = head;
    line.append(strong);
    if (text) {
      const small = document.createElement("span");
      small.className = "sm";
      small.textContent = text;
      line.append(document.createElement("br"), small);
    }
    box.append(sign(icon), line);
    const shown = box.outerHTML + actions.map((action) => action.label + (action.href ?? "")).join();
    if (this.shown === shown) return;
    this.shown = shown;
    this.first = actions.find((action) => !action.quiet) ?? null;
    byId("state").replaceChildren(box, ...this.#actions(actions));
    const bar = byId("bar-state");
    bar.textContent = short;
    bar.classList.toggle("out2", kind === "out");
  }

  #actions(actions) {
    if (!actions.length) return [];
    const row = document.createElement("p");
    row.className = "row t act";
    for (const action of actions) {
      const control = document.createElement(action.href ? "a" : "button");
      control.className = `btn ${action.quiet ? "sub" : ""}`;
      control.textContent = action.label;
      if (action.href) control.href = action.href;
      else {
        control.type = "button";
        control.addEventListener("click", action.run);
      }
      row.append(control);
    }
    return [row];
  }

  /** The countdown, or what stands in its place: `timing` as of room_state.js. */
  clock(state, { kind, until }, now) {
    byId("end").hidden = kind === "stopped" || kind === "over" || kind === "ended";
    if (kind === "opening" || kind === "closing") {
      this.#timer(until, now, kind === "opening" ? this.words.toOpen : this.words.toClose);
    } else if (kind === "stopped") this.#still(this.words.condition, this.words.status[state.status]);
    else this.#still(kind === "over" ? this.words.endedAt : this.words.confirming, this.clockText(until));
  }

  /** A clock that has stopped. */
  #still(label, text) {
    const timer = byId("timer");
    if (timer.dataset.shown === `${label}${text}`) return;
    timer.dataset.shown = `${label}${text}`;
    byId("timer-label").textContent = label;
    timer.textContent = text;
    timer.classList.remove("soon");
    timer.removeAttribute("role");
    timer.removeAttribute("aria-label");
    byId("bar-timer")?.replaceChildren();
  }

  /** The countdown, and its three announcements. */
  #timer(target, now, label) {
    const timer = byId("timer");
    byId("timer-label").textContent = label;
    const rest = left(target, now);
    if (timer.dataset.shown === `${label}${rest.total}`) return;
    timer.dataset.shown = `${label}${rest.total}`;
    const shown = parts(rest, this.words.units);
    timer.replaceChildren(
      ...shown.flatMap(([number, unit]) => {
        const small = document.createElement("small");
        small.textContent = unit;
        return [number, small];
      }),
    );
    const text = shown.map(([number, unit]) => `${Number(number)} ${unit}`).join(" ");
    timer.setAttribute("role", "timer");
    timer.setAttribute("aria-label", `${label} ${text}`);
    timer.classList.toggle("soon", rest.total <= SOON && rest.total > 0);
    const bar = byId("bar-timer");
    if (bar) bar.textContent = text;
    if ([300, 60, 10].includes(rest.total) && this.announced !== rest.total) {
      this.announced = rest.total;
      this.say(`${label} ${text}`);
    }
  }

  /** Read out to those who listen, at once. */
  say(sentence) {
    this.polite.now(sentence);
  }

  /** Read out when nothing else was for five seconds; the newest of a `subject` only. */
  later(subject, sentence) {
    this.polite.later(subject, sentence);
  }

  #put(sentence) {
    const line = document.createElement("p");
    line.textContent = sentence;
    byId("say").replaceChildren(line);
  }

  /** Read out price, what is left, and the own standing: somebody asked. */
  sayAll() {
    const texts = ["price-label", "price", "timer-label", "timer", "state"].map((id) => byId(id).textContent.trim());
    this.say(texts.filter(Boolean).join(" "));
  }

  /**
   * Put new bids on top of the log, each under the extension it brought (`extended`, as of room_state.js); the first bid
   * is the leader's. Bids up to number `lapsed` have fallen.
   */
  log(bids, extended, leader, sold, lapsed) {
    const body = byId("log");
    byId("no-bids")?.remove();
    for (const bid of [...bids].sort((a, b) => a.seq - b.seq)) {
      if (body.querySelector(`[data-seq="${bid.seq}"]`)) continue;
      this.#enter(body, this.#row(bid));
      if (extended[bid.seq]) this.#enter(body, this.#extension(extended[bid.seq]));
    }
    [...body.rows].filter((row) => row.dataset.seq).forEach((row, index) => {
      const badge = row.querySelector(".badge");
      const leads = index === 0 && leader !== null;
      badge.className = leads ? "badge ok" : "badge";
      const out = Number(row.dataset.seq) <= lapsed ? this.words.lapsed : this.words.passed;
      badge.textContent = leads ? (sold ? this.words.sold : this.words.leading) : out;
    });
  }

  /** Every row takes the cells of the one above, the first the new ones: no row of the page moves, only what it says. */
  #enter(body, fresh) {
    if (body.rows.length < SHOWN) body.append(document.createElement("tr"));
    const rows = [...body.rows];
    for (let place = rows.length - 1; place >= 0; place -= 1) {
      const from = place ? rows[place - 1] : fresh;
      rows[place].className = from.className;
      if (from.dataset.seq) rows[place].dataset.seq = from.dataset.seq;
      else delete rows[place].dataset.seq;
      rows[place].replaceChildren(...from.cells);
    }
  }

  #extension({ number, closes }) {
    const row = document.createElement("tr");
    row.className = "ext";
    const cell = row.insertCell();
    cell.colSpan = 4;
    const { extension, contest, until } = this.words.course;
    const name = number ? fill(extension, { n: number }) : contest;
    cell.textContent = `${name}·${fill(until, { time: this.clockText(closes) })}`;
    return row;
  }

  #row(bid) {
    const row = document.createElement("tr");
    row.dataset.seq = bid.seq;
    const mine = this.me.code !== "" && bid.code === this.me.code;
    if (mine) row.className = "me";
    const [state, code, price, time] = [0, 1, 2, 3].map(() => row.insertCell());
    const badge = document.createElement("span");
    badge.className = "badge";
    state.append(badge);
    const name = document.createElement("span");
    name.className = "nb";
    name.textContent = bid.code;
    code.append(name);
    if (mine) {
      const you = document.createElement("b");
      you.className = "xs";
      you.textContent = this.words.you;
      code.append(" ", you);
    }
    if (bid.rank) {
      const rank = document.createElement("span");
      rank.className = "badge";
      rank.textContent = fill(this.words.rank, { n: bid.rank });
      code.append(" ", rank);
    }
    const amount = document.createElement("b");
    amount.textContent = yuan(bid.amount);
    price.append(amount);
    price.className = time.className = "r";
    time.textContent = this.clockText(bid.at, true);
    return row;
  }

  /** The line that says whether what is seen is alive. Only a change of state is read out, the trip is not. */
  connection(status, trip, since) {
    if (status === "wait" && this.connected) return;
    this.connected = status === "up";
    const line = byId("conn");
    line.className = `conn ${{ up: "lead", wait: "wait" }[status] ?? "out"}`;
    const words = {
      up: this.words.connected, wait: this.words.connecting, disconnected: this.words.disconnected,
      offline: this.words.noNetwork,
    };
    const text = fill(words[status], { time: since ? this.clockText(since) : "" });
    const state = byId("conn-state");
    if (state.textContent !== text) state.textContent = text;
    byId("conn-trip").textContent = status === "up" ? fill(this.words.trip, { ms: trip }) : "";
  }

  /** Once bidding is over the form has nothing more to ask; who was in it is led to the state. */
  #away(over) {
    const card = byId("bid").closest("section");
    if (card.hidden === over) return;
    const inside = card.contains(document.activeElement);
    card.hidden = over;
    if (over && inside) {
      byId("state").tabIndex = -1;
      byId("state").focus();
    }
  }

  /** The bid field: amount in words, the button, what is wrong. `mode`: as of room_state.js. */
  form(amount, least, error, mode) {
    const field = byId("amount");
    if (!field) return;
    byId("least").textContent = `¥${yuan(least)}`;
    byId("amount-words").textContent = amount && this.words.spelled ? inWords(amount) : "";
    byId("amount-error").textContent = error ?? "";
    byId("amount-error").hidden = !error;
    if (error) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
    field.setAttribute("aria-describedby", `amount-words amount-hint${error ? " amount-error" : ""}`);
    if (this.words.total && amount) byId("go-total").textContent = totalSaid(amount, this.words.total);
    const go = byId("go");
    const { bid: ready, raise: own, busy, closed, lost } = this.words;
    const label = { ready, own, busy, closed, lost, over: closed }[mode];
    go.textContent = fill(label, { amount: amount ? yuan(amount) : "—" });
    go.disabled = mode !== "ready" && mode !== "own";
    go.classList.toggle("alt", mode === "own");
    this.#away(mode === "over");
  }

  /** The one act of the phone's bar: what the state asks for, else to the bid field, else what the page came with. */
  act(mode, amount) {
    const link = byId("bar-bid");
    this.came ??= link.hidden ? null : { label: link.textContent, href: link.getAttribute("href") };
    const ready = mode === "ready" && amount ? fill(this.words.bid, { amount: yuan(amount) }) : this.words.go;
    const field = ["ready", "own"].includes(mode) ? { label: ready, href: "#amount" } : null;
    const act = this.first ?? (mode ? field : this.came);
    link.hidden = !act;
    if (!act) return;
    if (link.textContent !== act.label) link.textContent = act.label;
    link.href = act.href ?? "#state";
    link.onclick = act.run ? (event) => (event.preventDefault(), act.run()) : null;
  }
}

/** What an amount comes to with taxes and the rest: `words.total` tells it at one price, and how it grows. */
export function totalSaid(amount, words) {
  const at = (fen, rate) => yuan(Math.round((fen + rate * (amount - words.price_fen)) / 100) * 100);
  const [low, high] = [at(words.low_fen, words.low_rate), at(words.high_fen, words.high_rate)];
  const unknown = words.unknowns ? fill(words.unknown, { n: words.unknowns }) : "";
  return fill(low === high ? words.one : words.two, { low, high }) + unknown;
}

/** The address of the form's confirmation page, which needs neither scripts nor a live connection. */
export function hrefOf(action, amount) {
  const address = new URL(action, location.href);
  address.search = new URLSearchParams({ ...(amount ? { amount: yuan(amount) } : {}), do: "confirm" }).toString();
  return address.pathname + address.search;
}

function sign(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const attributes = {
    viewBox: "0 0 24 24", "aria-hidden": "true", fill: "none", stroke: "currentColor", "stroke-width": "2.2",
    "stroke-linecap": "round", "stroke-linejoin": "round",
  };
  for (const [key, value] of Object.entries(attributes)) svg.setAttribute(key, value);
  const path = document.createElementNS(space, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}
