import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import type { StartedService } from "@tradewind/kit";
import { eventually } from "@tradewind/testkit";
import { startSimulatedVenue, type SimulatedVenueServer } from "@tradewind/venues";
import { measureRecovery } from "./support/recovery.ts";
import { ledgerOf, settings, startExecution } from "./support/scene.ts";
import { account, decideNow, eventsOf, placedAt, price, trades, wantLive } from "./support/venue-scene.ts";

let bus: Bus;
let server: SimulatedVenueServer;
let service: StartedService | undefined;
const start = (): Promise<StartedService> =>
  startExecution(bus, settings({ run: { clock: "wall" }, venues: { bybit: { url: server.url } } }));

beforeEach(async () => {
  bus = await openEmbeddedBus(":memory:");
  await bus.ensure();
  server = await startSimulatedVenue();
  await wantLive(bus);
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  await server.stop();
  await bus.close();
});

/** The venue's own book must agree with the ledger's. */
async function agrees(): Promise<void> {
  const fills = await eventsOf(bus, "fill");
  const held = server.venue(account)!.book.instruments.values().next().value!.position.qty;
  expect(fills.at(-1)?.positionAfter ?? 0n).toBe(held);
}

async function hold(): Promise<void> {
  await eventually(() => trades(bus));
  await price(bus, server, 100);
  await decideNow(bus, "BUY", 100);
  await eventually(() => placedAt(server).length === 1);
  await price(bus, server, 100);
  await eventually(() => placedAt(server).length === 3);
}

describe("given an account at a venue", () => {
  test("an order is recorded, placed, filled and protected; its target closes it", async () => {
    service = await start();
    await hold();
    await price(bus, server, 106);
    await eventually(async () => (await eventsOf(bus, "fill")).length === 2);
    await eventually(async () => (await eventsOf(bus, "order_closed")).length === 3);
    await agrees();
    expect(placedAt(server)).toEqual([1, 1, 1]);
    const entries = await ledgerOf(bus, account);
    expect(entries.map(({ n }) => n)).toEqual(entries.map((_, i) => i + 1));
  });

  test.each(["silent", "error"] as const)(
    "an order whose answer is %s is unknown, found by looking it up, and never sent again",
    async (manner) => {
      service = await start();
      await eventually(() => trades(bus));
      await price(bus, server, 100);
      server.behave(manner);
      await decideNow(bus, "BUY", 100);
      await eventually(async () => (await eventsOf(bus, "order_unknown")).length === 1);
      await eventually(async () => (await eventsOf(bus, "order_known")).length + (await eventsOf(bus, "order_open")).length >= 1);
      server.behave("sound");
      await price(bus, server, 100);
      await eventually(async () => (await eventsOf(bus, "order_open")).length >= 3);
      expect(placedAt(server)).toEqual([1, 1, 1]);
      await agrees();
    },
  );

  test("a new owner reconciles before it takes new risk, and what happened meanwhile is booked", async () => {
    service = await start();
    await hold();
    await eventually(async () => (await eventsOf(bus, "order_open")).length === 3);
    await service.stop();
    await price(bus, server, 97);
    service = await start();
    await eventually(async () => (await eventsOf(bus, "fill")).length === 2);
    await eventually(() => trades(bus));
    await agrees();
    const states = (await eventsOf(bus, "state")).map(({ state }) => state);
    expect(states).toEqual(["REDUCING", "ACTIVE", "REDUCING", "ACTIVE"]);
    expect((await eventsOf(bus, "fill"))[1]).toMatchObject({ leg: "stop" });
  });

  test("a new owner of many resting orders has looked at every one when it trades again", async () => {
    const { orders, added } = await measureRecovery(bus, server, 40);
    expect(orders).toBe(40);
    expect(added).toBeGreaterThan(2);
    expect(Object.values(server.stats().placed).every((times) => times === 1)).toBe(true);
    expect(server.stats().requests["lookup"]).toBeGreaterThanOrEqual(40);
  });

  test("without a venue's address the account is refused in one clear line, and nothing is written", async () => {
    service = await startExecution(bus, settings({ run: { clock: "wall" } }));
    const notes = (): readonly { text: string }[] => service!.context.state.current().notes;
    await eventually(() => notes().some(({ text }) => text.includes("live venues come later")));
    expect(await ledgerOf(bus, account)).toEqual([]);
  });
});
