/** What a bidder chose for this browser: sound, notifications, single keys. All are off until he chooses. */

const SLOT = "fapai:choices";
export const SOON = 300;
const APART = 5000;

/** What was chosen: `{sound, notify, keys}`. */
export class Choices {
  constructor(storage = localStorage) {
    this.storage = storage;
    this.chosen = { sound: false, notify: false, keys: false };
    try {
      const kept = JSON.parse(storage.getItem(SLOT));
      for (const name of Object.keys(this.chosen)) this.chosen[name] = kept?.[name] === true;
    } catch {
      // A browser that keeps nothing starts with nothing chosen.
    }
  }

  choose(name, value) {
    this.chosen[name] = value;
    try {
      this.storage.setItem(SLOT, JSON.stringify(this.chosen));
    } catch {
      // It holds for this page only.
    }
  }
}

/**
 * Tells what happened, once each: outbid, the last five minutes, the result. What the page begins with is no news.
 * `how` is the standing of room_state.js, `rest` the seconds to the end, null while none is counted down.
 */
export class Alerts {
  constructor(choices, words, { beep, notify }) {
    Object.assign(this, { choices, words, beep, notify });
    this.how = null;
    this.soon = null;
    this.moved = -APART;
  }

  watch(how, rest, facts = {}) {
    const before = this.how;
    const soon = rest !== null && rest > 0 && rest <= SOON;
    if (before !== null) {
      if (how === "outbid" && before === "leading") this.#tell("outbid", facts);
      if (soon && this.soon === false && ["leading", "outbid", "none"].includes(how)) this.#tell("soon", facts);
      const over = ["won", "lost", "sold", "unsold"];
      if (over.includes(how) && !over.includes(before)) this.#tell(how === "won" ? "won" : "over", facts);
    }
    // An extension takes the end out of the last minutes and back in: that is told once a stretch, not once a bid.
    if (this.soon === null || soon || (rest !== null && rest > 2 * SOON)) this.soon = soon;
    this.how = how;
  }

  /** A new end, as notification only: at most one in five seconds of `now`, in ms. */
  extended(text, now) {
    if (!this.choices.chosen.notify || now - this.moved < APART) return;
    this.moved = now;
    this.notify(text);
  }

  #tell(name, facts) {
    const text = this.words[name].replace(/\{(\w+)\}/g, (_, fact) => String(facts[fact] ?? ""));
    if (this.choices.chosen.sound) this.beep(name);
    if (this.choices.chosen.notify) this.notify(text);
  }
}

let sound = null;

/** Two short tones; falling when outbid. Browsers let a page sound only after somebody has touched it. */
export function beep(name) {
  sound ??= new AudioContext();
  const tones = { outbid: [660, 440], soon: [660, 660], won: [523, 784], over: [523, 523] }[name];
  tones.forEach((pitch, index) => {
    const [tone, gain] = [sound.createOscillator(), sound.createGain()];
    const start = sound.currentTime + index * 0.22;
    tone.frequency.value = pitch;
    gain.gain.setValueAtTime(0.12, start);
    gain.gain.exponentialRampToValueAtTime(0.001, start + 0.2);
    tone.connect(gain).connect(sound.destination);
    tone.start(start);
    tone.stop(start + 0.2);
  });
}

export function notify(text) {
  if (globalThis.Notification?.permission === "granted") new Notification(document.title, { body: text, tag: "fapai" });
}

/** The tick boxes of the page; `denied` is said where the browser forbids notifications. */
export function choosing(choices, denied) {
  const error = document.getElementById("choices-error");
  for (const box of document.querySelectorAll("#choices [data-choice]")) {
    box.checked = choices.chosen[box.dataset.choice];
    box.addEventListener("change", async () => {
      const name = box.dataset.choice;
      error.hidden = true;
      if (name === "notify" && box.checked) {
        const allowed = globalThis.Notification ? await Notification.requestPermission() : "denied";
        if (allowed !== "granted") {
          box.checked = false;
          error.textContent = denied;
          error.hidden = false;
        }
      }
      choices.choose(name, box.checked);
      if (name === "sound" && box.checked) beep("soon");
    });
  }
}

/** What a key stands for: a name of `does`, or null. Never while typing, in a dialog, or with a modifier held. */
export function keyOf(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return null;
  if (event.target?.closest?.("input, textarea, select, [contenteditable], dialog[open]")) return null;
  const key = event.key.toLowerCase();
  return { b: "field", "+": "plus", "=": "plus", "-": "minus", l: "least", s: "say" }[key] ?? null;
}

/** Single keys, while they are chosen. `does`: what each name does. */
export function listenToKeys(choices, does) {
  document.addEventListener("keydown", (event) => {
    const name = choices.chosen.keys ? keyOf(event) : null;
    if (!name || !does[name] || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    does[name]();
  });
}
