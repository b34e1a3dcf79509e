import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { Failure, type LedgerEntry } from "@tradewind/core";
import { startService, type ServiceContext, type StartedService } from "@tradewind/kit";
import { openLedger } from "../src/ledger-log.ts";
import { ledgerOf, settings } from "./support/scene.ts";

let bus: Bus;
let services: StartedService[];
beforeEach(async () => {
  bus = await openEmbeddedBus(":memory:");
  await bus.ensure();
  services = [];
});
afterEach(async () => {
  await Promise.all(services.map((service) => service.stop()));
  await bus.close();
});

const entry = (n: number, ownerEpoch = 1): LedgerEntry => ({ n, ownerEpoch, time: n, watermark: 0, input: "timer", events: [] });
const kept = new AbortController().signal;

/** A service context on the bus, whose appends go by `append`. */
async function context(instance: string, append: Bus["append"] = bus.append.bind(bus)): Promise<ServiceContext> {
  const own = { ...bus, connected: true, append };
  const definition = { name: "execution", build: () => Promise.resolve() };
  const service = await startService(definition, { bus: own, config: settings({}), configDir: ".", processMetrics: false, instance });
  services.push(service);
  return service.context;
}

/** Appends whose first answer is lost: it was added, or it was not. */
function loses(added: boolean, meanwhile: () => Promise<void> = () => Promise.resolve()): Bus["append"] {
  let first = true;
  return async (subject, data, options) => {
    if (!first) return bus.append(subject, data, options);
    first = false;
    if (added) await bus.append(subject, data, options);
    await meanwhile();
    throw new Failure("retry", "APPEND_UNCERTAIN", "nobody knows");
  };
}

describe("given the ledger of one account", () => {
  test.each([true, false])(
    "an append of unknown fate (added: %s) ends with the entry there once, and the next one follows",
    async (added) => {
      const ledger = await openLedger(await context("a", loses(added)), "x", kept);
      await ledger.append(entry(1), {});
      await ledger.append(entry(2), {});
      expect((await ledgerOf(bus, "x")).map(({ n }) => n)).toEqual([1, 2]);
      expect(ledger.n()).toBe(2);
    },
  );

  test("an append of unknown fate after which another owner's entry stands there fences", async () => {
    const other = await openLedger(await context("b"), "x", kept);
    const ledger = await openLedger(
      await context(
        "a",
        loses(false, () => other.append(entry(1, 2), {})),
      ),
      "x",
      kept,
    );
    await expect(ledger.append(entry(1), {})).rejects.toMatchObject({ code: "FENCED" });
    expect((await ledgerOf(bus, "x")).map(({ ownerEpoch }) => ownerEpoch)).toEqual([2]);
  });

  test("a twin that writes the very same entry is another owner all the same", async () => {
    const twin = await openLedger(await context("b"), "x", kept);
    const ledger = await openLedger(
      await context(
        "a",
        loses(false, () => twin.append(entry(1), {})),
      ),
      "x",
      kept,
    );
    await expect(ledger.append(entry(1), {})).rejects.toMatchObject({ code: "FENCED" });
  });

  test("of two owners at the same place one writes and the other is fenced", async () => {
    const [a, b] = await Promise.all([openLedger(await context("a"), "x", kept), openLedger(await context("b"), "x", kept)]);
    const ends = await Promise.allSettled([a.append(entry(1), {}), b.append(entry(1), {})]);
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await ledgerOf(bus, "x")).toHaveLength(1);
  });

  test("without its lease an owner appends nothing", async () => {
    const lost = new AbortController();
    const ledger = await openLedger(await context("a"), "x", lost.signal);
    lost.abort();
    await expect(ledger.append(entry(1), {})).rejects.toMatchObject({ code: "FENCED" });
    expect(await ledgerOf(bus, "x")).toEqual([]);
  });
});
