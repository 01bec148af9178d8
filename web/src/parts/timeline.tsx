/** A timeline drawn: what each clock did when, beside what people went through. */

import type { Window } from "../../gen/slx/v1/calendar_pb.ts";
import { type Clock, type Segment, SegmentKind } from "../../gen/slx/v1/clock_pb.ts";
import { WaitingOn } from "../../gen/slx/v1/contract_pb.ts";
import type { Experience } from "../../gen/slx/v1/experience_pb.ts";
import { millis } from "../spans.ts";
import { day, instant, instantInFull, say, span } from "../words.ts";
import { withWhom } from "./common.tsx";

/** Of longer timelines only the first segments are drawn. */
const DRAWN = 600;
const MINUTE = 60_000;
const DAY = 86_400_000;
/** Distances of marks below a timeline, of which at most so many fit. */
const STEPS = [5, 15, 30, 60, 120, 240, 480, 720, 1_440, 2_880, 10_080, 43_200].map(
  (minutes) => minutes * MINUTE,
);
const MARKS = 7;

/** From when until when is drawn. */
export interface Range {
  from: number;
  until: number;
}

/** All of what clocks did and will do, as far as it is known. */
export function rangeOf(clocks: Clock[], experience: Experience[], now: number): Range {
  const times = clocks.flatMap((clock) => [
    clock.startTime,
    clock.stopTime,
    clock.dueTime,
    clock.breachTime,
    ...clock.segments.slice(0, 1).map((segment) => segment.startTime),
  ]);
  const experienced = experience.flatMap((one) => [one.troubleStartTime, one.troubleEndTime]);
  const known = [...times, ...experienced].flatMap((time) => (time ? [millis(time)] : []));
  const isOpen = clocks.some((clock) => !clock.stopTime) || known.length === 0;
  const from = Math.min(...known, now);
  const until = Math.max(...known, isOpen ? now : from + MINUTE);
  // Time that is over may be long; what is due far ahead does not press what was into a corner.
  const ahead = Math.min(until, Math.max(now, from) + 14 * DAY);
  return { from, until: Math.max(ahead, from + MINUTE) + Math.ceil((ahead - from) / 40) };
}

/** A place in a range, in percent: for drawing alone. */
function at(range: Range, time: number): number {
  const share = (time - range.from) / (range.until - range.from);
  return Math.max(0, Math.min(100, share * 100));
}

function Stretch(props: {
  range: Range;
  from: number;
  until: number;
  kind: string;
  title: string;
}) {
  const left = at(props.range, props.from);
  const width = Math.max(at(props.range, props.until) - left, 0.15);
  return (
    <span
      class={`stretch ${props.kind}`}
      style={{ left: `${left}%`, width: `${width}%` }}
      title={props.title}
    />
  );
}

/** What a segment is drawn as. */
export function kindOf(segment: Segment): string {
  switch (segment.kind) {
    case SegmentKind.PAUSED:
      return segment.waitingOn === WaitingOn.THIRD_PARTY ? "third" : "paused";
    case SegmentKind.PAUSE_EXHAUSTED:
      return "exhausted";
    case SegmentKind.RUNNING:
      return "running";
    default:
      return "gap";
  }
}

/** What a clock did during a segment, in words. */
export function wordsOf(segment: Segment): string {
  const whom = withWhom(segment.waitingOn, segment.thirdParty);
  const reason = segment.reason ? ` (${segment.reason})` : "";
  switch (segment.kind) {
    case SegmentKind.RUNNING:
      return `${say("phase-running")}, ${whom}${reason}`;
    case SegmentKind.PAUSED:
      return `${say("phase-paused")}, ${whom}${reason}`;
    case SegmentKind.PAUSE_EXHAUSTED:
      return `${say("segment-exhausted")}, ${whom}${reason}`;
    case SegmentKind.RESOLVED_GAP:
      return say("segment-gap");
    case SegmentKind.CANCELLED_GAP:
      return say("outcome-cancelled");
    case SegmentKind.ADJUSTMENT:
      return say("segment-adjustment", { counted: span(segment.counted?.seconds ?? 0n) });
    default:
      return say("phase-pending");
  }
}

/** The marks below a timeline. */
function marks(range: Range): number[] {
  const length = range.until - range.from;
  const step = STEPS.find((step) => length / step <= MARKS) ?? length / MARKS;
  const offset = new Date(range.from).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((range.from - offset) / step) * step + offset;
  const found: number[] = [];
  for (let time = first; time < range.until; time += step) found.push(time);
  return found;
}

/** The hours in which nothing counts, between the openings of a calendar. */
function closed(windows: Window[], range: Range): [number, number][] {
  const found: [number, number][] = [];
  let from = range.from;
  for (const window of windows) {
    if (!window.startTime || !window.endTime) continue;
    if (millis(window.startTime) > from) found.push([from, millis(window.startTime)]);
    from = millis(window.endTime);
  }
  if (from < range.until) found.push([from, range.until]);
  return found;
}

/** One clock, as a line. */
export function ClockLine(props: {
  clock: Clock;
  range: Range;
  windows: Window[] | undefined;
  now: number;
}) {
  const { clock, range, windows, now } = props;
  const breach = clock.breachTime && millis(clock.breachTime);
  const end = clock.stopTime ? millis(clock.stopTime) : now;
  const due = clock.dueTime && millis(clock.dueTime);
  const isOpen = !clock.stopTime;
  return (
    <div class="line">
      <div class="track" aria-hidden="true">
        {clock.segments.slice(0, DRAWN).map((segment) => {
          const from = segment.startTime ? millis(segment.startTime) : range.from;
          const until = segment.endTime ? millis(segment.endTime) : now;
          const title = `${instant(from, now)} – ${instant(until, now)}: ${wordsOf(segment)}`;
          if (segment.kind === SegmentKind.ADJUSTMENT) return null;
          return (
            <Stretch
              key={from}
              range={range}
              from={from}
              until={until}
              kind={kindOf(segment)}
              title={title}
            />
          );
        })}
        {windows &&
          closed(windows, range).map(([from, until]) => (
            <Stretch
              key={from}
              range={range}
              from={from}
              until={until}
              kind="closed"
              title={say("closed-hours")}
            />
          ))}
        {breach !== undefined && (
          <Stretch
            range={range}
            from={breach}
            until={end}
            kind="over"
            title={say("outcome-late")}
          />
        )}
        {due !== undefined && (
          <span
            class="due-mark"
            style={{ left: `${at(range, due)}%` }}
            title={`${say("column-due")} ${instantInFull(due)}`}
          />
        )}
        {isOpen && <span class="now-mark" style={{ left: `${at(range, now)}%` }} />}
      </div>
    </div>
  );
}

/** What people went through, as a line. */
export function ExperienceLine(props: { experience: Experience; range: Range; now: number }) {
  const { experience, range, now } = props;
  const from = experience.troubleStartTime;
  if (!from) return null;
  const until = experience.troubleEndTime ? millis(experience.troubleEndTime) : now;
  const title = `${instantInFull(millis(from))} – ${instantInFull(until)}`;
  return (
    <div class="line">
      <div class="track" aria-hidden="true">
        <Stretch range={range} from={millis(from)} until={until} kind="trouble" title={title} />
      </div>
    </div>
  );
}

/** The days or hours below all lines. */
export function Axis({ range, now }: { range: Range; now: number }) {
  const isByDay = range.until - range.from > 4 * DAY;
  return (
    <div class="axis" aria-hidden="true">
      {marks(range).map((time) => (
        <span key={time} style={{ left: `${at(range, time)}%` }}>
          {isByDay ? day(time) : instant(time, now)}
        </span>
      ))}
    </div>
  );
}

/** What the colours mean. */
export function TimelineKey({ hasThird }: { hasThird: boolean }) {
  const keys: [string, string][] = [
    ["running", `${say("phase-running")}, ${say("with-provider")}`],
    ["paused", `${say("phase-paused")}, ${say("with-client")}`],
    ...(hasThird
      ? ([["third", `${say("phase-paused")}, ${say("with-third-party")}`]] as [string, string][])
      : []),
    ["closed", say("closed-hours")],
    ["over", say("outcome-late")],
    ["trouble", say("card-experienced")],
  ];
  return (
    <ul class="key">
      {keys.map(([kind, words]) => (
        <li key={kind}>
          <span class={`stretch ${kind}`} aria-hidden="true" /> {words}
        </li>
      ))}
      <li>
        <span class="due-mark" aria-hidden="true" /> {say("column-due")}
      </li>
    </ul>
  );
}
