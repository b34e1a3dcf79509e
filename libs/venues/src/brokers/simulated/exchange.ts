import type { ServerResponse } from "node:http";
import {
  createSimVenue,
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
 * How requests of orders are treated. `sound` answers; `hold` carries them out and keeps the answers until it is
 * something else again; `silent` carries them out and cuts the connection; `away` cuts it without doing anything;
 * `error` carries them out and answers 503.
 */
export type Manner = "sound" | "hold" | "silent" | "away" | "error";

/** What the venue has seen. */
export interface VenueStats {
  /** Requests received, by name: place, cancel, amend, lookup, snapshot. */
  readonly requests: Readonly<Record<string, number>>;
  /** Placements received, by client id. */
  readonly placed: Readonly<Record<string, number>>;
}

/** The venue behind the HTTP server: accounts, one market for all of them, and its manners. Its time is that of its prices. */
export interface Exchange {
  open(account: string, options: OpenAccount): void;
  venue(account: string): SimVenue | undefined;
  /** Moves every account's market by one candle. */
  price(candle: Candle): void;
  behave(manner: Manner): void;
  stats(): VenueStats;
  /** A request about orders; `body` is what it carries. */
  request(what: string, account: string, body: unknown, response: ServerResponse): void;
  /** Makes the answer the account's stream. */
  listen(account: string, response: ServerResponse): void;
  /** Tells every listener that the stream lives. */
  beat(): void;
}

interface Account {
  readonly venue: SimVenue;
  readonly listeners: Set<ServerResponse>;
  /** Cash flows so far: told to whoever comes anew, for venues keep them as history. */
  readonly history: VenueReport[];
}

const changing: readonly string[] = ["place", "cancel", "amend"];

export function createExchange(): Exchange {
  const accounts = new Map<string, Account>();
  const requests: Record<string, number> = {};
  const placed: Record<string, number> = {};
  let manner: Manner = "sound";
  let held: (() => void)[] = [];
  let time = 0;

  return {
    open(account, options) {
      if (!accounts.has(account)) accounts.set(account, { venue: createSimVenue(options), listeners: new Set(), history: [] });
    },
    venue: (account) => accounts.get(account)?.venue,
    price(candle) {
      for (const account of accounts.values()) {
        const out: VenueReport[] = [];
        account.venue.open(candle, out);
        account.venue.arrivals(candle, out);
        account.venue.range(candle, out);
        tell(account, out);
      }
      time = Math.max(time, candle.closeTime);
    },
    behave(next) {
      manner = next;
      if (next === "hold") return;
      const release = held;
      held = [];
      for (const answer of release) answer();
    },
    stats: () => ({ requests: { ...requests }, placed: { ...placed } }),
    request(what, name, body, response) {
      const account = accounts.get(name)!;
      requests[what] = (requests[what] ?? 0) + 1;
      if (what === "place") placed[(body as OrderSpec).clientId] = (placed[(body as OrderSpec).clientId] ?? 0) + 1;
      const own = changing.includes(what) ? manner : "sound";
      if (own === "away") return void response.destroy();
      const out: VenueReport[] = [];
      carryOut(what, account.venue, body, time, out);
      const streamed = out.filter(({ type }) => type !== "request_refused");
      if (changing.includes(what) && own !== "silent") tell(account, streamed);
      const answer = (): void => send(response, 200, encodeSnapshot(out[0]));
      if (own === "hold") held.push(answer);
      else if (own === "silent") response.destroy();
      else if (own === "error") send(response, 503, "busy");
      else answer();
    },
    listen: (name, response) => listen(accounts.get(name)!, response),
    beat() {
      for (const { listeners } of accounts.values()) for (const listener of listeners) listener.write("\n");
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

export function send(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(text);
}
