// Every state that the form was in, to go back and forth between.

import type { Filled } from "./form";

const MOST = 500;
const states: Filled[] = [];
let at = -1;

const same = (a: Filled | undefined, b: Filled) => JSON.stringify(a) === JSON.stringify(b);

/** Remembers a state, unless it is the one that is shown. What was undone before it is gone. */
export function remember(state: Filled): boolean {
  if (same(states[at], state)) return false;
  states.splice(at + 1, states.length, state);
  if (states.length > MOST) states.shift();
  at = states.length - 1;
  return true;
}

/** Puts another in place of the state that is shown, if that is still `was`: ticks go with the lines that they were of. */
export function amend(was: Filled, now: Filled): void {
  if (same(states[at], was)) states[at] = now;
}

export const canUndo = () => at > 0;
export const canRedo = () => at < states.length - 1;
export const back = (): Filled | undefined => (canUndo() ? states[--at] : undefined);
export const forth = (): Filled | undefined => (canRedo() ? states[++at] : undefined);
