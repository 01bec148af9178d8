/** What is said, in the reader's language: from the same files as the service review says it. */

import { FluentBundle, FluentResource, type FluentVariable } from "@fluent/bundle";
import { computed } from "@preact/signals";
import { TEXTS, type WordId } from "../gen/words.ts";
import { place } from "./address.ts";
import { type Parts, parts } from "./spans.ts";

export type { WordId };

export const LANGUAGES = { en: "English", nl: "Nederlands", de: "Deutsch" } as const;
export type Language = keyof typeof LANGUAGES;

function isLanguage(text: string): text is Language {
  return Object.hasOwn(LANGUAGES, text);
}

/** The language that is spoken: the one in the address, or the browser's, or English. */
export const language = computed<Language>(() => {
  const wanted = [place.value.lang, ...navigator.languages.map((tag) => tag.slice(0, 2))];
  return wanted.find(isLanguage) ?? "en";
});

/** How numbers and dates are written: as in the browser, where that speaks the language. */
const locale = computed(() => {
  const own = navigator.languages.find((tag) => tag.slice(0, 2) === language.value);
  return own ?? { en: "en-GB", nl: "nl-NL", de: "de-DE" }[language.value];
});

const bundle = computed(() => {
  const bundle = new FluentBundle(locale.value, { useIsolating: false });
  bundle.addResource(new FluentResource(TEXTS[language.value]));
  return bundle;
});

/** What a message says. */
export function say(id: WordId, values?: Record<string, FluentVariable>): string {
  const pattern = bundle.value.getMessage(id)?.value;
  return pattern ? bundle.value.formatPattern(pattern, values ?? null) : id;
}

/** Makes what writes in a language once for each choice: that takes longer than to write. */
function kept<T, O extends object>(make: (locale: string, options: O) => T) {
  const all = new Map<string, T>();
  return (options: O): T => {
    const key = `${locale.value} ${JSON.stringify(options)}`;
    const found = all.get(key) ?? make(locale.value, options);
    all.set(key, found);
    return found;
  };
}

const numbers = kept((locale, options: Intl.NumberFormatOptions) => {
  return new Intl.NumberFormat(locale, options);
});
const dates = kept((locale, options: Intl.DateTimeFormatOptions) => {
  return new Intl.DateTimeFormat(locale, options);
});

/** A whole number. */
export function count(number: number | bigint): string {
  return numbers({}).format(number);
}

/** A percentage that the API gives as a text, exactly as far as it goes. */
export function percent(text: string): string {
  if (!text) return say("none");
  const [whole = "0", fraction = ""] = text.split(".");
  const point = numbers({}).formatToParts(1.5);
  const separator = point.find((part) => part.type === "decimal")?.value ?? ".";
  const shown = fraction.slice(0, 2).replace(/0+$/, "");
  return say("percent", { figure: shown ? `${whole}${separator}${shown}` : whole });
}

/** A probability, of which no more is said than whole percents: neither never nor certainly. */
export function chance(probability: number): string {
  if (probability >= 1) return say("chance-certain");
  if (probability > 0.99) return `> ${say("percent", { figure: 99 })}`;
  if (probability < 0.01) return `< ${say("percent", { figure: 1 })}`;
  return say("percent", { figure: Math.round(probability * 100) });
}

/** An amount in minor units. */
export function money(minor: bigint, currency: string): string {
  const format = numbers({ style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  const isNegative = minor < 0n;
  const text = (isNegative ? -minor : minor).toString().padStart(digits + 1, "0");
  const whole = text.slice(0, text.length - digits);
  const fraction = digits ? `.${text.slice(text.length - digits)}` : "";
  const exact = `${isNegative ? "-" : ""}${whole}${fraction}`;
  return format.format(exact as Intl.StringNumericLiteral);
}

/** A span of time in its two largest parts. */
export function span(length: bigint): string {
  const { isNegative, days, hours, minutes, seconds } = parts(length);
  const whole = days * 24 + hours;
  const said = [
    whole > 0 && say("hours", { count: whole }),
    minutes > 0 && whole < 100 && say("minutes", { count: minutes }),
    whole === 0 && minutes < 10 && seconds > 0 && say("seconds", { count: seconds }),
  ].filter(Boolean);
  const text = said.length > 0 ? said.join(" ") : say("minutes", { count: 0 });
  return isNegative ? `−${text}` : text;
}

/** What is left until an instant, to the second: it is watched as it runs. */
export function countdown(left: bigint): string {
  const { isNegative, days, hours, minutes, seconds }: Parts = parts(left);
  const two = (number: number) => number.toString().padStart(2, "0");
  const clock = `${days > 0 ? two(hours) : hours}:${two(minutes)}:${two(seconds)}`;
  const text = days > 0 ? `${say("days-short", { count: days })} ${clock}` : clock;
  return isNegative ? `−${text}` : text;
}

function format(at: number, options: Intl.DateTimeFormatOptions): string {
  return dates(options).format(at);
}

const dayOf = (at: number) => format(at, { year: "numeric", month: "numeric", day: "numeric" });

/** An instant: its time alone if it is today, else with its day. */
export function instant(at: number, now: number): string {
  const time = format(at, { hour: "2-digit", minute: "2-digit" });
  if (dayOf(at) === dayOf(now)) return time;
  const isNear = Math.abs(at - now) < 6 * 86_400_000;
  const day: Intl.DateTimeFormatOptions = isNear
    ? { weekday: "short" }
    : {
        day: "numeric",
        month: "short",
        ...(yearOf(at) === yearOf(now) ? {} : { year: "numeric" }),
      };
  return `${format(at, day)} ${time}`;
}

const yearOf = (at: number) => new Date(at).getFullYear();

/** An instant in full. */
export function instantInFull(at: number): string {
  return format(at, { dateStyle: "medium", timeStyle: "short" });
}

/** A day. */
export function day(at: number): string {
  return format(at, { weekday: "short", day: "numeric", month: "short" });
}

/** A period by its name in the API: "2026-10", "2026-Q3" or "2026". */
export function period(name: string): string {
  const [year = "", rest] = name.split("-");
  if (!rest) return year;
  if (rest.startsWith("Q")) return say("quarter", { quarter: Number(rest.slice(1)), year });
  const at = Date.UTC(Number(year), Number(rest) - 1, 15);
  return format(at, { month: "long", year: "numeric", timeZone: "UTC" });
}

/** The zone in which instants are shown. */
export function zone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone;
}
