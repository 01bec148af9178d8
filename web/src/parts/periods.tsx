/** Which period is looked at, and how one goes to another. */

import { go, place } from "../address.ts";
import { now } from "../time.ts";
import { period as named, say } from "../words.ts";

/** The month that it is now in a time zone. */
export function presentMonth(timeZone: string | undefined): string {
  const format = new Intl.DateTimeFormat("en-CA", {
    year: "numeric",
    month: "2-digit",
    ...(timeZone ? { timeZone } : {}),
  });
  const parts = format.formatToParts(now.peek());
  const part = (type: string) => parts.find((part) => part.type === type)?.value ?? "";
  return `${part("year")}-${part("month")}`;
}

/** The period so many further than one by its name. */
function moved(name: string, by: number): string {
  const [year = "", rest] = name.split("-");
  if (!rest) return String(Number(year) + by);
  const isQuarter = rest.startsWith("Q");
  const each = isQuarter ? 4 : 12;
  const at = Number(year) * each + Number(rest.replace("Q", "")) - 1 + by;
  const number = (at % each) + 1;
  return `${Math.floor(at / each)}-${isQuarter ? `Q${number}` : String(number).padStart(2, "0")}`;
}

export function Periods({ present }: { present: string }) {
  const period = place.value.period || present;
  const to = (by: number) => () => {
    const there = moved(period, by);
    go({ period: there === present ? "" : there });
  };
  return (
    <nav class="periods" aria-label={say("column-period")}>
      <button type="button" onClick={to(-1)} aria-label={say("period-before")}>
        ‹
      </button>
      <b aria-live="polite">{named(period)}</b>
      <button type="button" onClick={to(1)} aria-label={say("period-after")}>
        ›
      </button>
    </nav>
  );
}
