// Parts of the page are replaced by what the server drew. Where somebody was in them, they stay: focus, what was opened, the step of a course.

/** Replaces what is inside a part. The HTML is the server's own, with every text in it escaped. */
export function swap(id: string, html: string): void {
  const part = document.getElementById(id)!;
  if (part.dataset.drawn === html) return;
  const focused = part.contains(document.activeElement) ? document.activeElement!.id : "";
  const opened = new Set([...part.querySelectorAll("details[open] > summary")].map((one) => one.textContent));
  const steps = [...part.querySelectorAll<HTMLInputElement>("input.step:checked")].map((one) => one.id);
  const hadSteps = part.querySelectorAll("input.step").length;
  part.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
  part.dataset.drawn = html;
  for (const summary of part.querySelectorAll("details > summary")) if (opened.has(summary.textContent)) summary.parentElement!.setAttribute("open", "");
  if (part.querySelectorAll("input.step").length === hadSteps) for (const step of steps) (document.getElementById(step) as HTMLInputElement | null)?.click();
  if (focused) (document.getElementById(focused) ?? nearest(part))?.focus({ preventScroll: true });
}

/** Where the focus goes when what had it is gone: the first thing that can be used in its part, else the medicines. */
function nearest(part: HTMLElement): HTMLElement | null {
  return part.querySelector<HTMLElement>("input:not([type=hidden]), button, select, textarea, a[href]") ?? document.getElementById("ask-medicines");
}
