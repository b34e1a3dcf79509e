import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import {
  createSimVenue,
  decodeSnapshot,
  encodeSnapshot,
  type Candle,
  type OrderSpec,
  type Price,
  type Qty,
  type SimVenue,
  type SimVenueOptions,
  type VenueReport,
} from "@tradewind/core";

/** How an account is opened. */
export type OpenAccount = SimVenueOptions;

/**
 * How the server treats requests of orders. `sound` answers; `hold` carries them out and keeps the answers until it is
 * something else again; `silent` carries them out and cuts the connection; `away` cuts it without doing anything;
 * `error` carries them out and answers 503.
 */
export type Manner = "sound" | "hold" | "silent" | "away" | "error";

/** What the server has seen. */
export interface VenueStats {
  /** Requests received, by name: place, cancel, amend, lookup, snapshot. */
  readonly requests: Readonly<Record<string, number>>;
  /** Placements received, by client id. */
  readonly placed: Readonly<Record<string, number>>;
}

export interface SimulatedVenueServer {
  readonly url: string;
  readonly port: number;
  readonly stats: () => VenueStats;
  /** The account as the venue has it; undefined before it is opened. */
  readonly venue: (account: string) => SimVenue | undefined;
  /** Moves every account's market by one candle. */
  price(candle: Candle): void;
  behave(manner: Manner): void;
  stop(): Promise<void>;
}

interface Account {
  readonly venue: SimVenue;
  readonly listeners: Set<ServerResponse>;
  /** Cash flows so far: told to whoever comes anew, for venues keep them as history. */
  readonly history: VenueReport[];
}

const HEARTBEAT_MS = 1_000;
const orderRequests: readonly string[] = ["place", "cancel", "amend"];

/** Starts a venue on 127.0.0.1; port 0 takes any free one. Its time is that of its prices. */
export async function startSimulatedVenue(port = 0): Promise<SimulatedVenueServer> {
  const accounts = new Map<string, Account>();
  const requests: Record<string, number> = {};
  const placed: Record<string, number> = {};
  let manner: Manner = "sound";
  let held: (() => void)[] = [];
  let time = 0;

  function behave(next: Manner): void {
    manner = next;
    if (next === "hold") return;
    const release = held;
    held = [];
    for (const answer of release) answer();
  }

  function price(candle: Candle): void {
    for (const account of accounts.values()) {
      const out: VenueReport[] = [];
      account.venue.open(candle, out);
      account.venue.arrivals(candle, out);
      account.venue.range(candle, out);
      tell(account, out);
    }
    time = Math.max(time, candle.closeTime);
  }

  function order(what: string, account: Account, body: unknown, response: ServerResponse): void {
    requests[what] = (requests[what] ?? 0) + 1;
    if (what === "place") placed[(body as OrderSpec).clientId] = (placed[(body as OrderSpec).clientId] ?? 0) + 1;
    const own = orderRequests.includes(what) ? manner : "sound";
    if (own === "away") return void response.destroy();
    const out: VenueReport[] = [];
    carryOut(what, account.venue, body, time, out);
    if (orderRequests.includes(what) && own !== "silent")
      tell(
        account,
        out.filter(({ type }) => type !== "request_refused"),
      );
    const answer = (): void => send(response, 200, encodeSnapshot(out[0]));
    if (own === "hold") held.push(answer);
    else if (own === "silent") response.destroy();
    else if (own === "error") send(response, 503, "busy");
    else answer();
  }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, root, id, what] = new URL(request.url ?? "/", "http://venue").pathname.split("/");
    const text = await readAll(request);
    if (root === "prices") {
      price(JSON.parse(text) as Candle);
      return send(response, 200, "{}");
    }
    if (root === "behave") {
      behave((JSON.parse(text) as { manner: Manner }).manner);
      return send(response, 200, "{}");
    }
    if (root === "stats") return send(response, 200, JSON.stringify({ requests, placed }));
    const name = decodeURIComponent(id ?? "");
    if (root === "accounts" && what === "open") {
      if (!accounts.has(name))
        accounts.set(name, { venue: createSimVenue(decodeSnapshot(text) as OpenAccount), listeners: new Set(), history: [] });
      return send(response, 200, "{}");
    }
    const account = accounts.get(name);
    if (root !== "accounts" || account === undefined) return send(response, 404, `no account "${name}"`);
    if (what === "reports") return listen(account, response);
    order(what ?? "", account, decodeSnapshot(text), response);
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => send(response, 400, error instanceof Error ? error.message : String(error)));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const beat = setInterval(() => {
    for (const { listeners } of accounts.values()) for (const listener of listeners) listener.write("\n");
  }, HEARTBEAT_MS);
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    stats: () => ({ requests: { ...requests }, placed: { ...placed } }),
    venue: (account) => accounts.get(account)?.venue,
    price,
    behave,
    stop() {
      clearInterval(beat);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function carryOut(what: string, venue: SimVenue, body: unknown, time: number, out: VenueReport[]): void {
  const { clientId, quantity, stopPrice } = body as { clientId: string; quantity: Qty; stopPrice: Price | undefined };
  if (what === "place") venue.place(body as OrderSpec, time, out);
  else if (what === "cancel") venue.cancel(clientId, time, out);
  else if (what === "amend") venue.amend(clientId, quantity, stopPrice, time, out);
  else if (what === "lookup") venue.lookup(clientId, time, out);
  else if (what === "snapshot") venue.snapshot(time, out);
  else throw new Error(`no request "${what}"`);
}

/** Puts what happened on the account's stream. */
function tell(account: Account, reports: readonly VenueReport[]): void {
  for (const report of reports) {
    if (!("clientId" in report)) account.history.push(report);
    for (const listener of account.listeners) listener.write(`${encodeSnapshot(report)}\n`);
  }
}

function listen(account: Account, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "application/x-ndjson" });
  response.write("\n");
  for (const report of account.history) response.write(`${encodeSnapshot(report)}\n`);
  account.listeners.add(response);
  response.on("close", () => account.listeners.delete(response));
}

function send(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(text);
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const part of request) text += String(part);
  return text;
}
