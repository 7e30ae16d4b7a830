/**
 * Practice: stands in for the socket of the real room's own modules, so that everything else on the page is the real
 * thing. Must run before room.js. It answers from the page alone; nothing leaves the browser.
 */

import { PracticeRoom } from "./practice_room.js";
import { termsOf } from "./room_state.js";
import { yuan } from "./words.js";

const root = document.getElementById("room");
const practice = JSON.parse(document.getElementById("practice-words").textContent);
const start = performance.now();
const clock = () => Date.parse(root.dataset.serverTime) + performance.now() - start;
const listeners = new Map();
const call = (name, ...args) => listeners.get(name)?.forEach((listener) => listener(...args));

const room = new PracticeRoom({
  terms: termsOf(root.dataset),
  opens: Date.parse(root.dataset.opens),
  closes: Date.parse(root.dataset.closes),
  window: practice.window * 1000,
  length: practice.length * 1000,
  me: root.dataset.me,
  details: practice.details,
  tell: (update) => call("update", { auction_id: root.dataset.auction, ...update }),
});

/** The part of a Socket.IO client that connection.js uses. */
const socket = {
  connected: true,
  on(name, listener) {
    listeners.set(name, [...(listeners.get(name) ?? []), listener]);
    if (name === "connect") queueMicrotask(listener);
    return socket;
  },
  connect() {},
  disconnect() {},
  timeout: () => ({
    async emitWithAck(name, data) {
      await new Promise((resolve) => setTimeout(resolve, 60));
      return name === "watch" ? room.snapshot(data.since, clock()) : room.bid(data, clock());
    },
  }),
};
globalThis.io = () => socket;
setInterval(() => room.tick(clock()), 200);

/** An offer that this refusal answers, as the room stands; null where it could not come about now. */
function offending(code) {
  const { reserve, increment, leap } = room.terms;
  const least = room.price === null ? reserve : room.price + increment;
  return {
    below_reserve: reserve - increment,
    not_whole_increment: least + increment / 2,
    below_minimum: room.price === null ? null : room.price - increment < reserve ? room.price : room.price - increment,
    already_leading: room.leader === room.me ? least : null,
    implausible_amount: least + (leap + 5) * increment,
    not_started: clock() < room.opens ? least : null,
    closed: clock() >= room.closes ? least : null,
  }[code];
}

for (const button of document.querySelectorAll("[data-try]")) {
  button.disabled = false;
  button.addEventListener("click", () => {
    const code = button.dataset.try;
    const amount = offending(code);
    const out = document.getElementById("practice-said");
    if (amount === null) {
      out.textContent = practice.notNow;
      return;
    }
    const leading = code !== "already_leading" && room.leader === room.me;
    const answer = room.bid({ amount_fen: amount, key: crypto.randomUUID(), raise_own: leading }, clock());
    const said = answer.code === null ? practice.accepted : practice.refused;
    out.textContent = `¥${yuan(amount)}：${said}${answer.detail} ${answer.code ?? ""}`;
  });
}
