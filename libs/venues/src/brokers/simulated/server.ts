import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { decodeSnapshot, type Candle, type SimVenue } from "@tradewind/core";
import { createExchange, send, type Exchange, type Manner, type OpenAccount, type VenueStats } from "./exchange.ts";

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

const HEARTBEAT_MS = 1_000;

/**
 * Starts a venue on 127.0.0.1; port 0 takes any free one. Accounts: `POST /accounts/{id}/open|place|cancel|amend|
 * lookup|snapshot`, `GET /accounts/{id}/reports` (its stream, a report a line). Whoever plays the market: `POST
 * /prices` (a candle), `POST /behave` ({manner}), `GET /stats`.
 */
export async function startSimulatedVenue(port = 0): Promise<SimulatedVenueServer> {
  const exchange = createExchange();
  const server = createServer((request, response) => {
    handle(exchange, request, response).catch((error: unknown) =>
      send(response, 400, error instanceof Error ? error.message : String(error)),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const beat = setInterval(exchange.beat, HEARTBEAT_MS);
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}`,
    port: bound,
    stats: exchange.stats,
    venue: exchange.venue,
    price: exchange.price,
    behave: exchange.behave,
    stop() {
      clearInterval(beat);
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function handle(exchange: Exchange, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, root, id, what = ""] = new URL(request.url ?? "/", "http://venue").pathname.split("/");
  const text = await readAll(request);
  if (root === "stats") return send(response, 200, JSON.stringify(exchange.stats()));
  if (root === "prices") exchange.price(JSON.parse(text) as Candle);
  else if (root === "behave") exchange.behave((JSON.parse(text) as { manner: Manner }).manner);
  else return account(exchange, decodeURIComponent(id ?? ""), what, text, response);
  send(response, 200, "{}");
}

function account(exchange: Exchange, name: string, what: string, text: string, response: ServerResponse): void {
  if (what === "open") {
    exchange.open(name, decodeSnapshot(text) as OpenAccount);
    return send(response, 200, "{}");
  }
  if (exchange.venue(name) === undefined) return send(response, 404, `no account "${name}"`);
  if (what === "reports") return exchange.listen(name, response);
  exchange.request(what, name, decodeSnapshot(text), response);
}

async function readAll(request: IncomingMessage): Promise<string> {
  let text = "";
  request.setEncoding("utf8");
  for await (const part of request) text += String(part);
  return text;
}
