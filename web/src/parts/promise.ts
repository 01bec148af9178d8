/** What an objective promises, in the words of the service review, as far as a line holds. */

import type { Objective } from "../../gen/slx/v1/contract_pb.ts";
import type { ObjectiveResult } from "../../gen/slx/v1/results_pb.ts";
import { count, percent, say, span } from "../words.ts";

/** The incidents that an objective is about. */
function incidentsOf(priorities: string[]): string {
  return priorities.length > 0
    ? say("incidents-of", { priorities: priorities.join(", ") })
    : say("all-incidents");
}

/** What is promised. */
export function promised(objective: Objective | undefined): string {
  const promise = objective?.promise;
  switch (promise?.case) {
    case "attainment":
      return say("promise-in-time", {
        percent: percent(promise.value.percent),
        what: incidentsOf(promise.value.priorities),
        target: promise.value.targetId,
        limits: "",
      });
    case "availability":
      return say("promise-availability", {
        service: promise.value.service || promise.value.services.join(", "),
        percent: percent(promise.value.percent),
        hours: say("hours-service"),
      });
    case "outages": {
      const { longerThan, most, service, services } = promise.value;
      const values = { service: service || services.join(", "), count: most };
      return longerThan
        ? say("promise-long-outages", { ...values, longer: span(longerThan.seconds) })
        : say("promise-outages", values);
    }
    case "performance":
      return say("promise-performance", {
        percent: percent(promise.value.percentile),
        indicator: promise.value.indicator,
        service: promise.value.service,
        most: `${promise.value.atMost || promise.value.threshold} ${promise.value.unit}`.trim(),
      });
    case "meanTimeToRestore":
      return say("promise-mean-time", {
        service: promise.value.service || promise.value.services.join(", "),
        most: span(promise.value.atMost?.seconds ?? 0n),
        hours: say("hours-service"),
      });
    case "requests":
      return say("promise-requests", {
        service: promise.value.service,
        percent: percent(promise.value.percent),
      });
    case "meanTime":
      return say("promise-mean-clock-time", {
        target: promise.value.targetId,
        what: incidentsOf(promise.value.priorities),
        most: span(promise.value.atMost?.seconds ?? 0n),
      });
    case "backlog":
      return promise.value.percentile
        ? say("promise-backlog-age", {
            what: incidentsOf(promise.value.priorities),
            percent: percent(promise.value.percentile),
            most: span(promise.value.atMost?.seconds ?? 0n),
          })
        : say("promise-backlog", {
            what: incidentsOf(promise.value.priorities),
            count: promise.value.most,
            older: span(promise.value.olderThan?.seconds ?? 0n),
          });
    case "experience": {
      const { measure } = promise.value;
      switch (measure.case) {
        case "averageScore":
          return say("promise-score", { figure: measure.value });
        case "happinessPercent":
          return say("promise-happiness", { figure: percent(measure.value) });
        case "lostTimePerHundredPeople":
          return say("promise-lost-time", { figure: span(measure.value.seconds) });
        case "firstContactPercent":
          return say("promise-first-contact", { figure: percent(measure.value) });
        default:
          return objective?.id ?? "";
      }
    }
    default:
      return objective?.id ?? "";
  }
}

/** The share that is promised, in percent; empty: no share is. */
export function promisedShare(objective: Objective | undefined): string {
  const promise = objective?.promise;
  const hasShare = promise?.case === "attainment" || promise?.case === "availability";
  return hasShare ? promise.value.percent : "";
}

/** What was found. */
export function found(result: ObjectiveResult): string {
  if (result.percent) return percent(result.percent);
  if (result.meanTime) return span(result.meanTime.seconds);
  if (result.uptime) return count(result.uptime.outages);
  const experienced = result.experience;
  if (experienced?.lostTimePerHundredPeople)
    return span(experienced.lostTimePerHundredPeople.seconds);
  if (experienced?.experienceTotals?.survey?.averageScore) {
    return experienced.experienceTotals.survey.averageScore;
  }
  if (result.backlog) return count(result.backlog.older || result.backlog.open);
  return say("none");
}

/** No number of breaches misses it. */
const ENDLESS = 9_223_372_036_854_775_807n;

/** What is left until an objective is missed. */
export function room(result: ObjectiveResult): { text: string; isGone: boolean } {
  const allowance = result.breachAllowance;
  switch (result.objective?.promise.case) {
    case "attainment":
      if (!result.tally || allowance === ENDLESS) return { text: say("none"), isGone: false };
      return allowance < 0n
        ? { text: say("over-late", { count: Number(-allowance) }), isGone: true }
        : { text: say("room-late", { count: Number(allowance) }), isGone: allowance === 0n };
    case "outages":
      return allowance < 0n
        ? { text: say("over-outages", { count: Number(-allowance) }), isGone: true }
        : { text: say("room-outages", { count: Number(allowance) }), isGone: allowance === 0n };
    case "availability": {
      const left = result.uptime?.downtimeAllowance?.seconds;
      if (left === undefined) return { text: say("none"), isGone: false };
      return left < 0n
        ? { text: say("over-time", { time: span(-left) }), isGone: true }
        : { text: say("room-time", { time: span(left) }), isGone: false };
    }
    default:
      return { text: say("none"), isGone: false };
  }
}
