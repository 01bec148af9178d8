/** Keys that lead about the board, for whoever has them on. */

import { signal } from "@preact/signals";
import { go, VIEWS } from "./address.ts";

const OFF = "slx-keys-off";

/** Whether single keys do something: who speaks to a machine may not want that. */
export const areKeysOn = signal(localStorage.getItem(OFF) === null);

export function keepKeys(on: boolean): void {
  areKeysOn.value = on;
  if (on) localStorage.removeItem(OFF);
  else localStorage.setItem(OFF, "");
}

/** Listens to keys, until what it returns is called. */
export function listenToKeys(): () => void {
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}

function press(event: KeyboardEvent): void {
  const { target, key } = event;
  const isTyping =
    target instanceof HTMLElement &&
    (target.closest("input, textarea, select, dialog[open]") !== null || target.isContentEditable);
  const isChord = event.ctrlKey || event.metaKey || event.altKey;
  if (!areKeysOn.value || isTyping || isChord) return;
  const view = VIEWS[Number(key) - 1];
  if (view) go({ view });
  else if (key === "j" || key === "k") move(key === "j" ? 1 : -1);
  else if (key === "/") search();
  else if (key === "?") document.getElementById("help")?.click();
  else return;
  event.preventDefault();
}

/** Goes to the next incident that is shown, or the one before. */
function move(by: number): void {
  const links = [...document.querySelectorAll<HTMLElement>("main a.incident")];
  const at = links.indexOf(document.activeElement as HTMLElement);
  const next = at < 0 && by < 0 ? links.length - 1 : at + by;
  links[Math.max(0, Math.min(next, links.length - 1))]?.focus();
}

function search(): void {
  go({ view: "incident" });
  // It is there once the view is drawn.
  requestAnimationFrame(() => setTimeout(() => document.getElementById("incident")?.focus()));
}
