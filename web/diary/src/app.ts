// The diary on the phone: opens it by its link, keeps every touch, sends what waits whenever it can.
import { callView } from "./call";
import { daysAgo } from "./dates";
import { daysView } from "./days";
import { button, el } from "./dom";
import { type Form, form } from "./form";
import { type Ended, type Entry, isEmpty, nothing } from "./said";
import { entriesOf, lastOpened, type Opened, openStore, remove, type Store } from "./store";
import { EndedError, mine, sync, take } from "./sync";
import { counted, fill, type Words } from "./words";

type View = "write" | "days" | "call";
const SOON = 1200;
const AGAIN = 60_000;
const FADES = 8000;

const root = document.getElementById("app")!;
let words: Words;
let store: Store;

async function start(): Promise<void> {
  words = await (await fetch("/diary/words.json")).json();
  document.title = words.name;
  if ("serviceWorker" in navigator) void navigator.serviceWorker.register("/diary/sw.js").catch(() => undefined);
  try {
    store = await openStore();
  } catch {
    say(words.old_browser);
    return;
  }
  void navigator.storage?.persist?.().catch(() => false);
  window.addEventListener("hashchange", () => void open());
  await open();
}

/** The diary of the link, else the one that was open last. */
async function open(): Promise<void> {
  const code = decodeURIComponent(location.hash.slice(1));
  const known = (await store.getAll("diaries")).find((d) => d.code === code);
  if (!code || known) {
    const opened = known ?? (await lastOpened(store));
    if (code) forgetLink();
    if (!opened) say(words.open.text, words.open.heading);
    else await show(opened);
    return;
  }
  try {
    const { days, ...config } = await mine(code);
    const before = await store.get("diaries", config.diary);
    const device = before?.device ?? crypto.randomUUID();
    const opened: Opened = { diary: config.diary, code, config, device, opened: Date.now() };
    await store.put("diaries", opened);
    await take(store, config.diary, days);
    forgetLink();
    await show(opened);
  } catch (error) {
    if (error instanceof EndedError) say(`${words.ended[error.how]} ${words.ended.next}`, words.name);
    else say(words.open.text, words.open.heading, words.offline);
  }
}

/** The code is on the phone now; it need not stand where others can see it. */
const forgetLink = (): void => history.replaceState(null, "", location.pathname);

function say(text: string, heading: string = words.name, more = ""): void {
  root.replaceChildren(el("main", { class: "alone" }, el("h1", {}, heading), el("p", {}, text), ...(more ? [el("p", {}, more)] : [])));
}

let stop: (() => void) | undefined;

async function show(first: Opened): Promise<void> {
  stop?.();
  let opened: Opened = { ...first, opened: Date.now() };
  await store.put("diaries", opened);
  let view: View = "write";
  let timer: number | undefined;
  let busy: Promise<void> | undefined;
  let saving: Promise<void> = Promise.resolve();
  const status = el("p", { class: "status", role: "status" });
  const ended = el("div", { class: "ended", hidden: true });
  const main = el("main", { tabindex: -1 });
  const tabs = (["write", "days", "call"] as View[]).map((name) => {
    const tab = button(name === "call" ? words.help : words[name], `tab to-${name}`, () => void turn(name));
    return [name, tab] as const;
  });
  const written: Form = form(opened.config, words, {
    changed: () => void kept(),
    moved: () => void moved(),
    done: () => void done(),
    clear: () => {
      written.show(nothing());
      void kept().then(() => tell(words.cleared));
    },
  });
  const heading = el("h1", { class: "unseen" }, words.main);
  const label = el("p", { class: "label" }, opened.config.label ?? "");
  label.hidden = !opened.config.label;
  root.replaceChildren(el("header", {}, heading, label, el("nav", { "aria-label": words.main }, ...tabs.map(([, tab]) => tab))), ended, main, status);

  let fades: number | undefined;
  /** Says it below. What has been read goes after a while; what waits stays. */
  const tell = (text: string, stays = false): void => {
    clearTimeout(fades);
    status.textContent = text;
    if (!stays) fades = window.setTimeout(() => status.replaceChildren(), FADES);
  };
  const key = (): [string, string, string] => [opened.diary, written.day(), written.part()];

  /** How often a question was touched or another day chosen: what was read before the last time is not shown. */
  let touches = 0;

  /** Shows what is kept of the day. What is touched while it is read stands: it is kept too. */
  async function refresh(): Promise<void> {
    let before: number;
    let entry: Entry | undefined;
    do {
      before = touches;
      await saving;
      entry = await store.get("entries", key());
    } while (before !== touches);
    written.show(entry?.said ?? nothing());
  }

  /** Another day: what is on the screen is the last one's, and takes no answer until the new one's is shown. */
  async function moved(): Promise<void> {
    touches++;
    written.hold(true);
    await refresh();
    written.hold(false);
  }

  /** Keeps what is on the screen, one after the other. */
  function kept(): Promise<void> {
    touches++;
    const at = key();
    const said = written.said();
    saving = saving.then(async () => {
      const before = await store.get("entries", at);
      if (!before && isEmpty(said)) return;
      if (before && JSON.stringify(before.said) === JSON.stringify(said)) return;
      const time = Math.max(Date.now(), (before?.written ?? 0) + 1);
      const entry: Entry = { diary: at[0], day: at[1], part: at[2] as Entry["part"], written: time, said, unsent: true };
      await store.put("entries", entry);
      tell(words.saved);
    });
    clearTimeout(timer);
    timer = window.setTimeout(() => void send(), SOON);
    return saving;
  }

  function send(): Promise<void> {
    clearTimeout(timer);
    busy = (busy ?? Promise.resolve()).then(sent, sent);
    return busy;
  }

  async function sent(): Promise<void> {
    await saving;
    const waited = (await waiting()).length;
    let reached = false;
    try {
      await sync(store, opened);
      reached = true;
      opened = (await store.get("diaries", opened.diary)) ?? opened;
      await over(undefined);
    } catch (error) {
      if (error instanceof EndedError) {
        opened = { ...opened, ended: error.how };
        await store.put("diaries", opened);
        await over(error.how);
        return;
      }
    }
    await saving;
    const left = await waiting();
    const refused = left.find((e) => e.why);
    if (refused) tell(fill(words.undone, { why: refused.why! }), true);
    else if (left.length) tell(`${navigator.onLine ? "" : `${words.offline} `}${counted(words.waits, left.length)}`, true);
    else if (reached && waited) tell(words.sent);
    else if (!navigator.onLine) tell(words.offline, true);
    if (reached) await refresh();
    if (view === "days") main.firstElementChild?.replaceWith(await days());
  }

  const waiting = async (): Promise<Entry[]> => (await entriesOf(store, opened.diary)).filter((e) => e.unsent);

  async function done(): Promise<void> {
    await kept();
    await send();
    if (opened.ended) return;
    const left = (await waiting()).length;
    const wrote = await store.get("entries", key());
    if (left) tell(`${words.thanks} ${status.textContent ?? ""}`, true);
    else tell(wrote ? `${words.thanks} ${words.sent}` : words.thanks);
    await turn("days");
  }

  let said = "";
  /** Says that the link has ended, and what is kept. */
  async function over(how: Ended | undefined): Promise<void> {
    const left = how ? (await waiting()).length : 0;
    if (said === `${how} ${left}`) return;
    said = `${how} ${left}`;
    ended.hidden = !how;
    for (const [name, tab] of tabs) tab.hidden = Boolean(how) && name === "write";
    if (!how) {
      ended.replaceChildren();
      return;
    }
    const lines = [words.ended[how], ...(left ? [counted(words.ended.kept, left)] : []), words.ended.next];
    ended.replaceChildren(el("div", { role: "alert" }, ...lines.map((line) => el("p", {}, line))), removal(left));
    tell("");
    if (view === "write") await turn("days", false);
  }

  function removal(left: number): HTMLElement {
    const own = words.remove;
    const box = el("div", { class: "removal" });
    const asked = (): void => {
      const no = button(own.no, "main", first);
      box.replaceChildren(
        el("p", {}, left ? counted(own.unsent, left) : own.sure),
        no,
        button(own.yes, "quiet", async () => {
          await remove(store, opened.diary);
          stop?.();
          say(words.open.text, words.open.heading);
        }),
      );
      no.focus();
    };
    const first = (): void => box.replaceChildren(button(own.label, "quiet", asked));
    first();
    return box;
  }

  const days = async (): Promise<HTMLElement> =>
    daysView(opened.config, await entriesOf(store, opened.diary), words, opened.ended === undefined, (ago, part) => {
      written.go(ago, part);
      void turn("write");
    });

  async function turn(to: View, focus = true): Promise<void> {
    await saving;
    view = to;
    for (const [name, tab] of tabs) {
      if (name === to) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
    if (to === "write") main.replaceChildren(written.element);
    else if (to === "call") main.replaceChildren(callView(opened.config, words));
    else {
      main.replaceChildren(await days(), ...(opened.ended ? [] : [removal((await waiting()).length)]));
    }
    if (focus) {
      window.scrollTo(0, 0);
      main.focus({ preventScroll: true });
    }
  }

  let today = daysAgo(0);
  const seen = (): void => {
    if (document.visibilityState !== "visible") {
      void send();
      return;
    }
    if (today !== daysAgo(0)) {
      today = daysAgo(0);
      written.go(0);
    }
    void send();
  };
  const online = (): void => void send();
  const offline = (): void => tell(words.offline, true);
  const later = window.setInterval(() => void waiting().then((w) => (w.length ? send() : undefined)), AGAIN);
  document.addEventListener("visibilitychange", seen);
  window.addEventListener("online", online);
  window.addEventListener("offline", offline);
  stop = () => {
    clearTimeout(timer);
    clearTimeout(fades);
    clearInterval(later);
    document.removeEventListener("visibilitychange", seen);
    window.removeEventListener("online", online);
    window.removeEventListener("offline", offline);
    stop = undefined;
  };

  await turn("write", false);
  written.go(0);
  if (opened.ended) await over(opened.ended);
  void send();
}

void start().catch(() => root.replaceChildren(el("main", { class: "alone" }, el("p", { role: "alert" }, document.title))));
