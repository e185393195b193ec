// The words of the page, as the server gives them; none stands in the code.

export interface Counted {
  one: string;
  other: string;
}

export interface ScaleWords {
  ask: string;
  short: string;
  low?: string;
  high?: string;
  none?: string;
  less?: string;
  more?: string;
  one?: string;
  other?: string;
  only?: string;
  levels?: Record<string, string>;
  hints?: Record<string, string>;
}

/** The whole file: `page` of diary_page.yaml. Its keys are checked where they are used, by the tests in a browser. */
export type Words = any;

export const fill = (text: string, slots: Record<string, string | number>): string => text.replace(/\{(\w+)\}/g, (all, name) => (name in slots ? String(slots[name]) : all));

export const counted = (words: Counted, count: number): string => fill(count === 1 ? words.one : words.other, { count });
