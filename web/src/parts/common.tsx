/** What all views are made of. */

import type { Timestamp } from "@bufbuild/protobuf/wkt";
import type { ComponentChildren } from "preact";
import { type BreachForecast, Outcome, Phase } from "../../gen/slx/v1/clock_pb.ts";
import { WaitingOn } from "../../gen/slx/v1/contract_pb.ts";
import { ObjectiveVerdict } from "../../gen/slx/v1/results_pb.ts";
import { addressOf, go, type Place } from "../address.ts";
import { millis } from "../spans.ts";
import { type Answer, now } from "../time.ts";
import { chance, instant, instantInFull, say, type WordId } from "../words.ts";

/** A link to another place on the board. */
export function Go(props: {
  to: Partial<Place>;
  children: ComponentChildren;
  class?: string;
  current?: boolean;
  label?: string;
}) {
  const follow = (event: MouseEvent) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    go(props.to);
  };
  return (
    <a
      href={addressOf(props.to)}
      class={props.class}
      aria-current={props.current ? "page" : undefined}
      aria-label={props.label}
      onClick={follow}
    >
      {props.children}
    </a>
  );
}

/** An incident, which leads to its timeline. */
export function IncidentLink({ id }: { id: string }) {
  return (
    <Go to={{ view: "incident", incident: id }} class="incident">
      {id}
    </Go>
  );
}

/** Which clock of an incident it is. */
export function ClockName(props: {
  clock: { priority: string; targetId: string; contractId: string };
}) {
  const { priority, targetId, contractId } = props.clock;
  return (
    <span class="sub">
      {priority && <b>{priority}</b>} {targetId} · {contractId}
    </span>
  );
}

/** Why a breach is as probable as it is, in the words of the API. */
export function Reasons({ forecast }: { forecast: BreachForecast }) {
  return (
    <div class="reasons" lang="en">
      <p>{forecast.summary}</p>
      <ul>
        {forecast.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </div>
  );
}

/** A stretch of the page with a heading. */
export function Panel(props: {
  id: string;
  title: string;
  note?: string | undefined;
  aside?: ComponentChildren;
  children: ComponentChildren;
  class?: string;
}) {
  return (
    <section class={`panel ${props.class ?? ""}`} aria-labelledby={props.id}>
      <header>
        <h2 id={props.id} tabIndex={-1}>
          {props.title}
        </h2>
        {props.aside}
      </header>
      {props.note && <p class="note">{props.note}</p>}
      {props.children}
    </section>
  );
}

/** What an answer comes to while it is not there, or went wrong; then what it holds. */
export function Answered<T>(props: {
  answer: Answer<T>;
  children: (data: T) => ComponentChildren;
}) {
  const { data, error, isBusy, again } = props.answer;
  return (
    <>
      {error && (
        <div class="problem" role="alert">
          <p>{error.text}</p>
          {error.detail && (
            <p class="detail" lang="en">
              {error.detail}
            </p>
          )}
          <button type="button" onClick={again}>
            {say("again")}
          </button>
        </div>
      )}
      {data === undefined
        ? isBusy && <p class="waiting">{say("waiting")}</p>
        : props.children(data)}
    </>
  );
}

/** What may be wider than a phone: it is moved by the keys, too. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: it groups no fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: without focus keys could not move it
    <div class="scroll" role="group" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}

/** That there is nothing, and that this is so. */
export function Nothing({ children }: { children: ComponentChildren }) {
  return <p class="nothing">{children}</p>;
}

/** An instant, with its whole text for whoever points at it. */
export function At({ time }: { time: Timestamp | undefined }) {
  if (!time) return <>{say("none")}</>;
  const at = millis(time);
  return (
    <time dateTime={new Date(at).toISOString()} title={instantInFull(at)}>
      {instant(at, now.peek())}
    </time>
  );
}

const OUTCOMES: Record<Outcome, [WordId, string]> = {
  [Outcome.UNSPECIFIED]: ["outcome-none", "plain"],
  [Outcome.UNDECIDED]: ["outcome-undecided", "open"],
  [Outcome.MET]: ["outcome-met", "good"],
  [Outcome.BREACHED]: ["outcome-late", "bad"],
  [Outcome.EXCLUDED]: ["outcome-excluded", "plain"],
  [Outcome.TRANSFERRED]: ["outcome-transferred", "plain"],
};

/** What a clock has come to. */
export function OutcomeMark({ outcome }: { outcome: Outcome }) {
  const [word, tone] = OUTCOMES[outcome] ?? OUTCOMES[Outcome.UNSPECIFIED];
  return <Mark tone={tone}>{say(word)}</Mark>;
}

const VERDICTS: Record<ObjectiveVerdict, [WordId, string]> = {
  [ObjectiveVerdict.UNSPECIFIED]: ["none", "plain"],
  [ObjectiveVerdict.MET]: ["verdict-met", "good"],
  [ObjectiveVerdict.MISSED]: ["verdict-missed", "bad"],
  [ObjectiveVerdict.AT_RISK]: ["verdict-at-risk", "warn"],
  [ObjectiveVerdict.NO_DATA]: ["verdict-no-data", "plain"],
};

/** What an objective has come to, or so far. */
export function VerdictMark(props: { verdict: ObjectiveVerdict; soFar: boolean }) {
  const [word, tone] = VERDICTS[props.verdict] ?? VERDICTS[ObjectiveVerdict.UNSPECIFIED];
  const isMetSoFar = props.soFar && props.verdict === ObjectiveVerdict.MET;
  return <Mark tone={tone}>{say(isMetSoFar ? "verdict-met-so-far" : word)}</Mark>;
}

/** A word that stands out: by its colour, and by its sign for whoever sees none. */
export function Mark({ tone, children }: { tone: string; children: ComponentChildren }) {
  return <span class={`mark ${tone}`}>{children}</span>;
}

/** How probable a breach is. */
export function Risk({ probability }: { probability: number | undefined }) {
  if (probability === undefined) return <span class="risk none">{say("none")}</span>;
  const tone = probability >= 0.5 ? "bad" : probability >= 0.2 ? "warn" : "good";
  return (
    <span class={`risk ${tone}`}>
      <span class="bar" aria-hidden="true">
        <span style={{ width: `${Math.round(probability * 100)}%` }} />
      </span>
      <span class="figure">{chance(probability)}</span>
    </span>
  );
}

/** Who has to act. */
export function withWhom(waitingOn: WaitingOn, thirdParty: string): string {
  if (waitingOn === WaitingOn.THIRD_PARTY && thirdParty) {
    return say("with-named", { name: thirdParty });
  }
  const words: Partial<Record<WaitingOn, WordId>> = {
    [WaitingOn.CLIENT]: "with-client",
    [WaitingOn.THIRD_PARTY]: "with-third-party",
    [WaitingOn.NOBODY]: "with-nobody",
  };
  return say(words[waitingOn] ?? "with-provider");
}

const PHASES: Record<Phase, WordId> = {
  [Phase.UNSPECIFIED]: "none",
  [Phase.PENDING]: "phase-pending",
  [Phase.RUNNING]: "phase-running",
  [Phase.PAUSED]: "phase-paused",
  [Phase.STOPPED]: "phase-stopped",
  [Phase.CANCELLED]: "outcome-cancelled",
};

/** What state a clock is in. */
export function phaseWord(phase: Phase): string {
  return say(PHASES[phase] ?? "none");
}
