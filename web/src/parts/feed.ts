/** What happens to clocks, as it happens: the breaches of today, and those that a late fact undid. */

import { Code, ConnectError } from "@connectrpc/connect";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { type Notice, NoticeKind } from "../../gen/slx/v1/clock_pb.ts";
import type { Stamp } from "../../gen/slx/v1/common_pb.ts";
import { clocks, tenant } from "../api.ts";
import { millis, timestamp } from "../spans.ts";

/** Of more breaches a day the first are forgotten. */
const KEPT = 2_000;
/** What was taken back so soon, in milliseconds, nobody saw who did not watch: it came out of order. */
const UNSEEN = 10_000;
/** Until the day is made up for, a message comes as often as can be. */
const SOON = { seconds: 1n, nanos: 0 };
const SELDOM = { seconds: 15n, nanos: 0 };
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/** Filters of what is watched. */
export interface Watched {
  contract: string;
  target: string;
  priority: string;
}

export interface Feed {
  /** The breaches of today that stand, the latest first. */
  breached: Notice[];
  /** Those that were reported today and did not happen after all. */
  withdrawn: Notice[];
  /** Whether everything up to now was reported, and the stream stands. */
  isLive: boolean;
  /** Whether the day was made up for, if once. */
  isWhole: boolean;
  /** How often anything happened: whoever shows clocks asks again. */
  changes: number;
}

const NOTHING: Feed = {
  breached: [],
  withdrawn: [],
  isLive: false,
  isWhole: false,
  changes: 0,
};

/** The present feed. */
export const feed = signal<Feed>(NOTHING);

/** Watches as long as it is shown. */
export function useFeed({ contract, target, priority }: Watched): void {
  const whose = tenant.value;
  useEffect(() => {
    feed.value = NOTHING;
    const end = new AbortController();
    void watch({ contract, target, priority }, whose, end.signal);
    return () => end.abort();
  }, [contract, target, priority, whose]);
}

async function watch(filters: Watched, whose: string, end: AbortSignal): Promise<void> {
  const seen = new Map<string, Notice>();
  let token = "";
  let wait = FIRST_WAIT;
  while (!end.aborted) {
    try {
      token = await follow(filters, whose, token, seen, end, () => {
        wait = FIRST_WAIT;
      });
    } catch (error) {
      const code = ConnectError.from(error).code;
      feed.value = { ...feed.value, isLive: false };
      if (end.aborted || code === Code.Unauthenticated || code === Code.PermissionDenied) return;
      // What the token leads to is too long ago: the day begins anew.
      if (code === Code.OutOfRange || code === Code.InvalidArgument) token = "";
      else token = lastToken(error) ?? token;
      await pause(wait + Math.random() * wait, end);
      wait = Math.min(wait * 2, LONGEST_WAIT);
    }
  }
}

/** A stream that broke, with the token from which to go on. */
class Broken extends ConnectError {
  readonly token: string;

  constructor(error: unknown, token: string) {
    const cause = ConnectError.from(error);
    super(cause.rawMessage, cause.code);
    this.token = token;
  }
}

function lastToken(error: unknown): string | undefined {
  return error instanceof Broken ? error.token : undefined;
}

/**
 * Follows one stream to its end, and returns the token to go on from. Until the day is made up for
 * only breaches are followed, and then everything.
 */
async function follow(
  filters: Watched,
  whose: string,
  from: string,
  seen: Map<string, Notice>,
  end: AbortSignal,
  onMessage: () => void,
): Promise<string> {
  const isBehind = from === "";
  const afterStamp = isBehind ? await stampAt(midnight(), whose, end) : undefined;
  const present = isBehind ? await stampAt(undefined, whose, end) : undefined;
  let token = from;
  const own = new AbortController();
  const stream = clocks.watchClocks(
    {
      tenant: whose,
      resumeToken: token,
      ...(afterStamp ? { afterStamp } : {}),
      contractIds: filters.contract ? [filters.contract] : [],
      targetIds: filters.target ? [filters.target] : [],
      priorities: filters.priority ? [filters.priority] : [],
      kinds: isBehind ? [NoticeKind.BREACHED] : [],
      heartbeatInterval: isBehind ? SOON : SELDOM,
    },
    { signal: AbortSignal.any([end, own.signal]) },
  );
  try {
    for await (const message of stream) {
      onMessage();
      token = message.resumeToken;
      take(message.notices, seen, !isBehind);
      if (isBehind && hasReached(message.stamp, present)) {
        feed.value = { ...feed.value, isLive: true, isWhole: true };
        break;
      }
    }
  } catch (error) {
    throw new Broken(error, token);
  } finally {
    own.abort();
  }
  return token;
}

/** Where the journal stood at an instant, or stands. */
async function stampAt(
  at: number | undefined,
  whose: string,
  signal: AbortSignal,
): Promise<Stamp | undefined> {
  const time = at === undefined ? {} : { asOfTime: timestamp(at), knownTime: timestamp(at) };
  return (await clocks.listClocks({ tenant: whose, ...time, pageSize: 1 }, { signal })).stamp;
}

/** Whether everything up to there was reported: a message without notices may come before. */
function hasReached(stamp: Stamp | undefined, goal: Stamp | undefined): boolean {
  if (!stamp?.asOfTime || !goal?.asOfTime) return false;
  return stamp.sequence >= goal.sequence && millis(stamp.asOfTime) >= millis(goal.asOfTime);
}

/** When the day began here. */
function midnight(): number {
  return new Date().setHours(0, 0, 0, 0);
}

function take(notices: Notice[], seen: Map<string, Notice>, isLive: boolean): void {
  const shown = new Set(feed.value.isWhole ? feed.value.breached.map(idOf) : []);
  for (const notice of notices) {
    if (notice.kind !== NoticeKind.BREACHED) continue;
    const before = seen.get(notice.occurrenceId);
    seen.delete(notice.occurrenceId);
    const isSeen = !before || shown.has(notice.occurrenceId) || !isAtOnce(before, notice);
    if (!notice.withdrawn || isSeen) seen.set(notice.occurrenceId, notice);
  }
  for (const id of seen.keys()) {
    if (seen.size <= KEPT) break;
    seen.delete(id);
  }
  const latest = [...seen.values()].sort((one, other) => timeOf(other) - timeOf(one));
  const dawn = midnight();
  feed.value = {
    // What is recorded of the days before is reported today, and did not happen today.
    breached: latest.filter((notice) => !notice.withdrawn && timeOf(notice) >= dawn),
    withdrawn: latest.filter((notice) => notice.withdrawn),
    isLive,
    isWhole: feed.value.isWhole || isLive,
    changes: feed.value.changes + (notices.length > 0 ? 1 : 0),
  };
}

const idOf = (notice: Notice) => notice.occurrenceId;
const timeOf = ({ time }: Notice) => (time ? millis(time) : 0);

/** Whether one was taken back as soon as it was reported. */
function isAtOnce(reported: Notice, withdrawn: Notice): boolean {
  if (!reported.noticeTime || !withdrawn.noticeTime || reported.withdrawn) return false;
  return millis(withdrawn.noticeTime) - millis(reported.noticeTime) < UNSEEN;
}

function pause(length: number, end: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, length);
    end.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
