/** A public terminal: prints, reads aloud, and ends by itself when somebody has left it. */

const WARNED = 30;

/** What an idle time asks for: `stay`, `warn` with the seconds left, or `end`. `quiet` and `idle` in seconds. */
export function due(quiet, idle) {
  if (quiet >= idle) return { what: "end", left: 0 };
  return quiet >= idle - WARNED ? { what: "warn", left: Math.ceil(idle - quiet) } : { what: "stay", left: 0 };
}

/** What is read aloud: the main part without what is hidden, forms' own words included, at most so many characters. */
export function spoken(text, most = 4000) {
  return text.replace(/\s+/g, " ").trim().slice(0, most);
}

function run(box) {
  const byId = (id) => document.getElementById(id);
  const warning = byId("terminal-warning");
  let touched = performance.now();
  for (const name of ["keydown", "pointerdown", "touchstart", "scroll"]) {
    addEventListener(name, () => (touched = performance.now()), { passive: true, capture: true });
  }
  const end = () => {
    const form = byId("terminal-end");
    if (form) form.requestSubmit();
    else if (location.pathname !== "/") location.assign(box.dataset.home);
  };
  setInterval(() => {
    const { what, left } = due((performance.now() - touched) / 1000, Number(box.dataset.idle));
    if (what === "end") {
      touched = performance.now();
      end();
    }
    warning.hidden = what !== "warn";
    const text = box.dataset.warning.replace("{seconds}", String(left));
    // Said once, not anew every second.
    if (what === "warn" && (warning.textContent === "" || left % 10 === 0)) warning.textContent = text;
    if (what === "stay") warning.textContent = "";
  }, 1000);
  const print = byId("terminal-print");
  print.hidden = false;
  print.addEventListener("click", () => globalThis.print());
  if (!globalThis.speechSynthesis) return;
  const speak = byId("terminal-speak");
  speak.hidden = false;
  const stop = () => speak.setAttribute("aria-pressed", "false");
  speak.addEventListener("click", () => {
    const going = speechSynthesis.speaking;
    speechSynthesis.cancel();
    stop();
    if (going) return;
    const words = new SpeechSynthesisUtterance(spoken(document.getElementById("main").innerText));
    words.lang = box.dataset.lang;
    words.rate = 0.9;
    words.onend = stop;
    speak.setAttribute("aria-pressed", "true");
    speechSynthesis.speak(words);
  });
  addEventListener("pagehide", () => speechSynthesis.cancel());
}

const box = globalThis.document?.getElementById("terminal");
if (box) run(box);
