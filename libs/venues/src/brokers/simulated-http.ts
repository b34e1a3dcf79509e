import { decodeSnapshot, encodeSnapshot, Failure, type VariantPlan, type VenueReport } from "@tradewind/core";
import type { Broker, BrokerCapabilities, BrokerShell } from "./broker.ts";
import type { OpenAccount } from "./simulated/exchange.ts";
import { createTransport, type Outcome, type Transport } from "./simulated/transport.ts";

export interface SimulatedHttpOptions extends BrokerShell {
  /** Of the simulated venue server. */
  readonly url: string;
  readonly account: string;
  /** Those of the account; the server opens it as the first one asks for, unless it is there already. */
  readonly plans: readonly VariantPlan[];
  /** Patience with an answer, ms of the wall. Beyond it an order counts as unknown. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const RECONNECT_MS = 200;

const capabilities: BrokerCapabilities = { amend: true, restingStops: true, reduceOnly: true, groups: true, lookupByClientId: true };

/** What answers a request properly; anything else is no answer. */
const answersTo = {
  place: ["open", "closed"],
  cancel: ["closed", "request_refused"],
  amend: ["amended", "request_refused"],
} as const satisfies Record<string, readonly VenueReport["type"][]>;

/** An account at a simulated venue server. Throws `VENUE_UNREACHABLE` (retry). */
export async function openSimulatedHttp(options: SimulatedHttpOptions): Promise<Broker> {
  const { url, account, now } = options;
  const transport = createTransport({ url, timeoutMs: options.timeoutMs ?? TIMEOUT_MS });
  const base = `/accounts/${encodeURIComponent(account)}`;
  const opened = await transport.post(`${base}/open`, encodeSnapshot(accountOf(options.plans)));
  if (opened.type !== "answered" || opened.status !== 200) {
    transport.close();
    const why = opened.type === "answered" ? `status ${opened.status}` : opened.reason;
    throw new Failure(
      "retry",
      "VENUE_UNREACHABLE",
      `simulated venue at ${new URL(url).origin}: ${why}; start it or correct venues.<broker>.url`,
    );
  }
  const stream = await followReports(transport, `${base}/reports`, options);

  /** What the venue said of what was asked, with our time; undefined when it said nothing of use. */
  const said = (outcome: Outcome, expected: readonly VenueReport["type"][], clientId?: string): VenueReport | undefined => {
    if (outcome.type !== "answered" || outcome.status !== 200) return undefined;
    const report = readReport(outcome.text);
    if (report === undefined || !expected.includes(report.type)) return undefined;
    if (clientId !== undefined && (!("clientId" in report) || report.clientId !== clientId)) return undefined;
    return { ...report, time: now() };
  };
  /** An order's request: without a proper answer nobody knows. */
  const ask = async (what: keyof typeof answersTo, clientId: string, body: unknown): Promise<VenueReport> => {
    const outcome = await transport.post(`${base}/${what}`, encodeSnapshot(body), () => Promise.resolve(mayNot(options)));
    return said(outcome, answersTo[what], clientId) ?? { type: "unanswered", time: now(), clientId, reason: reasonOf(outcome) };
  };
  const question = async (what: "lookup" | "snapshot", body: unknown): Promise<VenueReport | undefined> =>
    said(await transport.post(`${base}/${what}`, encodeSnapshot(body)), [what]);

  return {
    capabilities,
    async place(order, sendBy) {
      const ready = async (): Promise<string | undefined> => {
        await options.pause?.("check");
        if (now() > sendBy) return "its time to be sent had passed";
        const refused = mayNot(options);
        if (refused === undefined) await options.pause?.("write");
        return refused;
      };
      const { clientId } = order;
      const outcome = await transport.post(`${base}/place`, encodeSnapshot(order), ready);
      if (outcome.type === "unsent") return { type: "not_sent", time: now(), clientId, reason: outcome.reason };
      return said(outcome, answersTo.place, clientId) ?? { type: "unanswered", time: now(), clientId, reason: reasonOf(outcome) };
    },
    cancel: (clientId) => ask("cancel", clientId, { clientId }),
    amend: ({ clientId, quantity, stopPrice }) => ask("amend", clientId, { clientId, quantity, stopPrice }),
    lookup: (clientId) => question("lookup", { clientId }),
    snapshot: () => question("snapshot", {}),
    close() {
      stream.stop();
      transport.close();
      return Promise.resolve();
    },
  };
}

function readReport(text: string): VenueReport | undefined {
  try {
    const value = decodeSnapshot(text);
    return typeof value === "object" && value !== null && "type" in value ? (value as VenueReport) : undefined;
  } catch {
    return undefined;
  }
}

function mayNot({ mayWrite }: BrokerShell): string | undefined {
  return mayWrite() ? undefined : "the account is no longer this instance's";
}

function reasonOf(outcome: Outcome): string {
  return outcome.type === "answered" ? `status ${outcome.status}, ${outcome.text.slice(0, 80)}` : outcome.reason;
}

function accountOf(plans: readonly VariantPlan[]): OpenAccount {
  const first = plans[0]!;
  const instruments = new Map(plans.flatMap((plan) => plan.instruments.map((instrument) => [instrument.id, instrument])));
  return {
    instruments: [...instruments.values()],
    currency: first.account.currency,
    balance: first.account.startingBalance,
    leverage: first.risk.leverage,
    costs: first.costs,
    fills: first.fills,
  };
}

/** Reads the account's stream for as long as the broker is open; each time it breaks, the shell is told to check. */
async function followReports(transport: Transport, path: string, shell: BrokerShell): Promise<{ stop(): void }> {
  let stopped = false;
  let current: { stop(): void } | undefined;
  let retry: NodeJS.Timeout | undefined;

  async function connect(): Promise<void> {
    let rest = "";
    current = await transport.stream(
      path,
      (text) => {
        const lines = (rest + text).split("\n");
        rest = lines.pop()!;
        for (const report of lines.map(readReport)) if (report !== undefined) shell.onReport({ ...report, time: shell.now() });
      },
      again,
    );
    if (stopped) current.stop();
  }
  function again(): void {
    if (stopped) return;
    retry = setTimeout(() => void connect().then(() => shell.onGap(), again), RECONNECT_MS);
  }

  await connect();
  return {
    stop() {
      stopped = true;
      clearTimeout(retry);
      current?.stop();
    },
  };
}
