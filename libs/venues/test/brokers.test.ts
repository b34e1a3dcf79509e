import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  approve,
  encodeSnapshot,
  fromNumber,
  type Approved,
  type Candle,
  type OrderSpec,
  type Qty,
  type VenueReport,
} from "@tradewind/core";
import { eventually } from "@tradewind/testkit";
import { openSimulatedHttp, startSimulatedVenue, type Broker, type BrokerShell, type SimulatedVenueServer } from "../src/index.ts";
import { plan } from "./brokers-plan.ts";

const PATIENCE_MS = 200;
const order = (clientId: string): Approved<OrderSpec> =>
  approve({
    clientId,
    variant: "v",
    instrument: "BTC-USD",
    side: "BUY",
    leg: "entry",
    type: "market",
    quantity: fromNumber<Qty>(1),
    reduceOnly: false,
    reason: "test",
  });
const candle = (minute: number, price: number): Candle => ({
  instrument: "BTC-USD",
  timeframe: "1m",
  openTime: minute * 60_000,
  closeTime: (minute + 1) * 60_000,
  open: price,
  high: price,
  low: price,
  close: price,
  volume: 1_000,
  revision: 0,
  origin: "live",
  synthetic: false,
});

let now: number;
let mayWrite: boolean;
let reports: VenueReport[];
let gaps: number;
let broker: Broker | undefined;
beforeEach(() => {
  now = 1_000;
  mayWrite = true;
  reports = [];
  gaps = 0;
});

async function open(url: string): Promise<Broker> {
  const shell: BrokerShell = {
    now: () => now,
    mayWrite: () => mayWrite,
    onReport: (report) => void reports.push(report),
    onGap: () => void (gaps += 1),
  };
  broker = await openSimulatedHttp({ ...shell, url, account: "a", plans: [plan], timeoutMs: PATIENCE_MS });
  return broker;
}
afterEach(() => broker?.close());

describe("given a simulated venue", () => {
  let server: SimulatedVenueServer;
  beforeEach(async () => {
    server = await startSimulatedVenue();
  });
  afterEach(() => server.stop());

  test("an order is placed, filled on its stream, looked up and part of the whole", async () => {
    const own = await open(server.url);
    now = 5_000;
    expect(await own.place(order("1"), 6_000)).toMatchObject({ type: "open", clientId: "1", time: 5_000 });
    server.price(candle(1, 100));
    await eventually(() => reports.some(({ type }) => type === "fill"));
    expect(await own.lookup("1", "BTC-USD")).toMatchObject({ type: "lookup", order: { open: false, outcome: "filled" } });
    expect(await own.lookup("2", "BTC-USD")).toMatchObject({ type: "lookup", order: null });
    expect(await own.snapshot()).toMatchObject({ type: "snapshot", positions: [{ instrument: "BTC-USD", qty: fromNumber(1) }] });
    expect(await own.cancel("1", "BTC-USD")).toMatchObject({ type: "request_refused", request: "cancelling" });
  });

  test("after its time, or when the account is another's, an order is not sent at all", async () => {
    const own = await open(server.url);
    expect(await own.place(order("1"), 999)).toMatchObject({ type: "not_sent", clientId: "1" });
    mayWrite = false;
    expect(await own.place(order("2"), 9_000)).toMatchObject({ type: "not_sent", clientId: "2" });
    expect(await own.cancel("3", "BTC-USD")).toMatchObject({ type: "unanswered", clientId: "3" });
    expect(server.stats()).toEqual({ requests: {}, placed: {} });
  });

  test("an answer that comes after the transport's patience is dropped; the order is unknown until it is looked up", async () => {
    const own = await open(server.url);
    server.behave("hold");
    expect(await own.place(order("1"), 9_000)).toMatchObject({ type: "unanswered", clientId: "1" });
    server.behave("sound");
    expect(await own.lookup("1", "BTC-USD")).toMatchObject({ order: { open: true } });
    expect(server.stats().placed).toEqual({ 1: 1 });
  });

  test.each(["silent", "error", "away"] as const)(
    "a venue that is %s leaves the order unknown, whether it is there or not",
    async (manner) => {
      const own = await open(server.url);
      server.behave(manner);
      expect(await own.place(order("1"), 9_000)).toMatchObject({ type: "unanswered", clientId: "1" });
      const found = await own.lookup("1", "BTC-USD");
      expect(found?.type === "lookup" && found.order !== null).toBe(manner !== "away");
      expect(server.stats().placed).toEqual({ 1: 1 });
    },
  );

  test("a venue that is gone before anything was written never had the order", async () => {
    const own = await open(server.url);
    await server.stop();
    // On a connection that still seems open the bytes may have gone; on one that cannot be opened they have not.
    await eventually(async () => (await own.place(order("1"), 9_000)).type === "not_sent");
    expect(await own.snapshot()).toBeUndefined();
  });

  test("its stream may be quiet for longer than an answer may take", async () => {
    const own = await open(server.url);
    server.behave("hold");
    for (const id of ["1", "2", "3", "4"]) expect(await own.place(order(id), 9_000)).toMatchObject({ type: "unanswered" });
    expect(gaps).toBe(0);
  });

  test("when its stream breaks and comes back, the shell is told that something may be missing", async () => {
    const own = await open(server.url);
    const { port } = server;
    await server.stop();
    server = await startSimulatedVenue(port);
    await openAnew(server.url);
    await eventually(() => gaps === 1);
    await own.place(order("1"), 9_000);
    await eventually(() => reports.some(({ type }) => type === "open"));
  });
});

/** The server forgot the account with its process. */
async function openAnew(url: string): Promise<void> {
  const other = await openSimulatedHttp({
    url,
    account: "a",
    plans: [plan],
    now: () => now,
    mayWrite: () => true,
    onReport: () => undefined,
    onGap: () => undefined,
  });
  await other.close();
}

describe("given a venue that answers nonsense", () => {
  const nonsense: Record<string, (response: ServerResponse) => void> = {
    "an empty object": (response) => void response.end("{}"),
    "a page of a proxy": (response) => void response.end("<html>ok</html>"),
    "another order": (response) => void response.end(encodeSnapshot({ type: "open", time: 0, clientId: "other", venueId: "v" })),
    "an answer to something else": (response) => void response.end(encodeSnapshot({ type: "lookup", time: 0, clientId: "1", order: null })),
    "half a body": (response) => void response.write('{"type":"open"'),
    "nothing at all": () => undefined,
    "too many requests": (response) => void response.writeHead(429).end(),
  };

  test.each(Object.keys(nonsense))("%s: nobody knows what became of the order", async (name) => {
    const server = createServer((request, response) => {
      if (request.url!.endsWith("/open")) response.end("{}");
      else if (request.url!.endsWith("/reports")) response.write("\n");
      else nonsense[name]!(response);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const own = await open(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    expect(await own.place(order("1"), 9_000)).toMatchObject({ type: "unanswered", clientId: "1" });
    await own.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  test("a venue that is not there is told in one clear line", async () => {
    await expect(open("http://127.0.0.1:1")).rejects.toMatchObject({ code: "VENUE_UNREACHABLE", action: "retry" });
  });

  test("a password in its address is not told", async () => {
    const message: unknown = await open("http://me:hush@127.0.0.1:1").catch((error: Error) => error.message);
    expect(message).toContain("http://127.0.0.1:1");
    expect(message).not.toContain("hush");
  });
});
