/** Keeps every `[data-until]` of a page running on server time. Without this module they show the time of the page. */

import { ServerClock, left } from "./clock.js";

const SOON = 300;
const two = (number) => String(number).padStart(2, "0");

/** The parts a countdown shows, largest first: seconds are left out while there are days. */
export function parts(rest, units) {
  const [day, hour, minute, second] = units;
  if (rest.days) return [[String(rest.days), day], [two(rest.hours), hour], [two(rest.minutes), minute]];
  if (rest.hours) return [[two(rest.hours), hour], [two(rest.minutes), minute], [two(rest.seconds), second]];
  return [[two(rest.minutes), minute], [two(rest.seconds), second]];
}

/** Show what is left in one element; writes only what has changed. */
export function show(element, now) {
  const rest = left(Date.parse(element.dataset.until), now);
  if (element.dataset.shown === String(rest.total)) return rest;
  element.dataset.shown = String(rest.total);
  const shown = parts(rest, element.dataset.units.split(" "));
  if (element.dataset.text) {
    element.textContent = shown.map(([number, unit]) => `${Number(number)} ${unit}`).join(" ");
    element.classList.toggle("red", rest.total <= SOON);
    return rest;
  }
  element.replaceChildren(
    ...shown.flatMap(([number, unit]) => {
      const small = document.createElement("small");
      small.textContent = unit;
      return [number, small];
    }),
  );
  element.classList.toggle("soon", rest.total <= SOON);
  return rest;
}

/** Run all countdowns of the page that starts at `root`. */
export function run(root, clock) {
  const tick = () => {
    const now = clock.now();
    for (const element of root.querySelectorAll("[data-until]")) show(element, now);
  };
  tick();
  setInterval(tick, 250);
}

const page = globalThis.document?.querySelector("[data-server-time]");
if (page && !document.getElementById("room")) {
  const clock = new ServerClock();
  clock.fromPage(page.dataset.serverTime);
  run(document, clock);
  // After sleep or from the back-forward cache the page's own measurement no longer holds.
  const renew = async () => {
    if (!clock.slept()) return;
    const sent = performance.now();
    const answer = await fetch(location.href, { method: "HEAD", cache: "no-store" });
    const said = answer.headers.get("Date");
    if (said) clock.sample(Date.parse(said), sent, performance.now());
  };
  addEventListener("pageshow", renew);
  document.addEventListener("visibilitychange", () => document.hidden || renew());
}
