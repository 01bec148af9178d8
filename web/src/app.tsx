/** The board: who looks, at what, and through which filters. */

import { useEffect, useRef } from "preact/hooks";
import type { Contract } from "../gen/slx/v1/contract_pb.ts";
import { go, place, VIEWS, type View } from "./address.ts";
import { chooseTenant, contracts, hasToken, isRefused, signOut, tenant } from "./api.ts";
import { areKeysOn, keepKeys, listenToKeys } from "./keys.ts";
import { Answered, Go, Nothing } from "./parts/common.tsx";
import { keepTime, useAnswer } from "./time.ts";
import { IncidentView } from "./views/incident.tsx";
import { Month } from "./views/month.tsx";
import { Now } from "./views/now.tsx";
import { Objectives } from "./views/objectives.tsx";
import { Settlement } from "./views/settlement.tsx";
import { SignIn } from "./views/sign-in.tsx";
import { LANGUAGES, language, say, type WordId, zone } from "./words.ts";

/** Contracts to choose from: of more, one is named in the address. */
const CONTRACTS = 500;
/** A limit for all priorities that have none of their own: those can be typed. */
const OTHERS = "*";

const NAMES: Record<View, WordId> = {
  now: "view-now",
  incident: "view-incident",
  objectives: "view-objectives",
  month: "view-month",
  settlement: "view-settlement",
};

export function App() {
  const spoken = language.value;
  const { view } = place.value;
  useEffect(() => {
    document.documentElement.lang = spoken;
    document.title = `${say(NAMES[view])} · slx`;
  }, [spoken, view]);
  useEffect(listenToKeys, []);
  return (
    <>
      <a class="skip" href="#main">
        {say("skip")}
      </a>
      <Head />
      {isRefused.value ? (
        <main id="main" tabIndex={-1}>
          <SignIn />
        </main>
      ) : (
        <Board />
      )}
      <Foot />
    </>
  );
}

function Head() {
  const { view } = place.value;
  return (
    <header class="top">
      <span class="name">slx</span>
      {!isRefused.value && (
        <nav aria-label={say("views")}>
          {VIEWS.map((one) => (
            <Go to={{ view: one }} current={one === view} key={one}>
              {say(NAMES[one])}
            </Go>
          ))}
        </nav>
      )}
      <div class="own">
        <label>
          <span class="hidden">{say("language")}</span>
          <select
            value={language.value}
            onChange={(event) => go({ lang: event.currentTarget.value })}
          >
            {Object.entries(LANGUAGES).map(([tag, name]) => (
              <option value={tag} key={tag} lang={tag}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <Help />
        {hasToken() && !isRefused.value && (
          <button type="button" onClick={signOut}>
            {say("sign-out")}
          </button>
        )}
      </div>
    </header>
  );
}

function Board() {
  const whose = tenant.value;
  const answer = useAnswer(
    async (signal) => {
      const found = await contracts.listContracts(
        { tenant: whose, pageSize: CONTRACTS },
        { signal },
      );
      keepTime(found.stamp);
      return found;
    },
    [whose],
  );
  const known = answer.data?.contracts ?? [];
  const { view, incident } = place.value;
  const hasOwnTitle = view === "month" || (view === "incident" && incident !== "");
  const needsContracts = view === "objectives" || view === "month";
  return (
    <>
      <Filters contracts={known} />
      <main id="main" tabIndex={-1} class={view}>
        {!hasOwnTitle && <h1 class="hidden">{say(NAMES[view])}</h1>}
        {answer.data && known.length === 0 && !needsContracts && (
          <Nothing>{say("no-contracts")}</Nothing>
        )}
        {view === "now" && <Now contracts={answer.data?.contracts} />}
        {view === "incident" && <IncidentView />}
        {view === "settlement" && <Settlement />}
        {needsContracts && (
          <Answered answer={answer}>
            {({ contracts }) =>
              view === "objectives" ? (
                <Objectives contracts={contracts} />
              ) : (
                <Month contracts={contracts} />
              )
            }
          </Answered>
        )}
      </main>
    </>
  );
}

function Filters({ contracts }: { contracts: Contract[] }) {
  const { view, contract, target, priority } = place.value;
  if (view === "incident") return null;
  const chosen = contracts.filter((one) => !contract || one.id === contract);
  const targets = chosen.flatMap((one) => one.terms?.targets ?? []);
  const priorities = targets.flatMap((one) => one.limits.map((limit) => limit.priority));
  const sorted = (texts: string[]) => [...new Set(texts)].filter(Boolean).sort();
  const named = sorted(priorities).filter((priority) => priority !== OTHERS);
  return (
    <search class="filters" aria-label={say("filters")}>
      <Choice
        label={say("column-contract")}
        value={contract || (view === "month" ? (contracts[0]?.id ?? "") : "")}
        all={view === "month" ? "" : say("all-contracts")}
        choices={contracts.map((one) => [one.id, one.title || one.id])}
        choose={(contract) => go({ contract })}
      />
      {view === "now" && (
        <>
          <Choice
            label={say("column-target")}
            value={target}
            all={say("all-targets")}
            choices={sorted(targets.map((one) => one.id)).map((id) => [id, id])}
            choose={(target) => go({ target })}
          />
          <label>
            <span>{say("column-priority")}</span>
            <input
              list="priorities"
              value={priority}
              placeholder={say("all-priorities")}
              autocomplete="off"
              onChange={(event) => go({ priority: event.currentTarget.value.trim() })}
            />
            <datalist id="priorities">
              {named.map((one) => (
                <option value={one} key={one} />
              ))}
            </datalist>
          </label>
          {(contract || target || priority) && (
            <button type="button" onClick={() => go({ contract: "", target: "", priority: "" })}>
              {say("no-filters")}
            </button>
          )}
        </>
      )}
    </search>
  );
}

function Choice(props: {
  label: string;
  value: string;
  all: string;
  choices: [string, string][];
  choose: (value: string) => void;
}) {
  const { label, value, all, choices, choose } = props;
  const isKnown = value === "" || choices.some(([id]) => id === value);
  return (
    <label>
      <span>{label}</span>
      <select value={value} onChange={(event) => choose(event.currentTarget.value)}>
        {all && <option value="">{all}</option>}
        {!isKnown && <option value={value}>{value}</option>}
        {choices.map(([id, name]) => (
          <option value={id} key={id}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

const KEYS: [string, WordId][] = [
  ["1 – 5", "key-views"],
  ["j, k", "key-move"],
  ["/", "key-search"],
  ["?", "key-help"],
];

function Help() {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button
        type="button"
        id="help"
        aria-label={say("help")}
        onClick={() => dialog.current?.showModal()}
      >
        ?
      </button>
      <dialog ref={dialog} aria-label={say("help")}>
        <h2>{say("help")}</h2>
        <dl class="facts">
          {KEYS.map(([key, word]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{say(word)}</dd>
            </div>
          ))}
        </dl>
        <label class="check">
          <input
            type="checkbox"
            checked={areKeysOn.value}
            onChange={(event) => keepKeys(event.currentTarget.checked)}
          />{" "}
          {say("keys-on")}
        </label>
        <div class="buttons">
          <button type="button" class="main" onClick={() => dialog.current?.close()}>
            {say("close")}
          </button>
        </div>
      </dialog>
    </>
  );
}

function Foot() {
  return (
    <footer>
      {!isRefused.value && (
        <label>
          {say("tenant")}{" "}
          <input
            value={tenant.value}
            autocomplete="off"
            onChange={(event) => chooseTenant(event.currentTarget.value)}
          />
        </label>
      )}
      <span>{say("times-in", { zone: zone() })}</span>
    </footer>
  );
}
