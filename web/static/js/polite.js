/** What is read out: at most one sentence in five seconds, unless it is urgent. */

const QUIET = 5000;

export class Polite {
  /** `put(sentence)` has it read out. */
  constructor(put, { clock = () => performance.now(), timer = (work, wait) => setTimeout(work, wait) } = {}) {
    Object.assign(this, { put, clock, timer });
    this.said = -QUIET;
    this.waiting = new Map();
    this.timed = false;
  }

  /** Say it at once. */
  now(sentence) {
    this.said = this.clock();
    this.put(sentence);
  }

  /** Say it with what else waits, as soon as it is quiet; a newer sentence takes the place of one on the same subject. */
  later(subject, sentence) {
    this.waiting.set(subject, sentence);
    this.#flush();
  }

  #flush() {
    if (this.timed) return;
    const wait = this.said + QUIET - this.clock();
    if (wait > 0) {
      this.timed = true;
      this.timer(() => {
        this.timed = false;
        this.#flush();
      }, wait);
      return;
    }
    const sentence = [...this.waiting.values()].join(" ");
    this.waiting.clear();
    if (sentence) this.now(sentence);
  }
}
