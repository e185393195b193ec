// The form as one value: every named field with its texts. It lives in the page and nowhere else.

export type Filled = readonly (readonly [string, string])[];
const DRAWN = new Set(["right", "skipped"]); // set with what is drawn of them
const OWN = new Set(["seen", "file", "answer", "asked_field", "asked_name"]); // of one request, not of the person

export const form = document.querySelector<HTMLFormElement>("#ask")!;

/** Everything on the form that is of the person, skipped questions included, and the ticks after it. */
export function filled(): Filled {
  const all = [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !OWN.has(name)).map(([name, value]) => [name, String(value)] as const);
  return withTicks(all, all);
}

/** A state with the ticks of another. */
export function withTicks(state: Filled, other: Filled): Filled {
  return [...state.filter(([name]) => name !== "right"), ...other.filter(([name]) => name === "right")];
}

/** Puts a state back into the form, but for the ticks: these come with their lines, which are drawn again. */
export function fill(value: Filled): void {
  for (const control of form.elements) {
    if (isText(control) && !OWN.has(control.name) && !DRAWN.has(control.name)) {
      put(control, value.find(([name]) => name === control.name)?.[1] ?? "");
    }
  }
  skip(value.filter(([name]) => name === "skipped").map(([, text]) => text));
}

/** Sets the texts that the server gives. What it left as it was `sent` stays as it is now: somebody may have gone on typing. */
export function fillText(text: Record<string, string>, kept: string, skipped: string[], sent: Filled): void {
  for (const control of form.elements) {
    if (!isText(control) || !control.name || OWN.has(control.name) || DRAWN.has(control.name)) continue;
    const before = sent.find(([name]) => name === control.name)?.[1];
    const unsaid = control.name === "as_of" || control.name === "country" ? control.value : "";
    const now = control.name === "kept" ? kept : text[control.name] ?? unsaid;
    if (now !== before) put(control, now);
  }
  skip(skipped);
}

function isText(control: Element): control is HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement {
  return control instanceof HTMLTextAreaElement || control instanceof HTMLSelectElement || (control instanceof HTMLInputElement && !["checkbox", "file"].includes(control.type));
}

function put(control: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement, text: string): void {
  if (control instanceof HTMLSelectElement && ![...control.options].some((option) => option.value === text)) control.add(new Option(text, text));
  if (control.value !== text) control.value = text;
  if (control instanceof HTMLTextAreaElement) fit(control);
}

/** The questions that nobody can answer. */
function skip(needs: string[]): void {
  form.querySelectorAll("input[name=skipped]").forEach((one) => one.remove());
  for (const need of needs) {
    const one = document.createElement("input");
    Object.assign(one, { type: "hidden", name: "skipped", value: need });
    form.append(one);
  }
}

/** A text field as tall as its lines, up to fourteen. */
export function fit(area: HTMLTextAreaElement): void {
  const least = Number(area.dataset.rows ?? (area.dataset.rows = String(area.rows)));
  area.rows = Math.min(Math.max(least, area.value.split("\n").length + 1), 14);
}
