/** Says shortly before that a session not used ends, and keeps it while somebody types: a draft is never lost unsaid. */

const KEEP = 60_000;

/** What the page is to show: nothing, the seconds left, or that it is over. */
export function standing(used, now, idle, warning) {
  const rest = used + idle - now;
  if (rest <= 0) return { over: true };
  return rest <= warning ? { seconds: Math.ceil(rest / 1000) } : {};
}

/** Watch one page. `keep` asks the server and answers whether the session lives; `show` takes what `standing` answers. */
export class Idle {
  constructor({ idle, warning, keep, show, clock = () => Date.now(), told = () => {} }) {
    Object.assign(this, { idle, warning, keep, show, clock, told, used: clock(), asking: false, over: false });
  }

  /** Another page of this browser used the session. */
  hear(at) {
    this.used = Math.max(this.used, at);
    this.tick();
  }

  /** Somebody acted here: at most once a minute the server is told, at once while the page warns. */
  async act() {
    const now = this.clock();
    const warned = standing(this.used, now, this.idle, this.warning).seconds !== undefined;
    if (this.over || this.asking || (!warned && now - this.used < KEEP)) return;
    this.asking = true;
    const lives = await this.keep();
    this.asking = false;
    if (lives === false) this.over = true;
    if (lives) {
      this.used = now;
      this.told(now);
    }
    this.tick();
  }

  tick() {
    const now = standing(this.used, this.clock(), this.idle, this.warning);
    this.over ||= Boolean(now.over);
    this.show(this.over ? { over: true } : now);
  }
}

const box = globalThis.document?.getElementById("idle");
if (box) {
  const [warned, over] = box.querySelectorAll("[data-when]");
  const left = box.querySelector("[data-left]");
  const others = new BroadcastChannel("fapai-use");
  const watch = new Idle({
    idle: Number(box.dataset.idle) * 1000,
    warning: Number(box.dataset.warning) * 1000,
    async keep() {
      const answer = await fetch(box.dataset.keep, { cache: "no-store", headers: { Accept: "application/json" } }).catch(() => null);
      return answer === null ? null : answer.status !== 401;
    },
    show(state) {
      const shown = state.over || state.seconds !== undefined;
      if (box.hidden === shown) box.hidden = !shown;
      if (warned.hidden !== Boolean(state.over)) warned.hidden = Boolean(state.over);
      if (over.hidden === Boolean(state.over)) over.hidden = !state.over;
      if (state.seconds !== undefined) left.textContent = String(state.seconds);
    },
    told: (at) => others.postMessage(at),
  });
  others.onmessage = (message) => watch.hear(message.data);
  others.postMessage(watch.used);
  for (const name of ["keydown", "pointerdown", "input", "wheel"]) addEventListener(name, () => watch.act(), { passive: true });
  setInterval(() => watch.tick(), 1000);
}
