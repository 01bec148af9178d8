/** One incident: its timeline, and both accounts of it. */

import { useState } from "preact/hooks";
import type { Window } from "../../gen/slx/v1/calendar_pb.ts";
import { type Clock, type EvaluateIncidentResponse, Outcome } from "../../gen/slx/v1/clock_pb.ts";
import { WaitingOn } from "../../gen/slx/v1/contract_pb.ts";
import type { Experience } from "../../gen/slx/v1/experience_pb.ts";
import type { Incident } from "../../gen/slx/v1/incident_pb.ts";
import { go, place } from "../address.ts";
import { calendars, clocks, incidents, tenant } from "../api.ts";
import {
  Answered,
  At,
  Mark,
  Nothing,
  OutcomeMark,
  Panel,
  phaseWord,
  Reasons,
  Risk,
  Wide,
  withWhom,
} from "../parts/common.tsx";
import {
  Axis,
  ClockLine,
  ExperienceLine,
  type Range,
  rangeOf,
  TimelineKey,
  wordsOf,
} from "../parts/timeline.tsx";
import { millis, timestamp } from "../spans.ts";
import { keepTime, useAnswer } from "../time.ts";
import { count, say, span } from "../words.ts";

const EVERY = 30_000;
/** Of longer ranges service hours are too thin to be seen. */
const HOURS_MOST = 92 * 86_400_000;
const WINDOWS = 1_000;
/** So many rows a table of segments has at first. */
const ROWS = 50;

export function IncidentView() {
  const { incident } = place.value;
  return (
    <>
      <Search />
      {incident ? <Found id={incident} key={incident} /> : <Nothing>{say("no-incident")}</Nothing>}
    </>
  );
}

function Search() {
  const { incident } = place.value;
  const search = (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    go({ incident: String(data.get("incident") ?? "").trim() });
  };
  return (
    <search>
      <form class="search" onSubmit={search}>
        <label for="incident">{say("column-incident")}</label>
        <input id="incident" name="incident" defaultValue={incident} autocomplete="off" required />
        <button type="submit">{say("show")}</button>
      </form>
    </search>
  );
}

interface Shown {
  evaluated: EvaluateIncidentResponse;
  incident: Incident | undefined;
  range: Range;
  /** Its service hours, by the ids of calendars. */
  hours: Map<string, Window[]>;
  at: number;
}

async function ask(id: string, whose: string, signal: AbortSignal): Promise<Shown> {
  const [evaluated, found] = await Promise.all([
    clocks.evaluateIncident(
      { tenant: whose, incidentId: id, withSegments: true, withForecast: true },
      { signal },
    ),
    incidents.getIncident({ tenant: whose, incidentId: id }, { signal }),
  ]);
  keepTime(evaluated.stamp);
  const at = evaluated.stamp?.asOfTime ? millis(evaluated.stamp.asOfTime) : Date.now();
  const range = rangeOf(evaluated.clocks, evaluated.experience, at);
  const ids = new Set(evaluated.clocks.map((clock) => clock.calendarId));
  const hours = new Map<string, Window[]>();
  if (range.until - range.from <= HOURS_MOST) {
    for (const calendarId of ids) {
      const windows = await calendars.listWindows(
        {
          tenant: whose,
          hours: { case: "calendarId", value: calendarId },
          startTime: timestamp(range.from),
          endTime: timestamp(range.until),
          pageSize: WINDOWS,
        },
        { signal },
      );
      hours.set(calendarId, windows.windows);
    }
  }
  return { evaluated, incident: found.incident, range, hours, at };
}

function Found({ id }: { id: string }) {
  const whose = tenant.value;
  const answer = useAnswer((signal) => ask(id, whose, signal), [id, whose], EVERY);
  return <Answered answer={answer}>{(shown) => <Shown shown={shown} id={id} />}</Answered>;
}

function Shown({ shown, id }: { shown: Shown; id: string }) {
  const { evaluated, incident, range, hours, at } = shown;
  const hasThird = evaluated.clocks.some((clock) =>
    clock.segments.some((segment) => segment.waitingOn === WaitingOn.THIRD_PARTY),
  );
  return (
    <>
      <h1 class="incident-title">{id}</h1>
      {incident && <Facts incident={incident} />}
      {evaluated.clocks.length === 0 && <Nothing>{say("no-clocks")}</Nothing>}
      {evaluated.clocks.length > 0 && (
        <Panel id="timeline" title={say("section-timeline")}>
          <div class="timeline">
            {evaluated.clocks.map((clock) => (
              <div class="row" key={`${clock.contractId} ${clock.targetId} ${clock.cycle}`}>
                <ClockHead clock={clock} />
                <ClockLine
                  clock={clock}
                  range={range}
                  windows={hours.get(clock.calendarId)}
                  now={at}
                />
              </div>
            ))}
            {evaluated.experience.map((experience) => (
              <div class="row experienced" key={experience.contractId}>
                <div class="head">
                  <b>{say("card-experienced")}</b>
                  <span class="sub">{experience.contractId}</span>
                </div>
                <ExperienceLine experience={experience} range={range} now={at} />
              </div>
            ))}
            <div class="row">
              <div class="head" />
              <Axis range={range} now={at} />
            </div>
          </div>
          <TimelineKey hasThird={hasThird} />
        </Panel>
      )}
      {evaluated.clocks.map(
        (clock) =>
          clock.forecast && (
            <Panel
              id={`why-${clock.contractId}-${clock.targetId}-${clock.cycle}`}
              key={`${clock.contractId} ${clock.targetId} ${clock.cycle}`}
              title={say("section-why", { target: clock.targetId, contract: clock.contractId })}
            >
              <Reasons forecast={clock.forecast} />
            </Panel>
          ),
      )}
      {evaluated.experience.map((experience) => (
        <Accounts
          key={experience.contractId}
          experience={experience}
          clocks={evaluated.clocks}
          evaluated={evaluated}
        />
      ))}
      {evaluated.clocks.map((clock) => (
        <Segments clock={clock} key={`${clock.contractId} ${clock.targetId} ${clock.cycle}`} />
      ))}
    </>
  );
}

function Facts({ incident }: { incident: Incident }) {
  const facts: [string, string][] = [
    [say("column-priority"), incident.priority],
    [say("column-status"), incident.status],
    [say("column-turn"), withWhom(incident.waitingOn, incident.thirdParty)],
    [say("column-service"), incident.service],
    [say("column-group"), incident.group],
    [say("column-people"), incident.affectedUsers ? count(incident.affectedUsers) : ""],
  ];
  return (
    <dl class="facts">
      {facts
        .filter(([, value]) => value)
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

function ClockHead({ clock }: { clock: Clock }) {
  return (
    <div class="head">
      <b>{clock.targetId}</b> <OutcomeMark outcome={clock.outcome} />
      <span class="sub">
        {clock.contractId}
        {clock.cycle > 1 && ` · ${say("cycle", { number: clock.cycle })}`}
      </span>
      <span class="sub">
        {span(clock.elapsed?.seconds ?? 0n)} / {span(clock.limit?.seconds ?? 0n)}
      </span>
      {clock.forecast && clock.outcome === Outcome.UNDECIDED && (
        <span class="sub">
          {say("column-risk")}: <Risk probability={clock.forecast.probability} />
        </span>
      )}
    </div>
  );
}

/** The contractual account, and beside it the experienced one. */
function Accounts(props: {
  experience: Experience;
  clocks: Clock[];
  evaluated: EvaluateIncidentResponse;
}) {
  const { experience, clocks, evaluated } = props;
  const { contractId, targetId } = experience;
  const compared = clocks.filter(
    (clock) => clock.contractId === contractId && clock.targetId === targetId,
  );
  const clock = compared.at(-1);
  const counted = compared.reduce((sum, one) => sum + (one.elapsed?.seconds ?? 0n), 0n);
  const limit = experience.limit ?? clock?.limit;
  const experienced = experience.experiencedTime?.seconds ?? 0n;
  const isOver = limit !== undefined && experienced > limit.seconds;
  const times = evaluated.partyTime.filter((time) => time.contractId === contractId);
  return (
    <Panel id={`accounts-${contractId}`} title={say("section-accounts", { contract: contractId })}>
      <div class="cards">
        <div class="card">
          <h3>{say("card-contractual")}</h3>
          <p class="large">{span(counted)}</p>
          <p>
            {clock && <OutcomeMark outcome={clock.outcome} />}{" "}
            {say("of-limit", { limit: span(clock?.limit?.seconds ?? 0n) })}
          </p>
          {clock?.dueTime && (
            <p>
              {say("column-due")}: <At time={clock.dueTime} />
            </p>
          )}
          {clock?.exclusion && <p>{say("why-excluded-rule", { rule: clock.exclusion })}</p>}
        </div>
        <div class="card experienced">
          <h3>{say("card-experienced")}</h3>
          <p class="large">{span(experienced)}</p>
          <p>
            <Mark tone={isOver ? "bad" : experience.troubleEndTime ? "good" : "open"}>
              {say(
                isOver
                  ? "outcome-late"
                  : experience.troubleEndTime
                    ? "outcome-met"
                    : "outcome-undecided",
              )}
            </Mark>{" "}
            {limit && say("of-limit", { limit: span(limit.seconds) })}
          </p>
          <p>
            {say("lost")}:{" "}
            {experience.lostTime ? span(experience.lostTime.seconds) : say("not-measured")}
          </p>
          {experience.flow &&
            (experience.flow.handovers > 0n || experience.flow.reopenings > 0n) && (
              <p>
                {say("handovers")}: {count(experience.flow.handovers)} · {say("reopenings")}:{" "}
                {count(experience.flow.reopenings)}
              </p>
            )}
        </div>
        <div class="card slx">
          <h3>{say("section-turns")}</h3>
          <PartyTimes times={times} />
        </div>
      </div>
    </Panel>
  );
}

function PartyTimes({ times }: { times: EvaluateIncidentResponse["partyTime"] }) {
  const words = ["none", "the-provider", "the-client", "a-third-party", "closed-hours"] as const;
  return (
    <dl class="turns">
      {times.map((time) => (
        <div key={`${time.kind} ${time.thirdParty}`}>
          <dt>{time.thirdParty || say(words[time.kind] ?? "none")}</dt>
          <dd>{span(time.duration?.seconds ?? 0n)}</dd>
        </div>
      ))}
    </dl>
  );
}

/** Everything that is drawn, as a table: for whoever reads it, and for whoever checks it. */
function Segments({ clock }: { clock: Clock }) {
  const [rows, setRows] = useState(ROWS);
  if (clock.segments.length === 0) return null;
  return (
    <details class="panel segments">
      <summary>
        {say("section-segments", { target: clock.targetId, contract: clock.contractId })}{" "}
        <span class="sub">{phaseWord(clock.phase)}</span>
      </summary>
      <Wide label={say("section-segments", { target: clock.targetId, contract: clock.contractId })}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("column-from")}</th>
              <th scope="col">{say("column-until")}</th>
              <th scope="col">{say("column-what")}</th>
              <th scope="col" class="number">
                {say("column-counted")}
              </th>
            </tr>
          </thead>
          <tbody>
            {clock.segments.slice(0, rows).map((segment) => (
              <tr key={`${segment.startTime?.seconds} ${segment.startTime?.nanos} ${segment.kind}`}>
                <td>
                  <At time={segment.startTime} />
                </td>
                <td>{segment.endTime ? <At time={segment.endTime} /> : say("present")}</td>
                <td>{wordsOf(segment)}</td>
                <td class="number">{span(segment.counted?.seconds ?? 0n)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      {clock.segments.length > rows && (
        <button type="button" class="more" onClick={() => setRows(rows * 4)}>
          {say("show-more")}
        </button>
      )}
      {clock.notes.map((note) => (
        <p class="note" lang="en" key={note}>
          {note}
        </p>
      ))}
    </details>
  );
}
