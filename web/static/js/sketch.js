/**
 * Draws where lots lie: meridians and parallels, some cities by name, the lots. Nothing is asked of any other site.
 *
 * Where a list stands beside it, a mark shows its lot's card, and the list follows the view.
 */

import { CITIES } from "./cities.js";

const read = (id) => JSON.parse(document.getElementById(id).textContent);

/** The lines of a grid of so many degrees between two corners. */
export function graticule([south, west], [north, east], step) {
  const lines = [];
  for (let latitude = south; latitude <= north; latitude += step) lines.push([[latitude, west], [latitude, east]]);
  for (let longitude = west; longitude <= east; longitude += step) lines.push([[south, longitude], [north, longitude]]);
  return lines;
}

/** What a lot's point says: its title as a link, its kind. Text only: a title is never read as markup. */
export function label(point, make = (name) => document.createElement(name)) {
  const box = make("p");
  const link = make("a");
  link.href = point.href;
  link.textContent = point.title;
  const kind = make("span");
  kind.textContent = point.kind;
  box.append(link, make("br"), kind);
  return box;
}

/** What a program loaded by its address leaves behind; the style with it. */
function fetched(style, program) {
  const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: style });
  const script = Object.assign(document.createElement("script"), { src: program });
  const came = (made) => new Promise((done, failed) => Object.assign(made, { onload: done, onerror: failed }));
  const all = Promise.all([came(sheet), came(script)]);
  document.head.append(sheet, script);
  return all;
}

/** Where the view starts: the lots, or the one lot with the cities nearest to it, or the country. */
export function view(points, own, cities = CITIES) {
  if (own) {
    const far = ([, , latitude, longitude]) => Math.hypot(latitude - own[0], longitude - own[1]);
    const [, , latitude, longitude] = cities.reduce((a, b) => (far(b) < far(a) ? b : a));
    return [own, [latitude, longitude], ...points.map((point) => point.at)];
  }
  return points.length ? points.map((point) => point.at) : [[18, 75], [52, 132]];
}

/** The address of a page's list within a view, on its first page: degrees to about ten metres. */
export function within(href, { south, west, north, east }) {
  const clip = (degrees, most) => Math.max(-most, Math.min(most, degrees)).toFixed(4);
  const address = new URL(href);
  address.searchParams.delete("page");
  address.searchParams.set("box", [clip(south, 90), clip(west, 180), clip(north, 90), clip(east, 180)].join());
  return address;
}

/** What a mark shows: its lot's card on the list, where there is one. */
function card(point) {
  const listed = document.querySelector(`#found [data-auction="${point.id}"]`);
  if (!listed) return label(point);
  const shown = document.createElement("div");
  shown.className = "lot";
  shown.append(...listed.cloneNode(true).children);
  return shown;
}

/** The lots' marks; `show` puts those of other points in their place, and keeps those that stay. */
class Marks {
  constructor(L, map) {
    Object.assign(this, { L, map, shown: new Map() });
  }

  show(points) {
    const wanted = new Map(points.map((point) => [point.id, point]));
    for (const [id, mark] of this.shown) {
      if (wanted.has(id)) continue;
      mark.remove();
      this.shown.delete(id);
    }
    for (const [id, point] of wanted) {
      if (this.shown.has(id)) continue;
      const mark = this.L.circleMarker(point.at, { radius: 8, className: "place" }).addTo(this.map);
      this.shown.set(id, mark.bindPopup(() => card(point), { minWidth: 240, maxWidth: 260 }));
    }
  }

  /** Tell one lot's mark from the others, or none. */
  point(id) {
    for (const [each, mark] of this.shown) mark.getElement()?.classList.toggle("on", each === id);
  }
}

/** Keep the list to what the view shows, and show which mark is the card's under the pointer or with the focus. */
function follow(map, marks) {
  let round = 0;
  const list = () => document.getElementById("found");
  const moved = async () => {
    const now = (round += 1);
    await new Promise((done) => setTimeout(done, 250));
    if (now !== round) return;
    const bounds = map.getBounds();
    const edges = {
      south: bounds.getSouth(), west: bounds.getWest(), north: bounds.getNorth(), east: bounds.getEast(),
    };
    const address = within(location.href, edges);
    const answer = await fetch(address).catch(() => null);
    if (now !== round || !answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (now !== round) return;
    list().replaceWith(page.getElementById("found"));
    marks.show(read("points"));
    history.replaceState(null, "", address);
    document.getElementById("box").value = address.searchParams.get("box");
    document.getElementById("found-said").textContent = document.getElementById("h-list").textContent;
  };
  map.on("moveend", moved);
  for (const event of ["pointerover", "focusin"]) {
    document.addEventListener(event, ({ target }) => marks.point(target.closest?.("#found [data-auction]")?.dataset.auction));
  }
  document.getElementById("sketch-how").hidden = false;
}

function draw(L, box) {
  const points = read("points");
  const { near, own, title, box: edges, ...words } = read("sketch-of");
  box.hidden = false;
  const still = own ? { scrollWheelZoom: false, dragging: !matchMedia("(pointer: coarse)").matches } : {};
  const bounds = { minZoom: 3, maxZoom: 14, worldCopyJump: false };
  const map = L.map(box, { attributionControl: false, zoomControl: false, ...bounds, ...still });
  L.control.zoom({ position: "bottomright", zoomInTitle: words.in, zoomOutTitle: words.out }).addTo(map);
  map.on("popupopen", ({ popup }) => popup.getElement().querySelector("a[role]")?.setAttribute("aria-label", words.close));
  const line = { color: "currentColor", weight: 1, opacity: 0.25, interactive: false };
  for (const ends of graticule([-10, 60], [60, 150], 5)) L.polyline(ends, line).addTo(map);
  for (const [zh, en, latitude, longitude] of CITIES) {
    const dot = { radius: 2, color: "currentColor", opacity: 0.6, interactive: false };
    const name = { permanent: true, direction: "right", className: "city" };
    L.circleMarker([latitude, longitude], dot).addTo(map).bindTooltip(words.language === "en" ? en : zh, name);
  }
  if (near) L.circle([near[0], near[1]], { radius: near[2], color: "currentColor", weight: 1, interactive: false }).addTo(map);
  const marks = new Marks(L, map);
  marks.show(points);
  if (own) {
    const name = { permanent: true, direction: "top", className: "city own" };
    L.circleMarker(own, { radius: 9, className: "place own", interactive: false }).addTo(map).bindTooltip(title, name);
  }
  if (edges) map.fitBounds([edges.slice(0, 2), edges.slice(2)]);
  else map.fitBounds(L.latLngBounds(view(points, own)).pad(0.3), { maxZoom: 11 });
  if (document.getElementById("found")) follow(map, marks);
}

/** Draws at once where the page brings Leaflet; else fetches it when the box comes near the screen. */
function start(box) {
  if (!box.dataset.program) {
    addEventListener("load", () => window.L && draw(window.L, box));
    return;
  }
  const seen = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      seen.disconnect();
      fetched(box.dataset.style, box.dataset.program).then(() => draw(window.L, box), () => {});
    },
    { rootMargin: "600px" },
  );
  seen.observe(box.parentElement);
}

if (typeof document !== "undefined") {
  const box = document.getElementById("sketch");
  if (box) start(box);
}
