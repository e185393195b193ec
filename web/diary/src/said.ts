// What an entry says, as the server reads it, and what a diary asks.

export type Part = "morning" | "noon" | "evening" | "night";
export type Taken = "planned" | "other" | "none" | number;

export interface Said {
  scores: Record<string, number>;
  doses: Record<string, Taken>;
  note: string;
}

/** One entry as it is kept on the phone. `part` is empty where an entry is for a whole day; `why`: the server refused it. */
export interface Entry {
  diary: string;
  day: string;
  part: Part | "";
  written: number;
  said: Said;
  unsent: boolean;
  why?: string;
}

export interface Medicine {
  agent: string;
  name: string;
  unit: string;
  planned: boolean;
}

export interface Scale {
  scale: string;
  title: string;
  low: number;
  high: number | null;
  levels: number[];
}

export interface Config {
  diary: string;
  label: string | null;
  by_part: boolean;
  medicines: Medicine[];
  scales: Scale[];
  call: string | null;
  now: string[];
  team: string[];
  until: string;
}

export interface ServerEntry {
  day: string;
  part: Part | null;
  written: number;
  said: Partial<Said>;
}

export type Ended = "expired" | "revoked" | "unknown";

export const nothing = (): Said => ({ scores: {}, doses: {}, note: "" });

export const isEmpty = (said: Said): boolean =>
  !Object.keys(said.scores).length && !Object.keys(said.doses).length && !said.note;

export const whole = (said: Partial<Said>): Said => ({ ...nothing(), ...said });
