// Days as the phone has them.
import { fill, type Words } from "./words";
import type { Part } from "./said";

export const PARTS: Part[] = ["morning", "noon", "evening", "night"];
const ENDS: [number, Part][] = [[4, "night"], [11, "morning"], [15, "noon"], [20, "evening"], [24, "night"]];

const two = (n: number): string => String(n).padStart(2, "0");

export function dayOf(when: Date): string {
  return `${when.getFullYear()}-${two(when.getMonth() + 1)}-${two(when.getDate())}`;
}

export function daysAgo(count: number): string {
  const when = new Date();
  when.setHours(12, 0, 0, 0);
  when.setDate(when.getDate() - count);
  return dayOf(when);
}

/** The day as a date at noon, where no clock change reaches it. */
export function noonOf(day: string): Date {
  const [year, month, date] = day.split("-").map(Number);
  return new Date(year ?? 0, (month ?? 1) - 1, date ?? 1, 12);
}

export const partNow = (): Part => ENDS.find(([end]) => new Date().getHours() < end)![1];

export function dateText(day: string, words: Words): string {
  const when = noonOf(day);
  return fill(words.date, { weekday: words.weekdays[when.getDay()], day: when.getDate(), month: words.months[when.getMonth()] });
}

export function shortDate(day: string, words: Words): string {
  const when = noonOf(day);
  return `${when.getDate()} ${words.months_short[when.getMonth()]}`;
}
