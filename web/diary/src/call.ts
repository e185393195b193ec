// When to call, and whom: the signs that the team's knowledge gives for the medicines of the diary.
import { el } from "./dom";
import type { Config } from "./said";
import { fill, type Words } from "./words";

const NUMBER = /\+?\d[\d ()/-]{4,}\d/;

export function callView(config: Config, words: Words): HTMLElement {
  const own = words.call;
  const list = (heading: string, lead: string, signs: string[], kind: string): HTMLElement[] =>
    signs.length ? [el("section", { class: kind }, el("h3", {}, heading), el("p", {}, lead), el("ul", {}, ...signs.map((s) => el("li", {}, s))))] : [];
  return el(
    "section",
    { class: "call", "aria-label": own.heading },
    el("p", { class: "unread" }, own.unread),
    el("h2", {}, own.who),
    el("p", { class: "who" }, config.call ?? own.nobody),
    ...dial(config.call, own),
    ...list(own.now, own.now_lead, config.now, "emergency"),
    ...list(own.team, own.team_lead, config.team, "team"),
    el("p", {}, own.unsure),
  );
}

/** A key that calls the number in the words of the clinic. */
function dial(text: string | null, own: Words): HTMLElement[] {
  const found = text && NUMBER.exec(text);
  if (!found) return [];
  const dialled = found[0].replace(/[^\d+]/g, "");
  return [el("a", { href: `tel:${dialled}`, class: "number" }, fill(own.dial, { number: found[0] }))];
}
