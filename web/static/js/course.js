/** The chart of a room's prices with its extensions, and the same as rows; both go on as bids come in. */

import { fill } from "./room_view.js";
import { yuan } from "./words.js";

const HEIGHT = 220;
const ROWS = 100;
/** What the button shows of the end, seconds. */
const LAST = 600;

/**
 * What a chart draws: times in seconds, prices in yuan, own bids apart; and the spans of extensions, each from the bid
 * that moved the end to the next, the last to the end itself, up to which the chart then reaches.
 */
export function series(course, mine) {
  const seconds = (at) => Date.parse(at) / 1000;
  const times = course.bids.map(([at]) => seconds(at));
  const prices = course.bids.map(([, fen]) => fen / 100);
  const own = course.bids.map(([, fen, code]) => (mine !== "" && code === mine ? fen / 100 : null));
  const starts = course.extensions.map(([at]) => seconds(at));
  const end = starts.length ? seconds(course.extensions.at(-1)[2]) : null;
  if (end > times.at(-1)) {
    times.push(end);
    prices.push(null);
    own.push(null);
  }
  return { data: [times, prices, own], spans: starts.map((start, place) => [start, starts[place + 1] ?? end]) };
}

/** Put new events on a course, each once; an extension stands at the bid that moved the end. Answers what was new. */
export function withEvents(course, events) {
  const next = { ...course, bids: [...course.bids], extensions: [...course.extensions] };
  for (const event of [...events].sort((a, b) => a.version - b.version)) {
    const last = next.bids.at(-1);
    if (event.type === "bid" && !(last && event.received_at <= last[0] && event.amount_fen <= last[1])) {
      next.bids.push([event.received_at, event.amount_fen, event.bidder_code]);
    } else if (event.type === "extension" && next.extensions.at(-1)?.[2] !== event.closes_at) {
      const at = event.cause === "outage" || !last ? event.at : last[0];
      next.extensions.push([at, event.extensions ?? 0, event.closes_at]);
    }
  }
  const fresh = {
    bids: next.bids.slice(course.bids.length), extensions: next.extensions.slice(course.extensions.length),
  };
  return { course: next, fresh };
}

/**
 * The last `seconds` of a chart's bids, as its scale; the line comes in from before, and what is beyond the last bid (up
 * to the end of an extension) stays in view.
 */
export function latest([times, prices], seconds) {
  const last = times[prices.findLastIndex((price) => price !== null)];
  return { min: Math.max(last - seconds, times[0]), max: times.at(-1) };
}

/** All of a chart's times, as its scale. */
const whole = ([times]) => ({ min: times[0], max: times.at(-1) });

/** The chart in one sentence, for who cannot see it. */
export function said(course, words) {
  if (!course.bids.length) return words.none;
  const numbered = course.extensions.filter(([, number]) => number).length;
  return fill(words.summary, {
    n: course.bids.length, first: yuan(course.bids[0][1]), last: yuan(course.bids.at(-1)[1]), extensions: numbered,
  });
}

function line(ctx, from, to) {
  ctx.beginPath();
  ctx.moveTo(...from);
  ctx.lineTo(...to);
  ctx.stroke();
}

export class CourseView {
  constructor(words, mine, clockText) {
    Object.assign(this, { words, mine, clockText });
    this.box = document.getElementById("course");
    this.course = JSON.parse(document.getElementById("course-data").textContent);
    // The library that draws is fetched once the chart comes into view: the room bids without it.
    new IntersectionObserver((seen, watching) => {
      if (!seen.some((one) => one.isIntersecting)) return;
      watching.disconnect();
      this.#fetch();
    }, { threshold: 0.5 }).observe(this.box);
    new ResizeObserver(() => this.plot?.setSize({ width: this.box.clientWidth, height: HEIGHT })).observe(this.box);
    document.getElementById("course-last").addEventListener("click", () => this.#zoom((data) => latest(data, LAST)));
    document.getElementById("course-all").addEventListener("click", () => this.#zoom(whole));
    this.#show();
  }

  #fetch() {
    const { script, style } = this.box.dataset;
    const sheet = Object.assign(document.createElement("link"), { rel: "stylesheet", href: style });
    const drawing = Object.assign(document.createElement("script"), { src: script });
    drawing.addEventListener("load", () => this.#show());
    document.head.append(sheet, drawing);
  }

  /** Show a part of the course, or the whole of it again; nothing before it is drawn. */
  #zoom(part) {
    if (this.plot) this.plot.setScale("x", part(this.plot.data));
  }

  /** Whether the whole course is shown. */
  #whole(plot) {
    const { min, max } = plot.scales.x;
    const times = plot.data[0];
    return min <= times[0] && max >= times.at(-1);
  }

  /** New events of the room. */
  take(events) {
    const next = withEvents(this.course, events);
    if (!next.fresh.bids.length && !next.fresh.extensions.length) return;
    this.course = next.course;
    this.#rows(next.fresh);
    this.#show();
  }

  #rows({ bids, extensions }) {
    const body = document.getElementById("course-rows");
    const numbers = new Map(extensions.map(([at, number]) => [at, number]));
    for (const [at, fen, code] of bids) {
      const row = body.insertRow(0);
      if (this.mine !== "" && code === this.mine) row.className = "me";
      const number = numbers.get(at);
      const texts = [this.clockText(at), code, yuan(fen), number ? fill(this.words.extension, { n: number }) : ""];
      for (const text of texts) row.insertCell().textContent = text;
      row.cells[2].className = "r";
    }
    [...body.rows].slice(ROWS).forEach((row) => row.remove());
    const list = document.getElementById("extension-list");
    for (const [at, number, closes] of extensions) {
      const line = document.createElement("li");
      line.className = "row b";
      const [what, until] = [document.createElement("span"), document.createElement("span")];
      const name = number ? fill(this.words.extension, { n: number }) : this.words.contest;
      what.textContent = `${name}·${this.clockText(at)}`;
      until.textContent = fill(this.words.until, { time: this.clockText(closes) });
      line.append(what, until);
      list.prepend(line);
      if (number) document.getElementById("extension-count").textContent = number;
    }
  }

  #show() {
    document.getElementById("course-said").textContent = said(this.course, this.words);
    if (this.course.bids.length < 2) return;
    this.box.hidden = false; // also before it can be drawn: nothing moves when it is
    document.getElementById("course-zoom").hidden = false;
    if (!globalThis.uPlot) return;
    const { data, spans } = series(this.course, this.mine);
    this.spans = spans;
    if (this.plot) {
      const whole = this.zoomed !== true;
      this.plot.setData(data, whole);
      if (!whole) this.plot.redraw();
    } else this.plot = new globalThis.uPlot(this.#options(), data, this.box);
  }

  #options() {
    const { uPlot } = globalThis;
    const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
    const axis = { stroke: colour("--ink2"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    const extended = (plot) => {
      const { ctx, bbox } = plot;
      const at = (time) => Math.min(Math.max(plot.valToPos(time, "x", true), bbox.left), bbox.left + bbox.width);
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colour("--amb");
      ctx.setLineDash([4, 4]);
      this.spans.forEach(([start, end], place) => {
        const [x, until] = [at(start), at(end)];
        ctx.globalAlpha = place % 2 ? 0.22 : 0.12;
        ctx.fillRect(x, bbox.top, until - x, bbox.height);
        ctx.globalAlpha = 1;
        if (x <= bbox.left) return;
        line(ctx, [Math.round(x) + 0.5, bbox.top], [Math.round(x) + 0.5, bbox.top + bbox.height]);
      });
      ctx.restore();
    };
    const reference = this.course.reference && this.course.reference / 100;
    const referred = (plot) => {
      if (!reference) return;
      const { ctx, bbox } = plot;
      const y = Math.round(plot.valToPos(reference, "y", true)) + 0.5;
      ctx.save();
      ctx.strokeStyle = ctx.fillStyle = colour("--ink2");
      ctx.setLineDash([2, 4]);
      line(ctx, [bbox.left, y], [bbox.left + bbox.width, y]);
      ctx.textAlign = "left";
      ctx.textBaseline = "alphabetic";
      ctx.font = `${12 * devicePixelRatio}px sans-serif`;
      ctx.fillText(`${this.words.reference} ${yuan(this.course.reference)}`, bbox.left + 6, y + 14 * devicePixelRatio);
      ctx.restore();
    };
    // both the line of the reference price and what is written under it have their room
    const reach = (plot, least, most) => {
      const [low, high] = reference ? [Math.min(least, reference), Math.max(most, reference)] : [least, most];
      return uPlot.rangeNum(low, high, 0.1, true);
    };
    return {
      width: this.box.clientWidth,
      height: HEIGHT,
      legend: { show: false },
      cursor: { x: false, y: false, points: { show: false }, drag: { x: true, y: false, setScale: true, dist: 8 } },
      padding: [12, 28, 0, 0], // fixed, or a longer label would push the plot
      tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Asia/Shanghai"),
      scales: { y: { range: reach } },
      axes: [
        { ...axis, values: (plot, ticks) => {
          const shown = ticks[1] - ticks[0] < 60 ? 8 : 5;
          return ticks.map((tick) => this.clockText(tick * 1000).slice(0, shown));
        } },
        { ...axis, size: 84, values: (plot, ticks) => ticks.map((tick) => yuan(Math.round(tick * 100))) },
      ],
      series: [
        {},
        { stroke: colour("--acc"), width: 2, paths: uPlot.paths.stepped({ align: 1 }), points: { show: false } },
        {
          stroke: colour("--acc"), width: 0, paths: () => null,
          points: { show: true, size: 7, width: 2, fill: colour("--card") },
        },
      ],
      hooks: {
        drawClear: [extended],
        draw: [referred],
        setScale: [(plot, scale) => {
          if (scale !== "x" || !plot.data?.[0]?.length) return;
          this.zoomed = !this.#whole(plot);
          document.getElementById("course-all").setAttribute("aria-disabled", String(!this.zoomed));
        }],
      },
    };
  }
}
