/** What is left to settle, and deciding it. */

import { useRef, useState } from "preact/hooks";
import {
  type FacetStatus,
  SettlementFacet,
  type SettlementItem,
  type SettlementItemStatus,
  SettlementKind,
  SettlementState,
} from "../../gen/slx/v1/settlement_pb.ts";
import { go, place } from "../address.ts";
import { newId, problem, settlement, tenant } from "../api.ts";
import { Answered, At, IncidentLink, Mark, Nothing, Panel } from "../parts/common.tsx";
import { useAnswer } from "../time.ts";
import { money, period as named, say, type WordId } from "../words.ts";

const PAGE = 50;
const DECIDER = "slx-decider";
const SHOWN_INCIDENTS = 5;

export function Settlement() {
  const { contract, settled } = place.value;
  const request = {
    tenant: tenant.value,
    contractId: contract,
    onlyOpen: settled !== "all",
    pageSize: PAGE,
  };
  const [tokens, setTokens] = useState<string[]>([""]);
  const pageToken = tokens.at(-1) ?? "";
  const answer = useAnswer(
    (signal) => settlement.listSettlementItems({ ...request, pageToken }, { signal }),
    [request, pageToken],
  );
  return (
    <Panel
      id="settlement"
      title={say("view-settlement")}
      aside={
        <label class="check">
          <input
            type="checkbox"
            checked={settled === "all"}
            onChange={(event) => {
              setTokens([""]);
              go({ settled: event.currentTarget.checked ? "all" : "" });
            }}
          />{" "}
          {say("settled-too")}
        </label>
      }
    >
      <Answered answer={answer}>
        {({ items, nextPageToken }) => (
          <>
            {items.length === 0 && <Nothing>{say("nothing-to-settle")}</Nothing>}
            <ul class="items">
              {items.map(
                (status) =>
                  status.item && (
                    <Item
                      key={status.item.itemId}
                      status={status}
                      item={status.item}
                      again={answer.again}
                    />
                  ),
              )}
            </ul>
            <div class="pages">
              {tokens.length > 1 && (
                <button type="button" onClick={() => setTokens(tokens.slice(0, -1))}>
                  {say("page-before")}
                </button>
              )}
              {nextPageToken && (
                <button type="button" onClick={() => setTokens([...tokens, nextPageToken])}>
                  {say("page-after")}
                </button>
              )}
            </div>
          </>
        )}
      </Answered>
    </Panel>
  );
}

/** What an item is about, in the words of the review. */
function about(item: SettlementItem): string {
  const period = item.period && named(item.period);
  switch (item.kind) {
    case SettlementKind.OUT_OF_SCOPE:
      return say("item-scope");
    case SettlementKind.EXCLUDED:
      return say("item-excluded");
    case SettlementKind.EXCLUDED_OUTAGE:
      return say("item-excluded-outage");
    case SettlementKind.CREDIT:
      return (item.amount ?? 0n) < 0n
        ? say("item-earned-back", { period })
        : say("item-credit", { period });
    case SettlementKind.BONUS:
      return say("item-bonus", { period });
    case SettlementKind.DECISION_OPEN:
      return say("item-decision", {
        party: item.thirdParty ? item.thirdParty : say("the-client"),
      });
    default:
      return item.summary;
  }
}

const FACETS: Record<SettlementFacet, WordId> = {
  [SettlementFacet.UNSPECIFIED]: "none",
  [SettlementFacet.TECHNICAL]: "facet-technical",
  [SettlementFacet.ADMINISTRATIVE]: "facet-administrative",
  [SettlementFacet.FINANCIAL]: "facet-financial",
};

const STATES: Record<SettlementState, [WordId, string]> = {
  [SettlementState.UNSPECIFIED]: ["none", "plain"],
  [SettlementState.OPEN]: ["outcome-undecided", "warn"],
  [SettlementState.AGREED]: ["state-agreed", "good"],
  [SettlementState.WAIVED]: ["state-waived", "plain"],
};

function Item(props: { status: SettlementItemStatus; item: SettlementItem; again: () => void }) {
  const { status, item, again } = props;
  const facets = status.facets.filter(({ facet }) => facet !== SettlementFacet.UNSPECIFIED);
  return (
    <li class="item">
      <div class="what">
        <h3>{about(item)}</h3>
        <p class="sub">
          {item.contractId}
          {item.client && ` · ${item.client}`} · {say("column-since")} <At time={item.openTime} />
        </p>
        {item.incidentIds.length > 0 && (
          <p>
            {item.incidentIds.slice(0, SHOWN_INCIDENTS).map((id) => (
              <span key={id}>
                <IncidentLink id={id} />{" "}
              </span>
            ))}
            {item.incidentIds.length > SHOWN_INCIDENTS &&
              say("others-not-shown", { count: item.incidentIds.length - SHOWN_INCIDENTS })}
          </p>
        )}
        {status.withdrawn && <p class="note">{say("item-withdrawn")}</p>}
      </div>
      <p class="amount">
        {item.amount !== undefined && (
          <>
            <span class="label">{say("column-amount")}</span> {money(item.amount, item.currency)}
          </>
        )}
      </p>
      <ul class="facets">
        {facets.map((facet) => (
          <Facet key={facet.facet} facet={facet} item={item} again={again} />
        ))}
      </ul>
    </li>
  );
}

function Facet(props: { facet: FacetStatus; item: SettlementItem; again: () => void }) {
  const { facet, item, again } = props;
  const [word, tone] = STATES[facet.state] ?? STATES[SettlementState.UNSPECIFIED];
  const dialog = useRef<HTMLDialogElement>(null);
  const name = say(FACETS[facet.facet] ?? "none");
  const { decision } = facet;
  return (
    <li>
      <span class="facet">{name}</span> <Mark tone={tone}>{say(word)}</Mark>
      {decision && (
        <span class="sub">
          {decision.decidedBy}, <At time={decision.decideTime} />
          {decision.note && ` – ${decision.note}`}
        </span>
      )}
      <button
        type="button"
        aria-label={say("decide-on", { facet: name, item: about(item) })}
        onClick={() => dialog.current?.showModal()}
      >
        {say("decide")}
      </button>
      <dialog ref={dialog} aria-label={say("decide-on", { facet: name, item: about(item) })}>
        <Decide
          facet={facet}
          item={item}
          close={() => dialog.current?.close()}
          done={() => {
            dialog.current?.close();
            again();
          }}
        />
      </dialog>
    </li>
  );
}

/** The amount in minor units that somebody typed; `null`: it is none. */
function minorUnits(text: string, currency: string): bigint | null {
  const digits = new Intl.NumberFormat("en", {
    style: "currency",
    currency: currency || "EUR",
  }).resolvedOptions().maximumFractionDigits;
  const match = /^([-−]?)(\d+)(?:[.,](\d+))?$/.exec(text.replace(/\s/g, ""));
  const fraction = match?.[3] ?? "";
  if (!match || fraction.length > (digits ?? 2)) return null;
  const minor = BigInt(match[2] + fraction.padEnd(digits ?? 2, "0"));
  return match[1] ? -minor : minor;
}

function Decide(props: {
  facet: FacetStatus;
  item: SettlementItem;
  close: () => void;
  done: () => void;
}) {
  const { facet, item, close, done } = props;
  const [error, setError] = useState("");
  const [isBusy, setIsBusy] = useState(false);
  // Sent again it is the same decision, not another one.
  const id = useRef(newId("board"));
  const isFinancial = facet.facet === SettlementFacet.FINANCIAL;
  const decide = async (event: SubmitEvent) => {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const text = (name: string) => String(data.get(name) ?? "").trim();
    const amount = text("amount") ? minorUnits(text("amount"), item.currency) : undefined;
    if (amount === null) {
      setError(say("not-an-amount"));
      return;
    }
    sessionStorage.setItem(DECIDER, text("by"));
    setIsBusy(true);
    try {
      await settlement.decideSettlementItem({
        tenant: tenant.value,
        decision: {
          decisionId: id.current,
          itemId: item.itemId,
          facet: facet.facet,
          state: Number(text("state")) as SettlementState,
          decidedBy: text("by"),
          note: text("note"),
          ...(amount === undefined ? {} : { amount }),
        },
      });
      id.current = newId("board");
      setError("");
      done();
    } catch (refused) {
      const said = problem(refused);
      setError(said ? `${said.text} ${said.detail}` : "");
    } finally {
      setIsBusy(false);
    }
  };
  const states = [SettlementState.AGREED, SettlementState.WAIVED, SettlementState.OPEN] as const;
  const key = `${item.itemId} ${facet.facet}`;
  return (
    <form class="decide" onSubmit={decide}>
      <h4>{say(FACETS[facet.facet] ?? "none")}</h4>
      <p class="sub">{about(item)}</p>
      <fieldset>
        <legend>{say("decision")}</legend>
        {states.map((state) => (
          <label key={state} class="check">
            <input
              type="radio"
              name="state"
              value={state}
              required
              defaultChecked={state === SettlementState.AGREED}
            />{" "}
            {say(STATES[state][0])}
          </label>
        ))}
      </fieldset>
      {isFinancial && item.currency && (
        <label>
          {say("column-amount")} ({item.currency})
          <input name="amount" inputMode="decimal" autocomplete="off" />
        </label>
      )}
      <label>
        {say("decided-by")}
        <input
          name="by"
          required
          maxLength={256}
          autocomplete="name"
          defaultValue={sessionStorage.getItem(DECIDER) ?? ""}
        />
      </label>
      <label for={key}>{say("column-why")}</label>
      <textarea id={key} name="note" rows={3} maxLength={4096} />
      {error && (
        <p class="problem" role="alert">
          {error}
        </p>
      )}
      <div class="buttons">
        <button type="submit" class="main" disabled={isBusy}>
          {say("record-decision")}
        </button>
        <button type="button" onClick={close}>
          {say("cancel")}
        </button>
      </div>
    </form>
  );
}
