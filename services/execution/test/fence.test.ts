import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectNats, type Bus } from "@tradewind/bus";
import type { Lease, ServiceState } from "@tradewind/contracts";
import { openRun, setMarketClock } from "@tradewind/kit";
import { eventually, startNats, tempDir, type NatsServer } from "@tradewind/testkit";
import { startSimulatedVenue, type SimulatedVenueServer } from "@tradewind/venues";
import { startProcess, writeSettings, type ExecutionProcess } from "./support/process.ts";
import { account, decideNow, eventsOf, price, trades, wantLive } from "./support/venue-scene.ts";

const SLOW = { timeoutMs: 30_000 };

let nats: NatsServer;
let bus: Bus;
let venue: SimulatedVenueServer;
let folder: string;
let processes: ExecutionProcess[];

beforeEach(async () => {
  nats = await startNats();
  bus = await connectNats({ servers: nats.url, name: "test" });
  await bus.ensure();
  await openRun(bus, "wall");
  venue = await startSimulatedVenue();
  folder = tempDir("tradewind-fence-");
  writeSettings(folder, nats.url, venue.url);
  processes = [];
  await wantLive(bus);
});
afterEach(async () => {
  await Promise.all(processes.map((one) => one.end()));
  await bus.close();
  await venue.stop();
  await nats.stop();
});

function start(instance: string, env: NodeJS.ProcessEnv = {}): ExecutionProcess {
  const started = startProcess(instance, folder, env);
  processes.push(started);
  return started;
}

async function owner(): Promise<string | undefined> {
  const lease = await bus.kv("leases").get(`execution.${account}`);
  return lease && (JSON.parse(lease.value) as Lease).owner;
}

async function notesOf(instance: string): Promise<string[]> {
  const state = await bus.kv("states").get(`execution.${instance}`);
  return state === undefined ? [] : (JSON.parse(state.value) as ServiceState).notes.map(({ text }) => text);
}

/** Numbers without a gap, owners one after the other, each of one process. */
async function ledgerIsWhole(): Promise<void> {
  const owners: { ownerEpoch: number; source: string }[] = [];
  let n = 0;
  for await (const { data } of bus.read(`tw.ledger.${account}`, { after: 0 })) {
    const { source, data: entry } = JSON.parse(data) as { source: string; data: { n: number; ownerEpoch: number } };
    expect(entry.n).toBe(++n);
    if (owners.at(-1)?.ownerEpoch !== entry.ownerEpoch) owners.push({ ownerEpoch: entry.ownerEpoch, source });
    expect(source).toBe(owners.at(-1)!.source);
  }
  expect(owners.map(({ ownerEpoch }) => ownerEpoch)).toEqual(owners.map((_, i) => i + 1));
}

/** The first owner records an order and is stopped before the socket; the second takes the account over; the first wakes. */
async function takeOverBetweenEntryAndSocket(point: "check" | "write"): Promise<string> {
  const first = start("first", { TRADEWIND_PAUSE_SEND: `${point}:${folder}` });
  await eventually(() => trades(bus), SLOW);
  await price(bus, venue, 100);
  await decideNow(bus, "BUY", 100);
  await eventually(() => existsSync(join(folder, "paused")), SLOW);
  first.signal("SIGSTOP");
  const [intended] = await eventsOf(bus, "order_intended");
  expect(venue.stats().placed).toEqual({});
  start("second");
  await eventually(async () => (await owner()) === "second", SLOW);
  await eventually(async () => (await eventsOf(bus, "order_unknown")).length === 1, SLOW);
  writeFileSync(join(folder, "go"), "");
  first.signal("SIGCONT");
  return intended!.order.clientId;
}

/** The stale owner says so itself, and works nothing any more. */
async function firstStoodBack(): Promise<void> {
  await eventually(async () => (await notesOf("first")).some((text) => text.startsWith("fenced: ") || text.includes("lease lost")), SLOW);
  expect(await owner()).toBe("second");
}

describe("given two processes that believe to own one account, the first stopped between its entry and the socket", () => {
  test("before its last check: it sends nothing, and the order ends as never placed", async () => {
    await setMarketClock(bus, { wallMs: Date.now(), marketMs: Date.now(), speed: 5 });
    const clientId = await takeOverBetweenEntryAndSocket("check");
    await firstStoodBack();
    await eventually(async () => (await eventsOf(bus, "order_closed")).length === 1, SLOW);
    expect(await eventsOf(bus, "order_closed")).toMatchObject([{ clientId, outcome: "not_placed" }]);
    expect(venue.stats().placed).toEqual({});
    await eventually(() => trades(bus), SLOW);
    await ledgerIsWhole();
  });

  test("after its last check: the order arrives once, and the second owner finds and protects it", async () => {
    const clientId = await takeOverBetweenEntryAndSocket("write");
    await eventually(() => venue.stats().placed[clientId] === 1, SLOW);
    await firstStoodBack();
    await eventually(async () => (await eventsOf(bus, "order_known")).length + (await eventsOf(bus, "order_open")).length > 0, SLOW);
    await price(bus, venue, 100);
    await eventually(
      async () => (await eventsOf(bus, "order_open")).length >= 3 || (await eventsOf(bus, "order_intended")).length === 3,
      SLOW,
    );
    await eventually(() => Object.keys(venue.stats().placed).length === 3, SLOW);
    expect(Object.values(venue.stats().placed)).toEqual([1, 1, 1]);
    const held = venue.venue(account)!.book.instruments.values().next().value!.position.qty;
    expect((await eventsOf(bus, "fill")).at(-1)!.positionAfter).toBe(held);
    await ledgerIsWhole();
  });
});
