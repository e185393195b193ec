// Between the phone and the server: what waits is sent, what others wrote is taken over. Nothing that was not acknowledged is forgotten.
import type { Config, Ended, Entry, ServerEntry } from "./said";
import { whole } from "./said";
import { entriesOf, type Opened, type Store } from "./store";

interface Answer {
  day: string;
  part: string | null;
  written: number;
  outcome: "kept" | "same" | "older" | "refused";
  why: string | null;
}

/** The link does not open anything any more. */
export class EndedError extends Error {
  constructor(readonly how: Ended) {
    super(how);
  }
}

const AT_ONCE = 200;

async function ask<T>(path: string, code: string, body?: unknown): Promise<T> {
  const answer = await fetch(path, {
    method: body === undefined ? "GET" : "POST",
    headers: { authorization: `Diary ${code}`, accept: "application/json", ...(body === undefined ? {} : { "content-type": "application/json" }) },
    body: body === undefined ? undefined : JSON.stringify(body),
    cache: "no-store",
    credentials: "omit",
  });
  if (answer.status === 404 || answer.status === 410) {
    const how = (await answer.json().catch(() => ({}))).field;
    if (how === "expired" || how === "revoked" || how === "unknown") throw new EndedError(how);
  }
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

/** The diary of a code, with what is written in it. */
export const mine = (code: string): Promise<Config & { days: ServerEntry[] }> => ask("/diary/mine", code);

/** Sends what waits and takes over what stands. Throws where the server cannot be reached, and EndedError where the link has ended. */
export async function sync(store: Store, opened: Opened): Promise<void> {
  let waiting = (await entriesOf(store, opened.diary)).filter((e) => e.unsent && !e.why);
  while (waiting.length) {
    const now = waiting.slice(0, AT_ONCE);
    waiting = waiting.slice(AT_ONCE);
    const entries = now.map((e) => ({ day: e.day, part: e.part || null, written: e.written, device: opened.device, said: e.said }));
    const { answers } = await ask<{ answers: Answer[] }>("/diary/entries", opened.code, { entries });
    for (const answer of answers) await settle(store, opened.diary, answer);
  }
  const { days, ...config } = await mine(opened.code);
  await take(store, opened.diary, days);
  const latest = (await store.get("diaries", opened.diary)) ?? opened;
  await store.put("diaries", { ...latest, config, ended: undefined });
}

/** What the server said of one entry; one that was changed meanwhile goes on waiting. */
async function settle(store: Store, diary: string, answer: Answer): Promise<void> {
  const change = store.transaction("entries", "readwrite");
  const entry = await change.store.get([diary, answer.day, answer.part ?? ""]);
  if (entry && entry.written === answer.written) {
    await change.store.put(answer.outcome === "refused" ? { ...entry, why: answer.why ?? "" } : { ...entry, unsent: false });
  }
  await change.done;
}

/** The server's entries in place of those that were sent; what waits stays. */
export async function take(store: Store, diary: string, days: ServerEntry[]): Promise<void> {
  const change = store.transaction("entries", "readwrite");
  const theirs = new Map(days.map((e) => [`${e.day} ${e.part ?? ""}`, e]));
  for (const entry of (await change.store.index("diary").getAll(diary)) as Entry[]) {
    const key = `${entry.day} ${entry.part}`;
    if (entry.unsent) theirs.delete(key);
    else if (!theirs.has(key)) await change.store.delete([diary, entry.day, entry.part]);
  }
  for (const e of theirs.values()) {
    await change.store.put({ diary, day: e.day, part: e.part ?? "", written: e.written, said: whole(e.said), unsent: false });
  }
  await change.done;
}
