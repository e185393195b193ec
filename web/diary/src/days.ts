// The person's own days: one picture and a list. It shows what was written and says nothing of it.
import { button, el, svg } from "./dom";
import { dateText, daysAgo, noonOf, shortDate } from "./dates";
import type { Config, Entry, Taken } from "./said";
import { isEmpty } from "./said";
import { fill, type Words } from "./words";

const SHOWN = 60;
const DRAWN = 28;
const DAY = 86_400_000;
const WIDTH = 340, LEFT = 26, RIGHT = 332, TALL = 62, LOW = 22, HEAD = 20, GAP = 10;

/** The entries that say something, the newest first. */
export function daysView(config: Config, entries: Entry[], words: Words, open: boolean, change: (ago: number, part: Entry["part"]) => void): HTMLElement {
  const said = entries.filter((e) => !isEmpty(e.said)).sort((a, b) => (a.day === b.day ? 0 : a.day < b.day ? 1 : -1));
  if (!said.length) return el("section", { class: "days", "aria-label": words.days }, el("p", {}, words.empty_days));
  const recent = [daysAgo(0), daysAgo(1)];
  const items = said.slice(0, SHOWN).map((entry) => {
    const title = entry.part ? `${dateText(entry.day, words)}, ${words.parts[entry.part].toLowerCase()}` : dateText(entry.day, words);
    const lines = summary(config, entry, words).map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)));
    const ago = recent.indexOf(entry.day);
    const again = ago < 0 || !open ? [] : [changeButton(title, () => change(ago, entry.part))];
    return el("li", {}, el("h2", {}, title), el("dl", {}, ...lines), ...(entry.said.note ? [el("p", { class: "note" }, entry.said.note)] : []), ...again);
  });
  function changeButton(title: string, press: () => void): HTMLElement {
    return button(fill(words.change, { date: title }), "quiet", press);
  }
  return el("section", { class: "days", "aria-label": words.days }, picture(config, said, words), el("ul", { class: "list" }, ...items));
}

function summary(config: Config, entry: Entry, words: Words): [string, string][] {
  const out: [string, string][] = [];
  for (const scale of config.scales) {
    const value = entry.said.scores[scale.scale];
    if (value === undefined) continue;
    const own = words.scales[scale.scale];
    out.push([own?.short ?? scale.title, own?.levels?.[String(value)] ?? String(value)]);
  }
  for (const medicine of config.medicines) {
    const taken = entry.said.doses[medicine.agent];
    if (taken !== undefined) out.push([medicine.name, takenText(taken, medicine.unit, medicine.planned, words)]);
  }
  return out;
}

function takenText(taken: Taken, unit: string, planned: boolean, words: Words): string {
  if (typeof taken === "number") return `${taken} ${words.units[unit] ?? unit}`;
  if (taken === "planned") return words.medicine.planned;
  if (taken === "none") return words.medicine.none;
  return planned ? words.medicine.other : words.medicine.some;
}

/** The last four weeks: a strip for each score, a row of marks for each medicine. */
function picture(config: Config, said: Entry[], words: Words): HTMLElement {
  const today = noonOf(daysAgo(0)).getTime();
  const place = (day: string): number => DRAWN - 1 - Math.round((today - noonOf(day).getTime()) / DAY);
  const x = (at: number): number => LEFT + ((RIGHT - LEFT) * (at + 0.5)) / DRAWN;
  const within = said.filter((e) => place(e.day) >= 0 && place(e.day) < DRAWN);
  const body: SVGElement[] = [];
  const says: string[] = [];
  let top = 4;
  for (const scale of config.scales) {
    const values = within.filter((e) => scale.scale in e.said.scores).map((e) => [place(e.day), e.said.scores[scale.scale]!] as const);
    const name: string = words.scales[scale.scale]?.short ?? scale.title;
    if (!values.length) continue;
    const most = scale.high ?? Math.max(4, ...values.map(([, v]) => v));
    const y = (value: number): number => top + HEAD + TALL - (TALL * (value - scale.low)) / (most - scale.low);
    body.push(svg("text", { x: LEFT, y: top + 13, class: "name" }, name));
    for (const mark of [scale.low, most]) {
      body.push(svg("line", { x1: LEFT, y1: y(mark), x2: RIGHT, y2: y(mark), class: "grid" }), svg("text", { x: LEFT - 5, y: y(mark) + 4, "text-anchor": "end" }, String(mark)));
    }
    for (const [at, value] of values) body.push(svg("circle", { cx: x(at), cy: y(value), r: 3.6, class: "dot" }));
    const numbers = values.map(([, v]) => v);
    says.push(fill(values.length === 1 ? words.chart_says.one : words.chart_says.other, { name, count: values.length, least: Math.min(...numbers), most: Math.max(...numbers) }));
    top += HEAD + TALL + GAP;
  }
  for (const medicine of config.medicines) {
    const taken = within.filter((e) => medicine.agent in e.said.doses);
    if (!taken.length) continue;
    body.push(svg("text", { x: LEFT, y: top + 13, class: "name" }, medicine.name));
    for (const e of taken) body.push(mark(e.said.doses[medicine.agent]!, x(place(e.day)), top + HEAD + LOW / 2));
    top += HEAD + LOW + GAP;
  }
  body.push(svg("line", { x1: LEFT, y1: top, x2: RIGHT, y2: top, class: "axis" }));
  for (const ago of [DRAWN - 1, 14, 0]) {
    const at = x(DRAWN - 1 - ago);
    const anchor = ago === 0 ? "end" : ago === DRAWN - 1 ? "start" : "middle";
    body.push(svg("text", { x: ago === 0 ? RIGHT : ago === DRAWN - 1 ? LEFT : at, y: top + 16, "text-anchor": anchor }, shortDate(daysAgo(ago), words)));
  }
  const drawn = svg("svg", { viewBox: `0 0 ${WIDTH} ${top + 24}`, role: "img", "aria-label": [words.chart, ...says].join(". ") }, ...body);
  const marks = config.medicines.some((m) => within.some((e) => m.agent in e.said.doses));
  return el("figure", {}, drawn, ...(marks ? [legend(words)] : []));
}

const mark = (taken: Taken, cx: number, cy: number): SVGElement =>
  taken === "none" || taken === 0
    ? svg("circle", { cx, cy, r: 3.4, class: "none" })
    : taken === "planned"
      ? svg("circle", { cx, cy, r: 4, class: "dot" })
      : svg("path", { d: `M${cx} ${cy - 5}l5 5l-5 5l-5 -5z`, class: "dot" });

function legend(words: Words): HTMLElement {
  const own = words.medicine;
  const one = (taken: Taken, text: string): HTMLElement => el("span", {}, svg("svg", { viewBox: "0 0 12 12", "aria-hidden": "true" }, mark(taken, 6, 6)), text);
  return el("figcaption", { class: "marks" }, one("planned", own.planned), one("other", own.other), one("none", own.none));
}
