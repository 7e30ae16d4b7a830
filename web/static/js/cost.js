/** The total cost at another price: the server reckons, this module asks it and writes the numbers. */

import { parseYuan, yuan } from "./words.js";

const PAUSE = 250;

/** The text of every cell a reckoning changes: `[[line, part, text, unknown]]`; the line "" holds the totals. */
export function cellsOf(cost, unknown) {
  const parts = ["low_fen", "likely_fen", "high_fen"];
  const text = (fen) => (fen === null ? unknown : yuan(fen));
  return [{ code: "", ...cost }, ...cost.lines].flatMap((line) =>
    parts.map((part) => [line.code, part, text(line[part]), line[part] === null]),
  );
}

/** Ask at most once in `PAUSE` ms, and only for the latest price; `show` gets the answers in order. */
export class Reckoner {
  constructor(ask, show, failed, wait = (work, ms) => setTimeout(work, ms), stop = (timer) => clearTimeout(timer)) {
    Object.assign(this, { ask, show, failed, wait, stop });
    this.wanted = 0;
  }

  want(price) {
    this.stop(this.timer);
    const number = (this.wanted += 1);
    this.timer = this.wait(async () => {
      try {
        const cost = await this.ask(price);
        if (number === this.wanted) this.show(cost);
      } catch {
        if (number === this.wanted) this.failed();
      }
    }, PAUSE);
  }
}

function run(form) {
  const price = document.getElementById("cost-price");
  const range = document.getElementById("cost-range");
  const said = document.getElementById("cost-said");
  const section = document.getElementById("cost");
  const write = (cost) => {
    for (const [code, part, text, unknown] of cellsOf(cost, form.dataset.unknown)) {
      const cell = section.querySelector(`[data-line="${code}"] [data-part="${part}"]`);
      if (!cell) continue;
      const inside = unknown ? document.createElement("span") : null;
      if (inside) {
        inside.className = "badge warn";
        inside.textContent = text;
      }
      cell.replaceChildren(inside ?? text);
    }
    said.textContent = "";
  };
  const ask = async (fen) => {
    const answer = await fetch(`/api/v1/lots/${form.dataset.lot}/total-cost?price_fen=${fen}`, {
      headers: { Accept: "application/json", "Accept-Language": document.documentElement.lang },
      signal: AbortSignal.timeout(6000),
    });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    return answer.json();
  };
  const reckoner = new Reckoner(ask, write, () => {
    said.textContent = form.dataset.failed;
  });
  range.addEventListener("input", () => {
    price.value = yuan(Number(range.value));
    range.setAttribute("aria-valuetext", `¥${price.value}`);
    reckoner.want(Number(range.value));
  });
  price.addEventListener("change", () => {
    const fen = parseYuan(price.value);
    if (fen === null) return;
    range.value = String(fen);
    reckoner.want(fen);
  });
  document.getElementById("cost-slide").hidden = false;
}

const form = globalThis.document?.getElementById("cost-form");
if (form) run(form);
