/** The service review of a period: both accounts beside each other, signed or not. */

import { Outcome } from "../../gen/slx/v1/clock_pb.ts";
import type { Contract } from "../../gen/slx/v1/contract_pb.ts";
import type { ComplianceGroup, Tally } from "../../gen/slx/v1/results_pb.ts";
import type {
  GetServiceReviewResponse,
  ReviewedClock,
  ReviewedPeriod,
} from "../../gen/slx/v1/review_pb.ts";
import { place } from "../address.ts";
import { compliance, tenant } from "../api.ts";
import {
  Answered,
  IncidentLink,
  Mark,
  Nothing,
  OutcomeMark,
  Panel,
  VerdictMark,
  Wide,
} from "../parts/common.tsx";
import { Periods, presentMonth } from "../parts/periods.tsx";
import { found, promised, room } from "../parts/promise.ts";
import { millis } from "../spans.ts";
import { useAnswer } from "../time.ts";
import {
  count,
  instantInFull,
  period as named,
  percent,
  say,
  span,
  type WordId,
} from "../words.ts";

const DISCUSSED = 20;

export function Month({ contracts }: { contracts: Contract[] }) {
  const { contract, period } = place.value;
  const chosen = contracts.find((one) => one.id === contract) ?? contracts[0];
  if (!chosen) return <Nothing>{say("no-contracts")}</Nothing>;
  const present = presentMonth(chosen.timeZone);
  return (
    <>
      <Periods present={present} />
      <Review contract={chosen} period={period || present} />
    </>
  );
}

function Review({ contract, period }: { contract: Contract; period: string }) {
  const request = { tenant: tenant.value, contractId: contract.id, period };
  const answer = useAnswer((signal) => compliance.getServiceReview(request, { signal }), [request]);
  return (
    <Answered answer={answer}>
      {(review) => (
        <>
          <h1 class="review-title">
            {say(review.provisional ? "title-so-far" : "title", { period: named(period) })}
          </h1>
          <p class="note">
            {review.contract?.title || contract.id}
            {review.contract?.client && ` · ${say("parties", review.contract)}`}
          </p>
          <Signatures review={review} />
          <Accounts total={review.total} slx={review.slx?.percent ?? ""} />
          <Promises review={review} />
          <Groups review={review} />
          <Trend trend={review.trend} />
          <Discussed review={review} />
        </>
      )}
    </Answered>
  );
}

function Signatures({ review }: { review: GetServiceReviewResponse }) {
  const { signatures, restatement } = review;
  if (signatures.length === 0) {
    return (
      <p class="signature">
        <Mark tone="warn">{say("unsigned")}</Mark> {say("not-signed")}
      </p>
    );
  }
  const moved = Number(restatement?.movedCount ?? 0n);
  return (
    <div class="signature">
      {signatures.map((signature) => (
        <p key={signature.signatureId}>
          <Mark tone="good">{say("signed")}</Mark>{" "}
          {say("signed-by", {
            by: signature.signedBy,
            time: signature.recordTime ? instantInFull(millis(signature.recordTime)) : "",
            known: signature.knownTime ? instantInFull(millis(signature.knownTime)) : "",
          })}
        </p>
      ))}
      <p>{moved > 0 ? say("moved", { count: moved }) : say("nothing-moved")}</p>
    </div>
  );
}

function counts(tally: Tally | undefined) {
  return {
    met: count(tally?.met ?? 0n),
    late: count(tally?.breached ?? 0n),
    excluded: count(tally?.excluded ?? 0n),
    open: count(tally?.undecided ?? 0n),
  };
}

function Accounts({ total, slx }: { total: ComplianceGroup | undefined; slx: string }) {
  const lost = total?.experienceTotals?.lostTime;
  return (
    <div class="cards">
      <div class="card">
        <h2>{say("card-contractual")}</h2>
        <p class="huge">{percent(total?.contractual?.attainment ?? "")}</p>
        <p>{say("card-counts", counts(total?.contractual))}</p>
      </div>
      <div class="card experienced">
        <h2>{say("card-experienced")}</h2>
        <p class="huge">{percent(total?.experienced?.attainment ?? "")}</p>
        <p>{say("card-counts-experienced", counts(total?.experienced))}</p>
      </div>
      <div class="card melon">
        <h2>{say("card-watermelons")}</h2>
        <p class="huge">{count(total?.watermelons ?? 0n)}</p>
        <p>{say("card-watermelons-meaning")}</p>
      </div>
      <div class="card slx">
        <h2>{say("lost")}</h2>
        <p class="huge">{lost ? span(lost.seconds) : say("none")}</p>
        <p>{slx ? `${say("card-slx")}: ${percent(slx)}` : lost ? "" : say("not-measured")}</p>
      </div>
    </div>
  );
}

function Promises({ review }: { review: GetServiceReviewResponse }) {
  if (review.objectives.length === 0) return null;
  return (
    <Panel id="promises" title={say("section-objectives")}>
      <Wide label={say("section-objectives")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("column-promised")}</th>
              <th scope="col" class="number">
                {say("column-found")}
              </th>
              <th scope="col">{say("column-verdict")}</th>
              <th scope="col">{say("column-left")}</th>
            </tr>
          </thead>
          <tbody>
            {review.objectives.map(
              ({ result }) =>
                result && (
                  <tr key={`${result.objective?.id} ${result.period?.startTime?.seconds}`}>
                    <th scope="row">{promised(result.objective)}</th>
                    <td class="number">{found(result)}</td>
                    <td>
                      <VerdictMark verdict={result.verdict} soFar={result.provisional} />
                    </td>
                    <td>{room(result).text}</td>
                  </tr>
                ),
            )}
          </tbody>
        </table>
      </Wide>
    </Panel>
  );
}

/** What came of clocks, as the bar that the review has: drawing.css draws both. */
function Bar({ group, clocks }: { group: ComplianceGroup; clocks: ReviewedClock[] }) {
  const met = group.contractual?.met ?? 0n;
  const late = group.contractual?.breached ?? 0n;
  const excluded = group.contractual?.excluded ?? 0n;
  const melons = metWatermelons(group, clocks);
  if (met + late + excluded === 0n) return null;
  const said = say("bar-shows", {
    met: count(met - melons),
    watermelons: count(melons),
    late: count(late),
    excluded: count(excluded),
  });
  const pieces: [string, bigint][] = [
    ["fill-met", met - melons],
    ["fill-melon", melons],
    ["fill-late", late],
    ["fill-excluded", excluded],
  ];
  return (
    <div class="bar-of" role="img" aria-label={said} title={said}>
      {pieces.map(([fill, clocks]) => (
        <i class={fill} style={{ flexGrow: Number(clocks) }} key={fill} />
      ))}
    </div>
  );
}

/** How many of those that were met were late for people: those excluded are watermelons too. */
function metWatermelons(group: ComplianceGroup, clocks: ReviewedClock[]): bigint {
  const isExcluded = (clock: ReviewedClock) =>
    clock.isWatermelon &&
    clock.outcome === Outcome.EXCLUDED &&
    clock.targetId === group.targetId &&
    clock.priority === group.priority;
  const melons = group.watermelons - BigInt(clocks.filter(isExcluded).length);
  const met = group.contractual?.met ?? 0n;
  return melons < 0n ? 0n : melons < met ? melons : met;
}

const FILLS: [string, WordId][] = [
  ["fill-met", "key-met"],
  ["fill-melon", "key-watermelon"],
  ["fill-late", "key-late"],
  ["fill-excluded", "key-excluded"],
];

function Groups({ review: { groups, clocks } }: { review: GetServiceReviewResponse }) {
  if (groups.length === 0) return null;
  return (
    <Panel id="groups" title={say("section-clocks")}>
      <Wide label={say("section-clocks")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("column-target")}</th>
              <th scope="col" class="number">
                {say("column-contractual")}
              </th>
              <th scope="col" class="number">
                {say("column-experienced")}
              </th>
              <th scope="col" class="bars">
                {say("column-bar")}
              </th>
              <th scope="col" class="number">
                {say("column-late")}
              </th>
              <th scope="col" class="number">
                {say("card-watermelons")}
              </th>
            </tr>
          </thead>
          <tbody>
            {groups.map((group) => (
              <tr key={`${group.targetId} ${group.priority}`}>
                <th scope="row">
                  {group.targetId} {group.priority}
                </th>
                <td class="number">{percent(group.contractual?.attainment ?? "")}</td>
                <td class="number">{percent(group.experienced?.attainment ?? "")}</td>
                <td class="bars">
                  <Bar group={group} clocks={clocks} />
                </td>
                <td class="number">{count(group.contractual?.breached ?? 0n)}</td>
                <td class="number">{count(group.watermelons)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
      <ul class="key">
        {FILLS.map(([fill, word]) => (
          <li key={fill}>
            <span class={`swatch ${fill}`} aria-hidden="true" /> {say(word)}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Trend({ trend }: { trend: ReviewedPeriod[] }) {
  if (trend.length < 2) return null;
  return (
    <Panel id="trend" title={say("section-trend")}>
      <Wide label={say("section-trend")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("column-period")}</th>
              <th scope="col" class="number">
                {say("column-contractual")}
              </th>
              <th scope="col" class="number">
                {say("column-experienced")}
              </th>
              <th scope="col" class="number">
                {say("card-watermelons")}
              </th>
            </tr>
          </thead>
          <tbody>
            {trend.map((point) => (
              <tr key={point.period?.name}>
                <th scope="row">{named(point.period?.name ?? "")}</th>
                <td class="number">{percent(point.contractual?.attainment ?? "")}</td>
                <td class="number">{percent(point.experienced?.attainment ?? "")}</td>
                <td class="number">{count(point.watermelons)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Wide>
    </Panel>
  );
}

function Discussed({ review }: { review: GetServiceReviewResponse }) {
  const clocks = review.clocks.slice(0, DISCUSSED);
  if (clocks.length === 0) return null;
  const more = Number(review.clockCount) - clocks.length;
  return (
    <Panel
      id="discussed"
      title={say("section-discussed")}
      note={more > 0 ? say("order-more", { count: more }) : say("order")}
    >
      <ul class="brief wide">
        {clocks.map((clock) => (
          <li key={`${clock.incidentId} ${clock.targetId}`}>
            <IncidentLink id={clock.incidentId} />
            <span class="sub">
              {clock.priority && <b>{clock.priority}</b>} {clock.targetId}
            </span>
            <Verdicts clock={clock} />
            <span class="sub">
              {say("column-counted")} {span(clock.elapsed?.seconds ?? 0n)} · {say("column-waited")}{" "}
              {span(clock.experiencedElapsed?.seconds ?? 0n)} · {say("column-agreed")}{" "}
              {span(clock.limit?.seconds ?? 0n)}
            </span>
            <span class="sub wide" lang="en">
              {clock.why}
            </span>
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function Verdicts({ clock }: { clock: ReviewedClock }) {
  return (
    <span class="figure">
      {clock.isWatermelon && clock.outcome !== Outcome.BREACHED ? (
        <>
          <OutcomeMark outcome={clock.outcome} /> <Mark tone="melon">{say("watermelon")}</Mark>
        </>
      ) : (
        <OutcomeMark outcome={clock.outcome} />
      )}
    </span>
  );
}
