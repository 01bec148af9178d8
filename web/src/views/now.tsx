/** What burns now. */

import { signal } from "@preact/signals";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import {
  type Clock,
  type ListClocksResponse,
  type Notice,
  Outcome,
  Phase,
} from "../../gen/slx/v1/clock_pb.ts";
import type { Contract } from "../../gen/slx/v1/contract_pb.ts";
import type { ClockForecast } from "../../gen/slx/v1/forecast_pb.ts";
import { place } from "../address.ts";
import { clocks, forecasts, tenant } from "../api.ts";
import {
  Answered,
  At,
  ClockName,
  IncidentLink,
  Mark,
  Nothing,
  Panel,
  phaseWord,
  Reasons,
  Risk,
} from "../parts/common.tsx";
import { feed, useFeed } from "../parts/feed.ts";
import { between, millis, seconds, timestamp } from "../spans.ts";
import { keepTime, now, useAnswer } from "../time.ts";
import { count, countdown, say, span, type WordId } from "../words.ts";

/** How many clocks are shown at first, and how many more each time. */
const PAGE = 25;
const PAGES_MOST = 8;
/** So many that are late are counted, and fewer of them shown. */
const OVERDUE = 100;
const OVERDUE_SHOWN = 8;
/** How often the list is requested for while nothing is heard of. */
const EVERY = 30_000;
/** Requested again so long after something happened, and no more often. */
const SETTLED = 1_500;
/** Forecasts of all clocks that are due in a shift are the heaviest that is requested here. */
const IDLE_EVERY = 300_000;
const IDLE_WITHIN = 8 * 3_600_000;
const IDLE_SHOWN = 8;
const IDLE_CONTRACTS = 5;
/** So many forecasts are looked through for work left idle. */
const IDLE_LOOKED_AT = 2_000;
const HOUR = 3_600n;

/** How many of each there are, as far as it is known: what one sees first. */
const heads = signal({ soon: "", overdue: "", idle: "" });

export function Now({ contracts }: { contracts: Contract[] | undefined }) {
  // What is due next is requested first, and alone: beside all else it would take twice as long.
  const [isThere, setIsThere] = useState(false);
  const show = useCallback(() => setIsThere(true), []);
  return (
    <>
      <Heads />
      <div class="now">
        <Urgent onThere={show} />
        {isThere && <Beside contracts={contracts} />}
      </div>
    </>
  );
}

function Beside({ contracts }: { contracts: Contract[] | undefined }) {
  const { contract, target, priority } = place.value;
  useFeed({ contract, target, priority });
  return (
    <div class="beside">
      <Today />
      <Overdue />
      <Idle contracts={contracts} />
    </div>
  );
}

/** The whole of it at a glance; each leads to its list. */
function Heads() {
  const { soon, overdue, idle } = heads.value;
  const { breached, withdrawn, isWhole } = feed.value;
  const figures: [string, WordId, string, string][] = [
    ["urgent", "head-soon", soon, "bad"],
    ["overdue", "section-overdue", overdue, "bad"],
    ["today", "section-today", isWhole ? count(breached.length) : "", "bad"],
    ["today", "head-withdrawn", isWhole ? count(withdrawn.length) : "", "plain"],
    ["idle", "section-idle-now", idle, "warn"],
  ];
  return (
    <ul class="heads" aria-label={say("heads")}>
      {figures.map(([id, word, figure, tone]) => (
        <li key={word}>
          <a href={`#${id}`} class={figure === "0" ? "plain" : tone}>
            <b>{figure || "…"}</b> {say(word)}
          </a>
        </li>
      ))}
    </ul>
  );
}

/** Says how many there are, in the figures above. */
function useHead(of: keyof typeof heads.value, figure: string | undefined): void {
  useEffect(() => {
    heads.value = { ...heads.peek(), [of]: figure ?? "" };
  }, [of, figure]);
}

/** As many as are known, and whether there are more. */
function atLeast(number: number, hasMore: boolean): string {
  return hasMore ? `${count(number)}+` : count(number);
}

/** Asks again once what happened is in the list, however much happens. */
function useChanges(again: () => void): void {
  const { changes } = feed.value;
  const waiting = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => {
    if (changes === 0 || waiting.current !== undefined) return;
    waiting.current = setTimeout(() => {
      waiting.current = undefined;
      if (!document.hidden) again();
    }, SETTLED);
  }, [changes]);
  useEffect(() => () => clearTimeout(waiting.current), []);
}

function request(outcome: Outcome, pageSize: number, withForecast: boolean) {
  const { contract, target, priority } = place.value;
  return {
    tenant: tenant.value,
    contractId: contract,
    targetId: target,
    priority,
    phases: [Phase.RUNNING, Phase.PAUSED],
    outcomes: [outcome],
    pageSize,
    withForecast,
  };
}

/** The clocks that are within their limits, the next that is due first. */
function Urgent({ onThere }: { onThere: () => void }) {
  const [size, setSize] = useState(PAGE);
  const list = request(Outcome.UNDECIDED, size, true);
  // Forecasts take longer than the list that they are of, so at first that is shown without them;
  // and of a longer list what is known of it.
  const [early, setEarly] = useState<{ of: string; answer: ListClocksResponse }>();
  const question = JSON.stringify({ ...list, pageSize: 0 });
  const forecastOf = useRef("");
  const whole = useAnswer(
    async (signal) => {
      if (forecastOf.current !== question) {
        const answer = await clocks.listClocks({ ...list, withForecast: false }, { signal });
        keepTime(answer.stamp);
        setEarly({ of: question, answer });
      }
      const answer = await clocks.listClocks(list, { signal });
      keepTime(answer.stamp);
      setEarly({ of: question, answer });
      forecastOf.current = question;
      return answer;
    },
    [list],
    EVERY,
  );
  useChanges(whole.again);
  const isEarly = whole.data === undefined && early?.of === question;
  const answer = isEarly ? { ...whole, data: early.answer } : whole;
  const isThere = answer.data !== undefined || answer.error !== undefined;
  useEffect(() => {
    if (isThere) onThere();
  }, [isThere, onThere]);
  useHead("soon", answer.data && dueSoon(answer.data.clocks, answer.data.nextPageToken !== ""));
  return (
    <Panel
      id="urgent"
      title={say("section-urgent")}
      aside={
        <span class={`live ${feed.value.isLive ? "on" : ""}`} role="status">
          {say(feed.value.isLive ? "live" : "not-live")}
        </span>
      }
    >
      <Answered answer={answer}>
        {({ clocks, nextPageToken }) => (
          <>
            {clocks.length === 0 ? (
              <Nothing>{say("no-open-clocks")}</Nothing>
            ) : (
              <>
                <div class="clock head" aria-hidden="true">
                  <span>{say("column-incident")}</span>
                  <span>{say("column-due-in")}</span>
                  <span>{say("column-service-time-left")}</span>
                  <span>{say("column-risk")}</span>
                </div>
                <ol class="clocks">
                  {clocks.map((clock) => (
                    <OpenClock clock={clock} key={keyOf(clock)} />
                  ))}
                </ol>
              </>
            )}
            {nextPageToken && size < PAGE * PAGES_MOST && (
              <button type="button" class="more" onClick={() => setSize(size + PAGE)}>
                {say("show-more")}
              </button>
            )}
            {nextPageToken && size >= PAGE * PAGES_MOST && (
              <p class="note">{say("more-than-shown", { count: size })}</p>
            )}
          </>
        )}
      </Answered>
    </Panel>
  );
}

/** How many are due within the hour. */
function dueSoon(clocks: Clock[], hasMore: boolean): string {
  const until = now.peek() + Number(HOUR) * 1000;
  const soon = clocks.filter(({ dueTime }) => dueTime && millis(dueTime) < until).length;
  return atLeast(soon, hasMore && soon === clocks.length);
}

function keyOf(clock: Clock): string {
  return [clock.incidentId, clock.contractId, clock.targetId, clock.cycle].join(" ");
}

function OpenClock({ clock }: { clock: Clock }) {
  const [isOpen, setIsOpen] = useState(false);
  const { forecast } = clock;
  const remaining = clock.remaining ? seconds(clock.remaining) : 0n;
  const isPaused = clock.phase === Phase.PAUSED;
  const level = isPaused ? "paused" : remaining < HOUR ? "soon" : "calm";
  const hasReasons = forecast && (forecast.summary || forecast.reasons.length > 0);
  return (
    <li class={`clock ${level}`}>
      <span class="what">
        <IncidentLink id={clock.incidentId} />
        <ClockName clock={clock} />
      </span>
      <span class="due">
        <span class="label">{say("column-due-in")}</span>
        <DueIn clock={clock} />
      </span>
      <span class="left">
        <span class="label">{say("column-service-time-left")}</span>
        <span>
          {span(remaining)} {isPaused && <Mark tone="warn">{phaseWord(clock.phase)}</Mark>}
        </span>
        <span class="sub">{say("of-limit", { limit: span(clock.limit?.seconds ?? 0n) })}</span>
      </span>
      <span class="chance">
        <span class="label">{say("column-risk")}</span>
        <span>
          <Risk probability={forecast?.probability} />
          {hasReasons && (
            <button
              type="button"
              class="why"
              aria-expanded={isOpen}
              aria-label={say("why-of", { incident: clock.incidentId })}
              onClick={() => setIsOpen(!isOpen)}
            >
              {say("column-why")}
            </button>
          )}
        </span>
      </span>
      {forecast && isOpen && <Reasons forecast={forecast} />}
    </li>
  );
}

/** What is left until a clock is due, to the second. */
function DueIn({ clock }: { clock: Clock }) {
  if (!clock.dueTime) return <span class="countdown">{say("paused-without-end")}</span>;
  return (
    <>
      <span class="countdown">
        <Left until={millis(clock.dueTime)} />
      </span>
      <span class="sub">
        <At time={clock.dueTime} />
      </span>
    </>
  );
}

/** Alone, so that nothing else is drawn each second. */
function Left({ until }: { until: number }) {
  const left = between(now.value, until);
  return <>{left < 0n ? say("due-now") : countdown(left)}</>;
}

/** The clocks that are over their limits and still open. */
function Overdue() {
  const list = request(Outcome.BREACHED, OVERDUE, false);
  const answer = useAnswer((signal) => clocks.listClocks(list, { signal }), [list], EVERY);
  useChanges(answer.again);
  const { data } = answer;
  useHead("overdue", data && atLeast(data.clocks.length, data.nextPageToken !== ""));
  return (
    <Panel id="overdue" title={say("section-overdue")} note={say("overdue-order")}>
      <Answered answer={answer}>
        {({ clocks, nextPageToken }) =>
          clocks.length === 0 ? (
            <Nothing>{say("no-overdue")}</Nothing>
          ) : (
            <>
              <ul class="brief">
                {clocks.slice(0, OVERDUE_SHOWN).map((clock) => (
                  <li key={keyOf(clock)}>
                    <IncidentLink id={clock.incidentId} />
                    <ClockName clock={clock} />
                    <span class="figure bad">
                      {say("why-over", { over: span(-(clock.remaining?.seconds ?? 0n)) })}
                    </span>
                  </li>
                ))}
              </ul>
              {clocks.length > OVERDUE_SHOWN && (
                <p class="note">
                  {nextPageToken
                    ? say("more-than-shown", { count: OVERDUE_SHOWN })
                    : say("others-not-shown", { count: clocks.length - OVERDUE_SHOWN })}
                </p>
              )}
            </>
          )
        }
      </Answered>
    </Panel>
  );
}

const SHOWN_TODAY = 12;

/** What breached today, and what of it was taken back. */
function Today() {
  const { breached, withdrawn, isWhole } = feed.value;
  if (!isWhole) {
    return (
      <Panel id="today" title={say("section-today")}>
        <p class="waiting">{say("waiting")}</p>
      </Panel>
    );
  }
  return (
    <Panel id="today" title={say("section-today")}>
      <Notices notices={breached} none={say("no-breach-today")} tone="bad" />
      {withdrawn.length > 0 && (
        <>
          <h3>{say("section-withdrawn")}</h3>
          <Notices notices={withdrawn} none="" tone="plain" />
        </>
      )}
    </Panel>
  );
}

function Notices(props: { notices: Notice[]; none: string; tone: string }) {
  const { notices, none, tone } = props;
  if (notices.length === 0) return <Nothing>{none}</Nothing>;
  return (
    <>
      <ul class="brief" aria-live="polite" aria-relevant="additions">
        {notices.slice(0, SHOWN_TODAY).map((notice) => (
          <li key={notice.occurrenceId}>
            <IncidentLink id={notice.incidentId} />
            <ClockName clock={notice} />
            <span class={`figure ${tone}`}>
              <At time={notice.time} />
            </span>
          </li>
        ))}
      </ul>
      {notices.length > SHOWN_TODAY && (
        <p class="note">{say("others-not-shown", { count: notices.length - SHOWN_TODAY })}</p>
      )}
    </>
  );
}

/** Work that fits still, and that nobody does. */
function Idle({ contracts }: { contracts: Contract[] | undefined }) {
  const { contract, target, priority } = place.value;
  const all = contract ? [contract] : (contracts ?? []).map((one) => one.id);
  const requested = all.slice(0, IDLE_CONTRACTS);
  const whose = tenant.value;
  const answer = useAnswer(
    async (signal) => {
      const found: ClockForecast[] = [];
      for (const contractId of requested) {
        found.push(...(await idleOf(contractId, { whose, target, priority }, signal)));
      }
      return found;
    },
    [requested, whose, target, priority],
    IDLE_EVERY,
  );
  // Until it is known which contracts there are, nothing was looked for.
  const isKnown = contract !== "" || contracts !== undefined;
  useHead(
    "idle",
    isKnown && answer.data
      ? atLeast(answer.data.length, answer.data.length >= IDLE_SHOWN)
      : undefined,
  );
  const note =
    all.length > requested.length ? say("idle-of", { count: requested.length }) : undefined;
  return (
    <Panel id="idle" title={say("section-idle-now")} note={note}>
      <Answered answer={answer}>
        {(found) =>
          found.length === 0 ? (
            <Nothing>{say(isKnown ? "no-idle" : "waiting")}</Nothing>
          ) : (
            <ul class="brief">
              {found.slice(0, IDLE_SHOWN).map(
                ({ clock, idleTime, latestStartTime, idleWorkReason }) =>
                  clock && (
                    <li key={keyOf(clock)}>
                      <IncidentLink id={clock.incidentId} />
                      <ClockName clock={clock} />
                      <span class="figure warn">
                        {say("idle-for", { time: span(idleTime?.seconds ?? 0n) })}
                      </span>
                      <span class="sub wide" title={idleWorkReason}>
                        {say("start-before")} <At time={latestStartTime} />
                      </span>
                    </li>
                  ),
              )}
            </ul>
          )
        }
      </Answered>
    </Panel>
  );
}

async function idleOf(
  contractId: string,
  filters: { whose: string; target: string; priority: string },
  signal: AbortSignal,
): Promise<ClockForecast[]> {
  const enough = new AbortController();
  const stream = forecasts.forecastClocks(
    {
      tenant: filters.whose,
      contractId,
      targetId: filters.target,
      priority: filters.priority,
      dueBefore: timestamp(Date.now() + IDLE_WITHIN),
    },
    { signal: AbortSignal.any([signal, enough.signal]) },
  );
  const found: ClockForecast[] = [];
  let looked = 0;
  try {
    for await (const message of stream) {
      looked += message.forecasts.length;
      found.push(...message.forecasts.filter((forecast) => forecast.idleWork));
      if (found.length >= IDLE_SHOWN || looked >= IDLE_LOOKED_AT) break;
    }
  } finally {
    enough.abort();
  }
  return found;
}
