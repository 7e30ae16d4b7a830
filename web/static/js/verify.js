/** The verification page: takes files from the reader's own disk and shows, step by step, what was checked. */

import { checkPackage, checkReceipt } from "./verify_files.js";
import { Keys, Unsupported } from "./verify_proof.js";

const SIGNS = { ok: "✓", failed: "✗", skipped: "○" };
const CLASSES = { ok: "grn", failed: "red", skipped: "amb" };

/** What the files chosen are: one receipt, or the files of a package by their names without folders. */
export async function check(files, keyText, progress) {
  const keys = await Keys.of(keyText);
  const read = async (file) => new Uint8Array(await file.arrayBuffer());
  if (files.length === 1) return checkReceipt(await read(files[0]), keys);
  const named = new Map();
  for (const file of files) named.set(file.name, await read(file));
  return checkPackage(named, keys, progress);
}

/** Kind, head and text of what came out. Nothing is said to be proved by what failed or was not there. */
export function verdict(answer, words) {
  if (!answer.verified) return ["out", words.failed, words.limitsFailed];
  if (answer.kind === "package") return ["lead", words.verified, words.limitsPackage];
  if (answer.kind === "result") return ["lead", words.verified, words.limitsResult];
  const sealed = answer.steps.some((step) => step.code === "inclusion" && step.outcome === "ok");
  return sealed ? ["lead", words.verified, words.limitsReceipt] : ["wait", words.promised, words.limitsPromise];
}

/** A technical reason in the page's language: `reasons` are pairs, `*` in both stands for the same words. */
export function reason(detail, reasons) {
  for (const [source, said] of reasons) {
    const [head, tail] = source.split("*");
    if (tail === undefined ? detail !== source : !(detail.startsWith(head) && detail.endsWith(tail))) continue;
    return tail === undefined ? said : said.replace("*", () => detail.slice(head.length, detail.length - tail.length));
  }
  return detail;
}

function element(name, text, className) {
  const made = document.createElement(name);
  if (text) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** A moment of a file as the site writes it: in Beijing time, which it names. */
function beijing(moment, words) {
  const at = new Date(moment);
  if (Number.isNaN(at.valueOf())) return moment;
  const told = at.toLocaleString("sv-SE", { timeZone: "Asia/Shanghai" });
  return `${told}.${String(at.getMilliseconds()).padStart(3, "0")} ${words.zone}`;
}

/** Which sale a file is of: the file names no lot, the sale's page does. */
function saleOf(auction, words) {
  const line = element("p", `${words.sale} `, "sm");
  const link = element("a", auction, "mono");
  link.href = `${words.site}/auctions/${encodeURIComponent(auction)}`;
  line.append(link);
  return line;
}

function run(form) {
  const words = JSON.parse(document.getElementById("verify-words").textContent);
  const out = document.getElementById("verify-out");
  const say = (kind, head, text) => {
    const box = element("div", "", `alert ${kind}`);
    box.append(element("b", head));
    if (text) box.append(element("p", text, "sm"));
    out.replaceChildren(box);
  };
  const show = (answer) => {
    const receipt = answer.kind === "receipt";
    say(...verdict(answer, words));
    const body = answer.facts?.body;
    if (answer.verified && receipt && Number.isSafeInteger(body?.amount_fen)) {
      const amount = (body.amount_fen / 100).toLocaleString("en-US", { minimumFractionDigits: 2 });
      out.append(element("p", `${words.bid} ¥${amount}·${body.bidder_code}·${beijing(body.received_at ?? answer.facts.at, words)}`, "num"));
      const sale = /^auction:(.+)$/.exec(answer.facts.stream ?? "");
      if (sale) out.append(saleOf(sale[1], words));
    }
    if (answer.verified && answer.kind === "result") {
      const { auction_id: auction, status, price_fen: price, bidder_code: code, closes_at: closes } = answer.facts;
      const amount = price === null ? "—" : `¥${(price / 100).toLocaleString("en-US", { minimumFractionDigits: 2 })}`;
      out.append(element("p", `${words.signed} ${auction}·${words.status[status] ?? status}·${amount}·${code ?? "—"}·${beijing(closes, words)}`, "num"));
      out.append(saleOf(auction, words));
    }
    const list = element("ol", "", "pm sm");
    for (const step of answer.steps) {
      const line = element("li");
      line.append(element("b", SIGNS[step.outcome], CLASSES[step.outcome]));
      const told = element("span");
      const [title, what, none] = words.steps[step.code];
      told.append(element("b", title + words.colon), `${words[step.outcome]} `);
      told.append(element("span", step.outcome === "skipped" ? none : what, "mut"));
      if (step.detail) told.append(element("br"), element("span", reason(step.detail, words.reasons), "xs mono"));
      line.append(told);
      list.append(line);
    }
    out.append(list);
  };
  const start = async (files) => {
    if (!files.length) return;
    say("wait", words.checking);
    try {
      const progress = (done, of) => {
        say("wait", words.checking, `${done} / ${of}`);
        return new Promise((resolve) => setTimeout(resolve));
      };
      show(await check([...files], document.getElementById("verify-key").value, progress));
    } catch (error) {
      if (error instanceof Unsupported) say("wait", words.unsupported[error.message], words.instead);
      else say("out", words.key);
    }
  };
  document.getElementById("verify-folder").webkitdirectory = true;
  for (const id of ["verify-file", "verify-folder"]) {
    const field = document.getElementById(id);
    field.addEventListener("change", () => start(field.files));
    field.disabled = false;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const chosen = [document.getElementById("verify-file"), document.getElementById("verify-folder")];
    start(chosen.find((field) => field.files.length)?.files ?? []);
  });
}

const form = globalThis.document?.getElementById("verify");
if (form) run(form);
