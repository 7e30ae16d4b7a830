import assert from "node:assert/strict";
import { test } from "node:test";
import { graticule, label, view, within } from "../../../web/static/js/sketch.js";

const CITIES = [["甲", "A", 30, 110], ["乙", "B", 32, 119]];
const LOT = { title: "<b>房</b>", kind: "房产", href: "/auctions/1", at: [31, 118] };

test("a lot's own sketch holds the lot, the city nearest to it, and the lots around", () => {
  assert.deepEqual(view([LOT], [32.1, 118.5], CITIES), [[32.1, 118.5], [32, 119], [31, 118]]);
  assert.deepEqual(view([], [30.1, 111], CITIES), [[30.1, 111], [30, 110]]);
});

test("without a lot of its own the view is that of all lots, or of the country", () => {
  assert.deepEqual(view([LOT], undefined, CITIES), [[31, 118]]);
  assert.deepEqual(view([], undefined, CITIES), [[18, 75], [52, 132]]);
});

test("the grid runs through both corners", () => {
  assert.deepEqual(graticule([0, 10], [5, 15], 5), [
    [[0, 10], [0, 15]], [[5, 10], [5, 15]], [[0, 10], [5, 10]], [[0, 15], [5, 15]],
  ]);
});

test("the list of a view keeps what was looked for, and begins at its first page", () => {
  const edges = { south: 30.52341, west: 114.3, north: 30.8, east: 181 };
  const address = within("http://x.cn/map?court=3201&page=3&box=1,2,3,4", edges);
  assert.equal(address.searchParams.get("box"), "30.5234,114.3000,30.8000,180.0000");
  assert.deepEqual([address.searchParams.get("court"), address.searchParams.get("page")], ["3201", null]);
});

test("a title is text, never markup", () => {
  const made = (name) => ({ name, children: [], append(...all) { this.children.push(...all); } });
  const box = label(LOT, made);
  assert.equal(box.children[0].textContent, "<b>房</b>");
  assert.equal(box.children[2].textContent, "房产");
});
