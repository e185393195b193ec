// What is kept on the phone: the diaries that were opened on it, and their entries. Nothing leaves it but through sync.ts.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Config, Ended, Entry } from "./said";

/** A diary of this phone; `code` opens it at the server. */
export interface Opened {
  diary: string;
  code: string;
  config: Config;
  device: string;
  opened: number;
  ended?: Ended;
}

interface Kept extends DBSchema {
  diaries: { key: string; value: Opened };
  entries: { key: [string, string, string]; value: Entry; indexes: { diary: string } };
}

export type Store = IDBPDatabase<Kept>;

export const openStore = (): Promise<Store> =>
  openDB<Kept>("relaxant-diary", 1, {
    upgrade(db) {
      db.createObjectStore("diaries", { keyPath: "diary" });
      db.createObjectStore("entries", { keyPath: ["diary", "day", "part"] }).createIndex("diary", "diary");
    },
  });

export const entriesOf = (store: Store, diary: string): Promise<Entry[]> => store.getAllFromIndex("entries", "diary", diary);

export async function lastOpened(store: Store): Promise<Opened | undefined> {
  const all = await store.getAll("diaries");
  return all.sort((a, b) => b.opened - a.opened)[0];
}

/** Forgets a diary with its entries. */
export async function remove(store: Store, diary: string): Promise<void> {
  const change = store.transaction(["diaries", "entries"], "readwrite");
  await change.objectStore("diaries").delete(diary);
  const entries = change.objectStore("entries");
  for (const key of await entries.index("diary").getAllKeys(diary)) await entries.delete(key);
  await change.done;
}
