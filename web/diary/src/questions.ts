// The questions of an entry. Each shows an answer, and gives the one on the screen; undefined is not said.
import { button, el, unique } from "./dom";
import type { Medicine, Scale, Taken } from "./said";
import { counted, fill, type ScaleWords, type Words } from "./words";

export interface Question<T> {
  element: HTMLElement;
  get(): T | undefined;
  set(answer: T | undefined): void;
  /** Hidden where the question is not for this part of the day. */
  only?: string;
}

interface Choice {
  value: string;
  text: string;
  hint?: string;
}

/** One of a few, as a group of radio buttons in the shape of keys. Pressed again, or with Delete, a choice is taken back. */
export function choices(legend: string, own: Choice[], kind: string, changed: () => void, below: Node[] = []): Question<string> & { inputs: HTMLInputElement[] } {
  const name = unique();
  let current: string | undefined;
  const inputs: HTMLInputElement[] = [];
  const keys = own.map((choice) => {
    const id = unique();
    const input = el("input", { type: "radio", id, name, value: choice.value });
    inputs.push(input);
    const retract = (): void => {
      input.checked = false;
      current = undefined;
      changed();
    };
    input.addEventListener("click", () => {
      if (current === choice.value) retract();
    });
    input.addEventListener("keydown", (event) => {
      if ((event.key === "Delete" || event.key === "Backspace") && input.checked) retract();
    });
    input.addEventListener("change", () => {
      if (!input.checked) return;
      current = choice.value;
      changed();
    });
    return el("span", { class: "key" }, input, el("label", { for: id }, choice.text, ...(choice.hint ? [el("span", { class: "unseen" }, ` ${choice.hint}`)] : [])));
  });
  const element = el("fieldset", { class: `question ${kind}` }, el("legend", {}, legend), el("div", { class: "keys" }, ...keys), ...below);
  return {
    element,
    inputs,
    get: () => current,
    set(answer) {
      current = answer;
      for (const input of inputs) input.checked = input.value === answer;
    },
  };
}

/** A number of the scale: eleven keys, or one for each level. */
export function rating(scale: Scale, own: ScaleWords, changed: () => void): Question<number> {
  const numbers = scale.levels.length ? scale.levels : Array.from({ length: (scale.high ?? 0) - scale.low + 1 }, (_, i) => scale.low + i);
  const ends: Record<string, string | undefined> = { [String(scale.low)]: own.low, [String(scale.high)]: own.high };
  const keys = numbers.map((n) => ({
    value: String(n),
    text: own.levels?.[String(n)] ?? String(n),
    hint: own.hints?.[String(n)] ?? ends[String(n)],
  }));
  const below = own.low ? [el("div", { class: "ends", "aria-hidden": "true" }, el("span", {}, `${scale.low} ${own.low}`), el("span", {}, `${scale.high} ${own.high}`))] : [];
  const inner = choices(own.ask, keys, own.levels ? "levels" : "eleven", changed, below);
  return {
    element: inner.element,
    only: own.only,
    get: () => (inner.get() === undefined ? undefined : Number(inner.get())),
    set: (answer) => inner.set(answer === undefined ? undefined : String(answer)),
  };
}

const MOST = 999;

/** A count, with + and − and a key for none. Blank until something is pressed: not counted is not none. */
export function count(own: ScaleWords, words: Words, changed: () => void): Question<number> {
  let current: number | undefined;
  const seen = el("span", { "aria-hidden": "true" });
  const heard = el("span", { class: "unseen", "aria-live": "polite" });
  const show = (): void => {
    seen.textContent = current === undefined ? "–" : String(current);
    heard.textContent = current === undefined ? words.not_said : counted({ one: own.one!, other: own.other! }, current);
    less.setAttribute("aria-disabled", String(!current));
    none.setAttribute("aria-pressed", String(current === 0));
  };
  const to = (next: number | undefined): void => {
    current = next;
    show();
    changed();
  };
  const none = button(own.none!, "key-button none", () => to(current === 0 ? undefined : 0));
  const less = button("−", "key-button step", () => {
    if (current) to(current - 1);
  });
  less.setAttribute("aria-label", own.less!);
  const more = button("+", "key-button step", () => to(Math.min((current ?? 0) + 1, MOST)));
  more.setAttribute("aria-label", own.more!);
  show();
  return {
    element: el("fieldset", { class: "question counting" }, el("legend", {}, own.ask), el("div", { class: "counter" }, none, less, el("span", { class: "count" }, seen, heard), more)),
    only: own.only,
    get: () => current,
    set(answer) {
      current = answer;
      show();
    },
  };
}

/** What was taken. What is planned is not known here and never shown. */
export function dose(medicine: Medicine, words: Words, byPart: boolean, changed: () => void): Question<Taken> {
  const own = words.medicine;
  const id = unique();
  const amount = el("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", size: 6 });
  const line = el("p", { class: "amount" }, el("label", { for: id }, byPart ? own.amount_part : own.amount), el("span", {}, amount, ` ${words.units[medicine.unit] ?? medicine.unit}`));
  const keys = [
    ...(medicine.planned ? [{ value: "planned", text: own.planned }] : []),
    { value: "other", text: medicine.planned ? own.other : own.some },
    { value: "none", text: own.none },
  ];
  const show = (): void => {
    line.hidden = inner.get() !== "other";
  };
  const inner = choices(fill(own.ask, { name: medicine.name }), keys, "dose", () => {
    show();
    changed();
  }, [line]);
  amount.addEventListener("input", changed);
  show();
  return {
    element: inner.element,
    get() {
      const chosen = inner.get();
      if (chosen !== "other") return chosen as Taken | undefined;
      const said = amount.value.trim().replace(",", ".");
      const number = Number(said);
      return said && Number.isFinite(number) && number >= 0 ? number : "other";
    },
    set(answer) {
      const number = typeof answer === "number";
      inner.set(number ? "other" : answer);
      if (document.activeElement !== amount) amount.value = number ? String(answer) : "";
      show();
    },
  };
}

/** A few words of one's own. */
export function note(words: Words, most: number, changed: () => void): Question<string> {
  const id = unique();
  const area = el("textarea", { id, rows: 2, maxlength: most, autocomplete: "off", "aria-describedby": `${id}-hint` });
  area.addEventListener("input", changed);
  return {
    element: el("div", { class: "question" }, el("label", { for: id, class: "legend" }, words.note), el("span", { id: `${id}-hint`, class: "hint" }, words.note_hint), area),
    get: () => area.value.trim() || undefined,
    set(answer) {
      if (document.activeElement !== area || !answer) area.value = answer ?? "";
    },
  };
}
