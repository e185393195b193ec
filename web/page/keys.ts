// Keyboard shortcuts. None is a single letter and none is the browser's or a screen reader's; they can be switched off.

export interface Does {
  review(): void;
  undo(): void;
  redo(): void;
}

const dialog = document.querySelector<HTMLDialogElement>("#keys")!;
const on = document.querySelector<HTMLInputElement>("#keys-on")!;

export function listen(does: Does): void {
  document.querySelector("#keys-open")!.addEventListener("click", () => dialog.showModal());
  document.addEventListener("keydown", (event) => {
    if (!on.checked || dialog.open || event.isComposing || event.altKey) return;
    const command = event.ctrlKey || event.metaKey;
    const writing = event.target instanceof HTMLElement && event.target.matches("textarea, select, input:not([type=checkbox], [type=radio])");
    const act =
      command && event.key === "Enter" ? does.review
      : command && !writing && event.key.toLowerCase() === "z" ? (event.shiftKey ? does.redo : does.undo)
      : command ? undefined
      : event.key === "F2" ? () => document.getElementById(event.shiftKey ? "ask-considering" : "ask-medicines")!.focus()
      : event.key === "F8" ? () => step(event.shiftKey ? -1 : 1)
      : event.key === "?" && !writing ? () => dialog.showModal()
      : undefined;
    if (!act) return;
    event.preventDefault();
    act();
  });
}

/** To the finding after or before the one that has the focus. */
function step(by: 1 | -1): void {
  const findings = [...document.querySelectorAll<HTMLElement>("#review .finding")];
  const here = findings.findIndex((one) => one.contains(document.activeElement));
  const next = findings[here < 0 ? (by > 0 ? 0 : findings.length - 1) : (here + by + findings.length) % findings.length];
  const stop = next?.matches("details") ? next.querySelector<HTMLElement>("summary") : next;
  if (!stop) return;
  if (stop === next) stop.tabIndex = -1;
  stop.focus();
  stop.scrollIntoView({ block: "nearest" });
}
