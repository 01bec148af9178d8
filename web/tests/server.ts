/** The real binary, filled over gRPC with what a service desk has on a bad Monday. */

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { ClockService } from "../gen/slx/v1/clock_pb.ts";
import { ComplianceService } from "../gen/slx/v1/compliance_pb.ts";
import { Party, WaitingOn } from "../gen/slx/v1/contract_pb.ts";
import { type IncidentEventSchema, IncidentService } from "../gen/slx/v1/incident_pb.ts";
import { timestamp } from "../src/spans.ts";

const HERE = dirname(fileURLToPath(import.meta.url));
const BINARY = process.env.SLX_BINARY ?? join(HERE, "../../target/debug/slx");
const STARTS_WITHIN = 60_000;
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Events in one request. */
const BATCH = 400;
export const TENANT = "zandvoort";

/** A server, and where a browser finds its board. */
export interface Server {
  board: string;
  token: string;
  /** Records that an incident was opened so long ago. */
  open: (id: string, ago: number, priority: string, contract?: string) => Promise<void>;
  /** Records that one was restored so long ago. */
  restore: (id: string, ago: number) => Promise<void>;
  /** Records that so many incidents were opened, each with one clock that is due some day. */
  openMany: (count: number) => Promise<void>;
  /** Signs the review of the period that an address names. */
  sign: (contract: string, address: string) => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts a server over an empty directory; with a token, only whoever has it is let in. */
export async function start(options: { withToken: boolean }): Promise<Server> {
  const folder = mkdtempSync(join(tmpdir(), "slx-board-"));
  const flags = ["--listen=127.0.0.1:0", "--web-listen=127.0.0.1:0"];
  let token = "";
  if (options.withToken) {
    const [file, identities] = [join(folder, "a.token"), join(folder, "identities.toml")];
    slx(
      ["token", "new", "--name", "board", "--scope", "read,record,settle,sign,administer"],
      [
        ["--tenant", TENANT],
        ["--output", file],
        ["--add-to", identities],
      ],
    );
    token = readFileSync(file, "utf8").trim();
    flags.push(`--identities=${identities}`);
  }
  const server = spawn(BINARY, ["serve", `--data-dir=${join(folder, "data")}`, ...flags], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { RUST_LOG: "info" },
  });
  const stop = async () => {
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await filled(await heard(server), token, folder)), token, stop };
  } catch (error) {
    // Whoever waits for its end would wait for ever.
    server.kill("SIGKILL");
    throw error;
  }
}

/** Puts what is agreed, and records what happened. */
async function filled(
  addresses: { api: string; board: string },
  token: string,
  folder: string,
): Promise<Omit<Server, "token" | "stop">> {
  const files = token ? ["--token-file", join(folder, "a.token")] : [];
  slx(
    ["apply", "-f", join(HERE, "agreed.yaml"), "--tenant", TENANT, ...files],
    [["--address", `http://${addresses.api}`]],
  );
  const board = `http://${addresses.board}`;
  const transport = createGrpcWebTransport({ baseUrl: board, interceptors: [bearer(token)] });
  const record = recorder(createClient(IncidentService, transport));
  await fill(record);
  const open = async (id: string, ago: number, priority: string, contract = "workplace") => {
    const opening = new Filling(id);
    opening.open(id, ago, priority, contract);
    await record(opening.events);
  };
  const restore = async (id: string, ago: number) => {
    const restored = new Filling(`restored ${id}`);
    restored.say(id, ago, { case: "restored", value: {} });
    await record(restored.events);
  };
  const openMany = async (count: number) => {
    for (let from = 0; from < count; from += BATCH) {
      const openings = new Filling(`many ${from}`);
      for (let number = from; number < Math.min(from + BATCH, count); number += 1) {
        const ago = ((number * 7919) % 340) * MINUTE;
        openings.say(`INC${1_000_000 + number}`, ago, {
          case: "opened",
          value: { contractIds: ["network"], priority: "P2", service: "netwerk" },
        });
      }
      await record(openings.events);
    }
    // What was recorded is answered once it is indexed.
    const listing = createClient(ClockService, transport);
    await listing.listClocks({ tenant: TENANT, pageSize: 1 }, { timeoutMs: 600_000 });
  };
  const sign = async (contractId: string, address: string) => {
    const period = new URLSearchParams(address).get("period") ?? "";
    const signature = { signatureId: `${contractId} ${period}`, contractId, period };
    const reviews = createClient(ComplianceService, transport);
    await reviews.signServiceReview({ tenant: TENANT, ...signature, signedBy: "J. de Vries" });
  };
  return { board, open, openMany, restore, sign };
}

function slx(words: string[], flags: [string, string][]): void {
  execFileSync(BINARY, [...words, ...flags.flat()], { stdio: ["ignore", "ignore", "inherit"] });
}

/** What it says of where it listens, once it is ready. */
function heard(server: ChildProcess): Promise<{ api: string; board: string }> {
  return new Promise((resolve, reject) => {
    let [api, board] = ["", ""];
    const log: string[] = [];
    const fail = (why: string) => reject(new Error(`${why}\n${log.join("\n")}`));
    const timer = setTimeout(() => fail("it does not start"), STARTS_WITHIN);
    if (!server.stderr) return fail("it has no log");
    server.once("exit", () => fail("it ended"));
    createInterface({ input: server.stderr }).on("line", (line) => {
      log.push(line);
      api ||= / listening address=(\S+)/.exec(line)?.[1] ?? "";
      board ||= / board address=(\S+)/.exec(line)?.[1] ?? "";
      if (!/ ready /.test(line)) return;
      clearTimeout(timer);
      resolve({ api, board });
    });
  });
}

type Event = MessageInitShape<typeof IncidentEventSchema>;
type Fact = NonNullable<Event["fact"]>;

/** Numbers that are the same each time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

type Recording = (events: Event[]) => Promise<void>;

function bearer(token: string): Interceptor {
  return (next) => (request) => {
    if (token) request.header.set("authorization", `Bearer ${token}`);
    return next(request);
  };
}

function recorder(incidents: Client<typeof IncidentService>): Recording {
  return async (events) => {
    const { results } = await incidents.recordEvents({ tenant: TENANT, events });
    const rejected = results.find((result) => result.rejection !== undefined);
    if (rejected) throw new Error(`${rejected.eventId}: ${rejected.rejection?.message}`);
  };
}

class Filling {
  readonly events: Event[] = [];
  private readonly at = Date.now();
  private readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  /** What happened so many milliseconds ago. */
  say(incidentId: string, ago: number, fact: Fact): void {
    const eventId = `${this.name} ${this.events.length}`;
    const occurTime = timestamp(this.at - Math.round(Math.max(ago, 1000)));
    this.events.push({ eventId, incidentId, occurTime, fact });
  }

  open(id: string, ago: number, priority: string, contract = "workplace", users = 0): void {
    const services = ["mail", "werkplek", "printen", "zaaksysteem"];
    this.say(id, ago, {
      case: "opened",
      value: {
        contractIds: [contract],
        priority,
        service: contract === "network" ? "netwerk" : (services[id.length % 4] ?? "mail"),
        category: "storing",
        ...(users > 0 ? { affectedUsers: users } : {}),
      },
    });
    this.say(id, ago - MINUTE, {
      case: "assigned",
      value: { group: contract === "network" ? "Netwerkbeheer" : "Servicedesk" },
    });
  }

  wait(id: string, ago: number, waitingOn: WaitingOn, reason: string, thirdParty = ""): void {
    const status = waitingOn === WaitingOn.PROVIDER ? "In behandeling" : "In de wacht";
    const value = { status, waitingOn, reason, thirdParty };
    this.say(id, ago, { case: "statusChanged", value });
  }

  done(id: string, ago: number): void {
    this.say(id, ago, { case: "resolved", value: {} });
  }
}

async function fill(record: Recording): Promise<void> {
  const filling = new Filling("filled");
  past(filling);
  present(filling);
  for (let from = 0; from < filling.events.length; from += BATCH) {
    await record(filling.events.slice(from, from + BATCH));
  }
}

/** Two months of incidents that are over. */
function past(filling: Filling): void {
  const random = numbers(7);
  for (let number = 0; number < 240; number += 1) {
    const id = `INC00${81_000 + number}`;
    const ago = Math.floor((2 + random() * 60) * DAY);
    const priority = ["P1", "P2", "P2", "P3", "P3", "P3"][Math.floor(random() * 6)] ?? "P3";
    const isNetwork = number % 5 === 0;
    const limit = priority === "P1" ? 4 : priority === "P2" ? 8 : 30;
    const took = Math.floor(limit * HOUR * (random() < 0.12 ? 1.3 + random() : random() * 0.9));
    filling.open(
      id,
      ago,
      priority,
      isNetwork ? "network" : "workplace",
      1 + Math.floor(random() * 40),
    );
    filling.say(id, ago - Math.floor(random() * 20 * MINUTE), { case: "responded", value: {} });
    if (random() < 0.25) {
      filling.wait(id, ago - took / 4, WaitingOn.CLIENT, "Informatie gevraagd");
      filling.wait(id, ago - took / 2, WaitingOn.PROVIDER, "");
    }
    if (random() < 0.06) {
      // In time by the contract, and late for whoever waited.
      filling.wait(id, ago - took, WaitingOn.CLIENT, "Informatie gevraagd");
      filling.done(id, ago - took - limit * HOUR);
      continue;
    }
    if (isNetwork) filling.say(id, ago - took, { case: "restored", value: {} });
    filling.done(id, ago - took);
  }
}

/** What is open now. */
function present(filling: Filling): void {
  const random = numbers(11);
  for (let number = 0; number < 48; number += 1) {
    const id = `INC00${91_000 + number}`;
    const priority = ["P2", "P3", "P3", "P2", "P4"][number % 5] ?? "P3";
    const ago = Math.floor((0.1 + random() * 6.5) * HOUR);
    filling.open(id, ago, priority, number % 6 === 0 ? "network" : "workplace", number % 9);
    if (random() < 0.7) {
      filling.say(id, ago - Math.floor(random() * ago), { case: "responded", value: {} });
    }
    if (number % 4 === 1) filling.wait(id, ago / 2, WaitingOn.CLIENT, "Informatie gevraagd");
    if (number % 7 === 3) filling.wait(id, ago / 3, WaitingOn.THIRD_PARTY, "Onderdeel", "Telco NV");
  }
  // The worst of the morning: it waited, went on, waited for a third party and is late.
  filling.open("INC0090001", 7 * HOUR, "P1", "workplace", 180);
  filling.say("INC0090001", 6.9 * HOUR, { case: "responded", value: {} });
  filling.wait("INC0090001", 6 * HOUR, WaitingOn.CLIENT, "Informatie gevraagd");
  filling.wait("INC0090001", 5.2 * HOUR, WaitingOn.PROVIDER, "");
  filling.wait(
    "INC0090001",
    3.5 * HOUR,
    WaitingOn.THIRD_PARTY,
    "Herstel door leverancier",
    "Telco NV",
  );
  filling.wait("INC0090001", 3 * HOUR, WaitingOn.PROVIDER, "");
  filling.say("INC0090001", 2 * HOUR, {
    case: "impactChanged",
    value: { affectedUsers: 420, productivityLoss: 50 },
  });
  // Nearly late.
  filling.open("INC0090002", 3.4 * HOUR, "P1", "workplace", 35);
  filling.say("INC0090002", 3.3 * HOUR, { case: "responded", value: {} });
  // Its work still fits, and nobody does it.
  filling.open("INC0090003", 5 * HOUR, "P2", "workplace", 12);
  filling.say("INC0090003", 4.9 * HOUR, { case: "responded", value: {} });
  filling.say("INC0090003", 4.8 * HOUR, {
    case: "effortEstimated",
    value: { remaining: { seconds: 5400n, nanos: 0 } },
  });
  // To be settled: help outside the scope, and a breach by somebody else's doing.
  filling.open("INC0090004", 9 * HOUR, "P3");
  filling.say("INC0090004", 8 * HOUR, {
    case: "scopeJudged",
    value: { inScope: false, note: "Privételefoon" },
  });
  filling.open("INC0090005", 26 * HOUR, "P1", "network");
  filling.say("INC0090005", 20 * HOUR, { case: "restored", value: {} });
  filling.done("INC0090005", 20 * HOUR);
  filling.say("INC0090005", 19 * HOUR, {
    case: "causeAttributed",
    value: { party: Party.CLIENT, note: "Graafwerk op eigen terrein" },
  });
}
