/** Each objective's period so far, and where it is going. */

import type { Contract } from "../../gen/slx/v1/contract_pb.ts";
import { ForecastState, type ObjectiveForecast } from "../../gen/slx/v1/forecast_pb.ts";
import { type ObjectiveResult, ObjectiveVerdict } from "../../gen/slx/v1/results_pb.ts";
import { place } from "../address.ts";
import { compliance, forecasts, tenant } from "../api.ts";
import { Answered, IncidentLink, Nothing, Panel, Risk, VerdictMark } from "../parts/common.tsx";
import { Periods, presentMonth } from "../parts/periods.tsx";
import { found, promised, promisedShare, room } from "../parts/promise.ts";
import { useAnswer } from "../time.ts";
import { chance, period as named, percent, say, span } from "../words.ts";

/** So many contracts are shown at once: each is a question of its own. */
const CONTRACTS = 10;
const INFLUENTIAL = 3;

export function Objectives({ contracts }: { contracts: Contract[] }) {
  const { contract } = place.value;
  const chosen = contract ? contracts.filter((one) => one.id === contract) : contracts;
  return (
    <>
      <Periods present={presentMonth(chosen[0]?.timeZone)} />
      {chosen.length === 0 && <Nothing>{say("no-contracts")}</Nothing>}
      {chosen.slice(0, CONTRACTS).map((contract) => (
        <OfContract contract={contract} key={contract.id} />
      ))}
      {chosen.length > CONTRACTS && (
        <p class="note">{say("choose-contract", { count: chosen.length - CONTRACTS })}</p>
      )}
    </>
  );
}

function OfContract({ contract }: { contract: Contract }) {
  const period = place.value.period || presentMonth(contract.timeZone);
  const request = { tenant: tenant.value, contractId: contract.id, period };
  // How it stands is there long before where it is going.
  const results = useAnswer((signal) => compliance.getCompliance(request, { signal }), [request]);
  const outlook = useAnswer(
    (signal) => forecasts.forecastObjectives(request, { signal }),
    [request],
  );
  const ahead = new Map(
    outlook.data?.objectives.map((one) => [one.result ? keyOf(one.result) : "", one]),
  );
  return (
    <Panel
      id={`objectives-${contract.id}`}
      title={contract.title || contract.id}
      note={contract.client && say("parties", contract)}
    >
      <Answered answer={results}>
        {({ objectives }) =>
          objectives.length === 0 ? (
            <Nothing>{say("lead-no-objectives")}</Nothing>
          ) : (
            <ul class="objectives">
              {objectives.map((result) => (
                <Objective
                  key={keyOf(result)}
                  result={result}
                  forecast={ahead.get(keyOf(result))}
                  isAwaited={outlook.isBusy && !outlook.data}
                  contract={contract.id}
                  shown={period}
                />
              ))}
            </ul>
          )
        }
      </Answered>
    </Panel>
  );
}

function keyOf(result: ObjectiveResult): string {
  return `${result.objective?.id} ${result.period?.name} ${result.period?.startTime?.seconds}`;
}

function Objective(props: {
  result: ObjectiveResult;
  forecast: ObjectiveForecast | undefined;
  isAwaited: boolean;
  contract: string;
  shown: string;
}) {
  const { result, forecast, isAwaited, shown } = props;
  const { text, isGone } = room(result);
  const isOpen = forecast?.state === ForecastState.GOES_ON;
  const isAttainment = result.objective?.promise.case === "attainment";
  const hasBand = isOpen && isAttainment && result.verdict !== ObjectiveVerdict.NO_DATA;
  const hasData = result.verdict !== ObjectiveVerdict.NO_DATA;
  return (
    <li class="objective">
      <div class="what">
        <h3>{promised(result.objective)}</h3>
        <span class="sub">
          {result.objective?.id}
          {result.period && result.period.name !== shown && ` · ${named(result.period.name)}`}
        </span>
      </div>
      <div class="so-far">
        <span class="large">{hasData ? found(result) : say("none")}</span>
        <VerdictMark verdict={result.verdict} soFar={result.provisional} />
      </div>
      <Band result={result} forecast={hasBand ? forecast : undefined} />
      <dl class="facts">
        <div>
          <dt>{say("column-left")}</dt>
          <dd class={isGone ? "bad" : ""}>{hasData ? text : say("none")}</dd>
        </div>
        {isAwaited && isAttainment && result.provisional && (
          <div>
            <dt>{say("column-miss")}</dt>
            <dd>{say("waiting")}</dd>
          </div>
        )}
        {hasBand && forecast && <Outlook forecast={forecast} />}
        {forecast?.errorBudget && (
          <div>
            <dt>{say("column-budget")}</dt>
            <dd>
              {say("budget-left", {
                left: span(forecast.errorBudget.left?.seconds ?? 0n),
                allowed: span(forecast.errorBudget.allowed?.seconds ?? 0n),
              })}
            </dd>
          </div>
        )}
      </dl>
      {hasBand && forecast && forecast.mostInfluential.length > 0 && (
        <p class="influential">
          {say("most-influential")}{" "}
          {forecast.mostInfluential.slice(0, INFLUENTIAL).map((clock) => (
            <span key={`${clock.incidentId} ${clock.targetId}`}>
              <IncidentLink id={clock.incidentId} /> ({chance(clock.breachProbability)}){" "}
            </span>
          ))}
        </p>
      )}
    </li>
  );
}

function Outlook({ forecast }: { forecast: ObjectiveForecast }) {
  const figure = (share: number) => percent((share * 100).toFixed(1));
  return (
    <>
      <div>
        <dt>{say("column-expected")}</dt>
        <dd>
          {figure(forecast.expectedAttainment)}{" "}
          <span class="sub">
            {say("expected-between", {
              low: figure(forecast.attainmentLow),
              high: figure(forecast.attainmentHigh),
            })}
          </span>
        </dd>
      </div>
      <div>
        <dt>{say("column-allowance")}</dt>
        <dd>{say("room-late", { count: Math.max(0, Number(forecast.allowanceLeft)) })}</dd>
      </div>
      <div>
        <dt>{say("column-miss")}</dt>
        <dd>
          <Risk probability={forecast.missProbability} />
        </dd>
      </div>
    </>
  );
}

/** So far, promised, and where it probably ends, on one line: for drawing alone. */
function Band(props: { result: ObjectiveResult; forecast: ObjectiveForecast | undefined }) {
  const { result, forecast } = props;
  const share = promisedShare(result.objective);
  if (!share) return null;
  const soFar = result.percent ? Number(result.percent) : undefined;
  const low = forecast && forecast.attainmentLow * 100;
  const high = forecast && forecast.attainmentHigh * 100;
  const least = Math.min(Number(share), soFar ?? 100, low ?? 100);
  const from = Math.max(0, Math.floor((least - 2) / 10) * 10);
  const at = (value: number) => `${((value - from) / (100 - from)) * 100}%`;
  const shown = [
    say("band-promised", { figure: percent(share) }),
    soFar !== undefined && say("band-so-far", { figure: percent(result.percent) }),
  ];
  return (
    <div class="band" role="img" aria-label={shown.filter(Boolean).join("; ")}>
      {low !== undefined && high !== undefined && (
        <span
          class="reach"
          style={{ left: at(low), width: `${((high - low) / (100 - from)) * 100}%` }}
        />
      )}
      <span class="promised" style={{ left: at(Number(share)) }} />
      {soFar !== undefined && <span class="reached" style={{ left: at(soFar) }} />}
      <span class="scale">
        <span>{percent(String(from))}</span>
        <span>{percent("100")}</span>
      </span>
    </div>
  );
}
