// The screen on which an entry is written: today or yesterday, all questions at once, kept at every touch.
import { button, el } from "./dom";
import { dateText, daysAgo, PARTS, partNow } from "./dates";
import { choices, count, dose, note, type Question, rating } from "./questions";
import type { Config, Part, Said, Taken } from "./said";
import { nothing } from "./said";
import type { ScaleWords, Words } from "./words";

const MOST_NOTE = 500;
const FIRST = ["spasm-count", "spasticity-nrs", "penn-spasm-frequency"];
const LAST = ["sleep-disruption", "drowsiness", "falls"];

export interface Form {
  element: HTMLElement;
  day(): string;
  part(): Part | "";
  said(): Said;
  /** Goes to a day, as after midnight or from the list. */
  go(ago: number, part?: Part | ""): void;
  show(said: Said): void;
  /** Whether the questions take no answer. */
  hold(held: boolean): void;
  /** The names of the days, which change at midnight. */
  name(): void;
}

export interface Does {
  changed(): void;
  moved(): void;
  done(): void;
  clear(): void;
}

export function form(config: Config, words: Words, does: Does): Form {
  const scales = new Map<string, Question<number>>();
  const doses = new Map<string, Question<Taken>>();
  const all: Question<unknown>[] = [];
  const ask = (name: string): void => {
    const scale = config.scales.find((s) => s.scale === name);
    if (!scale || scales.has(name)) return;
    const own: ScaleWords = words.scales[name] ?? { ask: scale.title, short: scale.title };
    const question = scale.high === null ? count(own, words, does.changed) : rating(scale, own, does.changed);
    scales.set(name, question);
    all.push(question as Question<unknown>);
  };
  FIRST.forEach(ask);
  for (const medicine of config.medicines) {
    const question = dose(medicine, words, config.by_part, does.changed);
    doses.set(medicine.agent, question);
    all.push(question as Question<unknown>);
  }
  LAST.forEach(ask);
  config.scales.forEach((s) => ask(s.scale));
  const wrote = note(words, MOST_NOTE, does.changed);
  all.push(wrote as Question<unknown>);

  const days = choices(words.which_day, [{ value: "0", text: words.today }, { value: "1", text: words.yesterday }], "which", () => {
    if (days.get() === undefined) days.set("0");
    moved();
  });
  const parts = choices(words.which_part, PARTS.map((p) => ({ value: p, text: words.parts[p] })), "which parts", () => {
    if (parts.get() === undefined) parts.set(partNow());
    moved();
  });
  parts.element.hidden = !config.by_part;
  const date = el("p", { class: "date" });
  const questions = el("div", { class: "questions" }, ...all.map((q) => q.element));
  const own: Form = {
    element: el(
      "section",
      { class: "write", "aria-label": words.write },
      el("div", { class: "when" }, days.element, parts.element, date),
      questions,
      el("p", { class: "leave-out" }, words.leave_out),
      button(words.clear, "quiet", does.clear),
      el("div", { class: "finish" }, button(words.done, "main", does.done)),
    ),
    day: () => daysAgo(Number(days.get() ?? 0)),
    part: () => (config.by_part ? ((parts.get() ?? partNow()) as Part) : ""),
    said() {
      const said = nothing();
      for (const [name, question] of scales) {
        const answer = question.get();
        if (answer !== undefined) said.scores[name] = answer;
      }
      for (const [agent, question] of doses) {
        const answer = question.get();
        if (answer !== undefined) said.doses[agent] = answer;
      }
      said.note = wrote.get() ?? "";
      return said;
    },
    go(ago, part) {
      days.set(String(ago));
      parts.set(part || partNow());
      moved();
    },
    show(said) {
      for (const [name, question] of scales) question.set(said.scores[name]);
      for (const [agent, question] of doses) question.set(said.doses[agent]);
      wrote.set(said.note || undefined);
    },
    hold(held) {
      questions.inert = held;
    },
    name() {
      date.textContent = dateText(own.day(), words);
    },
  };
  function moved(): void {
    own.name();
    const part = own.part();
    for (const question of all) question.element.hidden = Boolean(part && question.only && question.only !== part);
    does.moved();
  }
  days.set("0");
  parts.set(partNow());
  return own;
}
