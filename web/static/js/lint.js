/** What the linter finds in a form while it is typed: the server reads the form, this module shows its answer. */

import { Reckoner } from "./cost.js";

/** Ask the server about the form as it stands; answers a piece of a page. */
export async function ask(address, body, language, get = (...asked) => fetch(...asked)) {
  const answer = await get(address, {
    method: "POST",
    body,
    headers: { "Accept-Language": language },
    signal: AbortSignal.timeout(6000),
  });
  // A session that has ended leads to the page for signing in, which is no answer.
  if (!answer.ok || answer.redirected) throw new Error(`status ${answer.status}`);
  return answer.text();
}

/** Whether a field holds what the page did not bring: typed before this module came, or kept by the browser. */
export function touched(field) {
  if (field.options?.length) {
    const options = [...field.options];
    return !(options.find((option) => option.defaultSelected) ?? options[0]).selected;
  }
  if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
  return "defaultValue" in field && field.value !== field.defaultValue;
}

function run(place) {
  const form = place.closest("form");
  let shown = "";
  const show = (html) => {
    if (html === shown) return;
    shown = html;
    place.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  };
  const failed = () => {
    shown = "";
    place.textContent = place.dataset.failed;
  };
  const asking = () => ask(place.dataset.ask, new URLSearchParams(new FormData(form)), document.documentElement.lang);
  const reckoner = new Reckoner(asking, show, failed);
  form.addEventListener("input", () => reckoner.want());
  if ([...form.elements].some(touched)) reckoner.want();
}

const place = globalThis.document?.getElementById("linted");
if (place) run(place);
