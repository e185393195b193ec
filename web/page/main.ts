// What the review page does beyond a plain form: it reviews again with every change, undoes, opens and saves files, and knows shortcuts.
// Nothing of a person is stored: the state is the form's own, and it goes with the page.

import { fill, fillText, filled, fit, form, withTicks, type Filled } from "./form";
import { amend, back, canRedo, canUndo, forth, remember } from "./history";
import { listen } from "./keys";
import { swap } from "./swap";

interface Answer {
  status: "reviewed" | "refused" | "empty";
  fields: { text: Record<string, string>; kept: string; skipped: string[] } | null;
  refused: { field: string } | null;
  html: Partial<Record<"question" | "read" | "changes" | "refused" | "review", string>>;
}

const PAUSE = 450; // milliseconds without a key, after which what was typed is reviewed
const get = <T extends HTMLElement>(id: string) => document.getElementById(id) as T;
const said = get("changes");
let waiting: number | undefined;
let asking: AbortController | undefined;
let reviewed: Filled | undefined; // the state whose review is shown
let putBack: Filled | undefined; // a state that was put back and whose lines, with their ticks, are not drawn yet

/** Says a sentence in the one live region. */
function say(text: string): void {
  const line = said.querySelector("p.said");
  if (line) line.textContent = text;
  delete said.dataset.drawn; // what is drawn next replaces it, even where that was drawn before
}

const current = (): Filled => (putBack ? withTicks(filled(), putBack) : filled());

/** Sends the form, or a file in its place, and draws what comes back. `extra` is what is to be done with it. */
async function review(extra: Record<string, string> = {}, file?: Blob, prefix = ""): Promise<void> {
  window.clearTimeout(waiting);
  asking?.abort();
  const own = (asking = new AbortController());
  const sent = current();
  const quiet = !file && !prefix && !Object.keys(extra).length && sameButTicks(sent, reviewed); // a tick changes no finding
  const body = file ?? new URLSearchParams([...sent, ["seen", seen()], ...Object.entries(extra)].map(([a, b]) => [a!, b!]));
  document.body.setAttribute("aria-busy", "true");
  try {
    const headers: Record<string, string> = file ? { "content-type": "application/octet-stream" } : {};
    const response = await fetch("/api/review", { method: "POST", body, headers, signal: own.signal });
    if (response.status === 401) return say(form.dataset.ended!); // the answer is bare
    const answer: unknown = await response.json();
    if (isAnswer(answer)) draw(answer, sent, prefix, quiet);
    else say((answer as { title?: string }).title ?? form.dataset.failed!);
  } catch {
    if (own.signal.aborted) return;
    say(form.dataset.failed!);
  } finally {
    if (own === asking) document.body.removeAttribute("aria-busy");
  }
}

function isAnswer(answer: unknown): answer is Answer {
  return typeof answer === "object" && answer !== null && "html" in answer;
}

const seen = () => document.querySelector<HTMLInputElement>("input[name=seen]")?.value ?? "";

function draw(answer: Answer, sent: Filled, prefix: string, quiet: boolean): void {
  if (answer.fields) fillText(answer.fields.text, answer.fields.kept, answer.fields.skipped, sent);
  for (const [part, html] of Object.entries(answer.html)) if (!quiet || part === "read") swap(part, html);
  if ("read" in answer.html) putBack = undefined;
  if (answer.fields) note();
  else amend(sent, withTicks(sent, current()));
  reviewed = !("review" in answer.html) ? undefined : answer.fields ? current() : sent;
  wrong(answer);
  if (prefix) say(`${prefix} ${said.querySelector("p.said")?.textContent ?? ""}`);
  const title = document.querySelector("#review h1")?.textContent;
  if (title) document.title = title;
  buttons();
}

function sameButTicks(one: Filled, other: Filled | undefined): boolean {
  return !!other && JSON.stringify(withTicks(one, [])) === JSON.stringify(withTicks(other, [])) && JSON.stringify(one) !== JSON.stringify(other);
}

/** What is wrong, at its field as well. */
function wrong(answer: Answer): void {
  form.querySelectorAll<HTMLElement>("p.wrong").forEach((one) => {
    one.hidden = true;
    one.textContent = "";
  });
  form.querySelectorAll("[aria-invalid]").forEach((one) => one.removeAttribute("aria-invalid"));
  const field = answer.refused?.field;
  const place = field && document.getElementById(`wrong-${field}`);
  if (!place) return;
  place.hidden = false;
  place.textContent = get("refused").querySelector(".what")?.textContent ?? "";
  const control = document.getElementById(`ask-${field}`);
  control?.setAttribute("aria-invalid", "true");
  control?.closest("details")?.setAttribute("open", "");
}

/** Remembers the form as it is now. */
function note(): boolean {
  const changed = remember(current());
  buttons();
  return changed;
}

function buttons(): void {
  get<HTMLButtonElement>("undo").disabled = !canUndo();
  get<HTMLButtonElement>("redo").disabled = !canRedo();
}

/** Reviews what was changed, if anything was. */
function changed(): void {
  window.clearTimeout(waiting);
  if (note()) void review();
}

function goTo(state: ReturnType<typeof back>, word: string): void {
  if (!state) return;
  fill((putBack = state));
  buttons();
  void review({}, undefined, word);
}

const undo = () => {
  note(); // what was typed a moment ago is a state of its own
  goTo(back(), form.dataset.undone!);
};
const redo = () => goTo(forth(), form.dataset.redone!);

async function open(file: File): Promise<void> {
  note();
  await review({}, file, form.dataset.opened!);
  get<HTMLInputElement>("ask-file").value = "";
}

/** Gets a file by the form and hands it to the browser; what keeps it from being made is said on the page. */
async function save(button: HTMLButtonElement): Promise<void> {
  try {
    const response = await fetch(button.formAction, { method: "POST", body: new URLSearchParams(filled().map(([a, b]) => [a, b])) });
    if (response.status === 401) return say(form.dataset.ended!);
    if (!response.ok) {
      say(`${button.textContent}: ${((await response.json()) as { title: string }).title}`);
      return;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(await response.blob());
    link.download = /filename="([^"]+)"/.exec(response.headers.get("content-disposition") ?? "")?.[1] ?? "review";
    link.click();
    URL.revokeObjectURL(link.href);
    say(form.dataset.saved!);
  } catch {
    say(form.dataset.failed!);
  }
}

form.addEventListener("input", (event) => {
  if (event.target instanceof HTMLTextAreaElement) fit(event.target);
  const name = (event.target as HTMLInputElement).name;
  if (name === "answer" || name === "file") return;
  window.clearTimeout(waiting);
  waiting = window.setTimeout(changed, PAUSE);
});
form.addEventListener("change", (event) => {
  const control = event.target as HTMLInputElement;
  if (control.name === "file") {
    const file = control.files?.[0];
    if (file) void open(file);
  } else if (control.name !== "answer") changed();
});

document.addEventListener("submit", (event) => {
  if (event.target !== form) return;
  event.preventDefault();
  const button = event.submitter as HTMLButtonElement | null;
  if (button?.classList.contains("file")) return void save(button);
  note();
  const asked = Object.fromEntries(["asked_field", "asked_name", "answer"].map((name) => [name, String(new FormData(form).get(name) ?? "")]));
  const answer = document.getElementById("ask-answer") as HTMLInputElement | null;
  if (button?.name === "skip" || button?.name === "choose") void review({ [button.name]: button.value });
  else void review(answer?.value && (button?.id === "answer" || document.activeElement === answer) ? asked : {});
});
// Enter in the answer's own line answers it; the browser would press the form's first button.
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target instanceof HTMLInputElement && event.target.id === "ask-answer") {
    event.preventDefault();
    get<HTMLButtonElement>("answer").click();
  }
});

const dropping = get("dropping");
const holdsFile = (event: DragEvent) => event.dataTransfer?.types.includes("Files");
document.addEventListener("dragover", (event) => {
  if (!holdsFile(event)) return;
  event.preventDefault();
  dropping.hidden = false;
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) dropping.hidden = true;
});
document.addEventListener("drop", (event) => {
  dropping.hidden = true;
  const file = event.dataTransfer?.files[0];
  if (!file) return;
  event.preventDefault();
  void open(file);
});

get("undo").addEventListener("click", undo);
get("redo").addEventListener("click", redo);
get("open").addEventListener("click", () => get("ask-file").click());
get("clear").addEventListener("click", (event) => {
  event.preventDefault(); // all of it goes, and comes back with undo
  note();
  fillText({}, "", [], []);
  changed();
  get("ask-medicines").focus();
});
get("print").addEventListener("click", () => window.print());
listen({ review: () => void (note(), review()), undo, redo });

document.querySelectorAll<HTMLElement>(".scripted").forEach((one) => {
  if (one !== dropping) one.hidden = false;
});
const today = form.querySelector<HTMLInputElement>("input[data-today]");
if (today) {
  const now = new Date(); // the caller's own day, not the server's
  today.value = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, "0")).join("-");
}
form.querySelectorAll("textarea").forEach(fit);
if (matchMedia("(max-width: 60rem)").matches) {
  // where the review comes after the form, what is empty is folded
  for (const fold of form.querySelectorAll<HTMLDetailsElement>("details.fold")) {
    fold.open = [...fold.querySelectorAll<HTMLInputElement>("input, textarea, select")].some((one) => one.value !== "");
  }
}
note();
