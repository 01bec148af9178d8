/** Instants and spans of time as the API has them, in whole numbers. */

import type { Duration, Timestamp } from "@bufbuild/protobuf/wkt";

/** An instant in whole milliseconds since 1970. */
export function millis(time: Timestamp): number {
  return Number(time.seconds) * 1000 + Math.floor(time.nanos / 1_000_000);
}

/** An instant as the API has it. */
export function timestamp(at: number): { seconds: bigint; nanos: number } {
  const seconds = Math.floor(at / 1000);
  return { seconds: BigInt(seconds), nanos: (at - seconds * 1000) * 1_000_000 };
}

/** A span in whole seconds, towards zero. */
export function seconds(span: Duration): bigint {
  return span.seconds;
}

/** Days, hours, minutes and seconds, each whole. */
export interface Parts {
  isNegative: boolean;
  days: number;
  hours: number;
  minutes: number;
  seconds: number;
}

/** A span in parts. */
export function parts(span: bigint): Parts {
  const isNegative = span < 0n;
  const whole = isNegative ? -span : span;
  return {
    isNegative,
    days: Number(whole / 86_400n),
    hours: Number((whole / 3_600n) % 24n),
    minutes: Number((whole / 60n) % 60n),
    seconds: Number(whole % 60n),
  };
}

/** What lies between two instants in whole seconds, as a clock on a wall would count it. */
export function between(from: number, to: number): bigint {
  return BigInt(Math.floor(to / 1000)) - BigInt(Math.floor(from / 1000));
}

/** A share of one span in another, in thousandths: for drawing alone. */
export function thousandths(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 1000n) / whole);
}
