/**
 * Server time in the browser: monotone, independent of the device's clock, and aware of having slept.
 *
 * A sample is (server time, sent, received) on the page's monotonic clock; the true offset lies within half a round
 * trip of the middle, so the sample with the shortest trip is believed. The monotonic clock may stand still while the
 * device sleeps: when the wall clock has run ahead of it, old samples are thrown away and `stale` is true until a new
 * one comes.
 */

const KEPT = 8;
const SLEPT = 1500;
/** How far two measurements may contradict each other before the server's clock must have been moved. */
const MOVED = 1000;

export class ServerClock {
  /** @param {() => number} monotonic @param {() => number} wall both in milliseconds */
  constructor(monotonic = () => performance.now(), wall = () => Date.now()) {
    this.monotonic = monotonic;
    this.wall = wall;
    this.samples = [];
    this.offset = null;
    this.latest = -Infinity;
    this.stale = true;
    this.drift = wall() - monotonic();
  }

  /** Take a measurement; `sent` and `received` are readings of the monotonic clock. */
  sample(serverTime, sent, received) {
    const server = typeof serverTime === "number" ? serverTime : Date.parse(serverTime);
    if (!Number.isFinite(server) || received < sent) return;
    const trip = received - sent;
    const offset = server - (sent + received) / 2;
    // Each is right to half its trip: one that contradicts the others was taken after the clock had been moved.
    this.samples = this.samples.filter((one) => Math.abs(one.offset - offset) <= (one.trip + trip) / 2 + MOVED);
    this.samples.push({ trip, offset });
    if (this.samples.length > KEPT) this.samples.shift();
    this.offset = this.samples.reduce((best, one) => (one.trip < best.trip ? one : best)).offset;
    this.stale = false;
  }

  /** A message that says what time it was when it left: time cannot be earlier than that. */
  notBefore(serverTime) {
    const least = Date.parse(serverTime) - this.monotonic();
    if (!Number.isFinite(least)) return;
    if (this.offset === null || least > this.offset) {
      this.samples = [];
      this.offset = least;
    }
  }

  /** Whether the device slept (or its clock was set) since last asked; the samples are forgotten then. */
  slept() {
    const drift = this.wall() - this.monotonic();
    const gap = Math.abs(drift - this.drift);
    this.drift = drift;
    if (gap < SLEPT) return false;
    this.samples = [];
    this.stale = true;
    return true;
  }

  /** Milliseconds since the epoch on the server's clock; never goes back. */
  now() {
    const value = this.monotonic() + (this.offset ?? this.wall() - this.monotonic());
    if (value < this.latest && this.latest - value < 5000) return this.latest;
    this.latest = value;
    return value;
  }

  /** The best guess a page can make of itself: its server time, when its first byte arrived. */
  fromPage(serverTime) {
    const entry = performance.getEntriesByType("navigation")[0];
    const arrived = entry?.responseStart || 0;
    this.sample(serverTime, entry?.requestStart || arrived, arrived);
  }
}

/** What is left until `until` (ms), cut to seconds: `{days, hours, minutes, seconds, total}`; never negative. */
export function left(until, now) {
  const total = Math.max(0, Math.ceil((until - now) / 1000));
  return {
    total,
    days: Math.floor(total / 86400),
    hours: Math.floor(total / 3600) % 24,
    minutes: Math.floor(total / 60) % 60,
    seconds: total % 60,
  };
}
