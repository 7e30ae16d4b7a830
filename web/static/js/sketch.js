/** Draws where lots lie: meridians and parallels, some cities by name, the lots. Nothing is asked of any other site. */

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

function draw(L, box) {
  const points = read("points");
  const { language, near, own, title } = read("sketch-of");
  box.hidden = false;
  const still = own ? { scrollWheelZoom: false, dragging: !matchMedia("(pointer: coarse)").matches } : {};
  const map = L.map(box, { attributionControl: false, minZoom: 3, maxZoom: 14, worldCopyJump: false, ...still });
  const line = { color: "currentColor", weight: 1, opacity: 0.25, interactive: false };
  for (const ends of graticule([-10, 60], [60, 150], 5)) L.polyline(ends, line).addTo(map);
  for (const [zh, en, latitude, longitude] of CITIES) {
    const dot = { radius: 2, color: "currentColor", opacity: 0.6, interactive: false };
    const name = { permanent: true, direction: "right", className: "city" };
    L.circleMarker([latitude, longitude], dot).addTo(map).bindTooltip(language === "en" ? en : zh, name);
  }
  if (near) L.circle([near[0], near[1]], { radius: near[2], color: "currentColor", weight: 1, interactive: false }).addTo(map);
  for (const point of points) L.circleMarker(point.at, { radius: 8, className: "place" }).addTo(map).bindPopup(label(point));
  if (own) {
    const name = { permanent: true, direction: "top", className: "city own" };
    L.circleMarker(own, { radius: 9, className: "place own", interactive: false }).addTo(map).bindTooltip(title, name);
  }
  map.fitBounds(L.latLngBounds(view(points, own)).pad(0.3), { maxZoom: 11 });
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
