/** Where one is: the view and its filters, which the address bar has, so that a link leads there. */

import { signal } from "@preact/signals";

export const VIEWS = ["now", "incident", "objectives", "month", "settlement"] as const;
export type View = (typeof VIEWS)[number];

export interface Place {
  view: View;
  tenant: string;
  contract: string;
  target: string;
  priority: string;
  incident: string;
  /** A month, quarter or year; empty: the present month. */
  period: string;
  /** Whether settled items are shown too: "all", or empty. */
  settled: string;
  /** A language; empty: the browser's. */
  lang: string;
}

const NAMES = [
  "tenant",
  "contract",
  "target",
  "priority",
  "incident",
  "period",
  "settled",
  "lang",
] as const;

function read(): Place {
  const query = new URLSearchParams(location.search);
  const view = VIEWS.find((one) => one === query.get("view")) ?? "now";
  const rest = Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ""]));
  return { view, ...rest } as Place;
}

/** Where one is now. */
export const place = signal<Place>(read());

/** The address of another place: this one, with some of it changed. */
export function addressOf(change: Partial<Place>): string {
  const there = { ...place.value, ...change };
  const query = new URLSearchParams();
  if (there.view !== "now") query.set("view", there.view);
  for (const name of NAMES) if (there[name]) query.set(name, there[name]);
  const text = query.toString();
  return text ? `/?${text}` : "/";
}

/** Goes to another place; what is only typed leaves no step to go back to. */
export function go(change: Partial<Place>, isTyped = false): void {
  const address = addressOf(change);
  if (isTyped) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  const isOther = change.view !== undefined && change.view !== place.value.view;
  place.value = read();
  if (isOther) scrollTo(0, 0);
}

addEventListener("popstate", () => {
  place.value = read();
});
