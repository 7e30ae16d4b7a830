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

function draw(L, box) {
  const points = read("points");
  const { language, near } = read("sketch-of");
  box.hidden = false;
  const map = L.map(box, { attributionControl: false, minZoom: 3, maxZoom: 14, worldCopyJump: false });
  const line = { color: "currentColor", weight: 1, opacity: 0.25, interactive: false };
  for (const ends of graticule([-10, 60], [60, 150], 5)) L.polyline(ends, line).addTo(map);
  for (const [zh, en, latitude, longitude] of CITIES) {
    const dot = { radius: 2, color: "currentColor", opacity: 0.6, interactive: false };
    const name = { permanent: true, direction: "right", className: "city" };
    L.circleMarker([latitude, longitude], dot).addTo(map).bindTooltip(language === "en" ? en : zh, name);
  }
  if (near) L.circle([near[0], near[1]], { radius: near[2], color: "currentColor", weight: 1, interactive: false }).addTo(map);
  const shown = points.map((point) =>
    L.circleMarker(point.at, { radius: 8, className: "place" }).addTo(map).bindPopup(label(point)),
  );
  if (shown.length) map.fitBounds(L.featureGroup(shown).getBounds().pad(0.3), { maxZoom: 9 });
  else map.fitBounds([[18, 75], [52, 132]]);
}

if (typeof document !== "undefined") {
  const box = document.getElementById("sketch");
  if (box) addEventListener("load", () => window.L && draw(window.L, box));
}
