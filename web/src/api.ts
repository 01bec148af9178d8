/** The API of slx, as gRPC-web: the same services that every client calls. */

import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcWebTransport } from "@connectrpc/connect-web";
import { computed, signal } from "@preact/signals";
import { CalendarService } from "../gen/slx/v1/calendar_pb.ts";
import { ClockService } from "../gen/slx/v1/clock_pb.ts";
import { ComplianceService } from "../gen/slx/v1/compliance_pb.ts";
import { ContractService } from "../gen/slx/v1/contract_pb.ts";
import { ForecastService } from "../gen/slx/v1/forecast_pb.ts";
import { IncidentService } from "../gen/slx/v1/incident_pb.ts";
import { SettlementService } from "../gen/slx/v1/settlement_pb.ts";
import { go, place } from "./address.ts";
import { say, type WordId } from "./words.ts";

const TOKEN = "slx-token";
const TENANT = "slx-tenant";
const NOBODY = "default";

/** The token that is sent: kept as long as this tab is open, and nowhere else. */
const token = signal(sessionStorage.getItem(TOKEN) ?? "");
/** Whether the server wants a token that it has not got, or not one that it knows. */
export const isRefused = signal(false);
/** The tenant that was last chosen in this tab. */
const chosen = signal(sessionStorage.getItem(TENANT) ?? NOBODY);
/** The tenant whose incidents are shown: the one in the address, or the last that was chosen. */
export const tenant = computed(() => place.value.tenant || chosen.value);

/** Shows another tenant, with none of the filters of this one. */
export function chooseTenant(name: string): void {
  chosen.value = name.trim() || NOBODY;
  sessionStorage.setItem(TENANT, chosen.value);
  go({ tenant: chosen.value, contract: "", target: "", priority: "", incident: "" });
}

/** Whether a token is sent. */
export function hasToken(): boolean {
  return token.value !== "";
}

/** Keeps who calls, and for whom. */
export function signIn(newToken: string, newTenant: string): void {
  token.value = newToken.trim();
  sessionStorage.setItem(TOKEN, token.value);
  if (newTenant.trim() !== tenant.value) chooseTenant(newTenant);
  isRefused.value = false;
}

/** Forgets the token. */
export function signOut(): void {
  token.value = "";
  sessionStorage.removeItem(TOKEN);
  isRefused.value = true;
}

const withToken: Interceptor = (next) => async (request) => {
  if (token.value) request.header.set("authorization", `Bearer ${token.value}`);
  try {
    return await next(request);
  } catch (error) {
    if (ConnectError.from(error).code === Code.Unauthenticated) isRefused.value = true;
    throw error;
  }
};

const transport = createGrpcWebTransport({
  baseUrl: location.origin,
  interceptors: [withToken],
});

export const calendars = createClient(CalendarService, transport);
export const clocks = createClient(ClockService, transport);
export const compliance = createClient(ComplianceService, transport);
export const contracts = createClient(ContractService, transport);
export const forecasts = createClient(ForecastService, transport);
export const incidents = createClient(IncidentService, transport);
export const settlement = createClient(SettlementService, transport);

const PROBLEMS: Partial<Record<Code, WordId>> = {
  [Code.PermissionDenied]: "problem-denied",
  [Code.NotFound]: "problem-not-found",
  [Code.Unavailable]: "problem-unavailable",
  [Code.ResourceExhausted]: "problem-busy",
  [Code.DeadlineExceeded]: "problem-busy",
  [Code.Unknown]: "problem-unavailable",
};

/** What went wrong, for people; `null`: nothing did, somebody only no longer waits. */
export function problem(error: unknown): { text: string; detail: string } | null {
  const failed = ConnectError.from(error);
  if (failed.code === Code.Canceled || failed.code === Code.Unauthenticated) return null;
  return { text: say(PROBLEMS[failed.code] ?? "problem-other"), detail: failed.rawMessage };
}

/** A new id for something that is recorded, which no other has. */
export function newId(prefix: string): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `${prefix}-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
