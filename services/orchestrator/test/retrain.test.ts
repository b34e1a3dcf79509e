import { afterEach, describe, expect, test } from "vitest";
import type { JobRecord } from "@tradewind/contracts";
import { definition as orchestrator } from "@tradewind/orchestrator";
import { eventually } from "@tradewind/testkit";
import { openRig, type Rig } from "../../../libs/kit/test/support/rig.ts";
import { createMarket, deluded, NEW, OLD, recordOf, register, scoresOf, setClock, stateOf, variant } from "./support/rivals.ts";

const HOUR_MS = 3_600_000;
const LATER = Date.UTC(2026, 3, 1, 0, 30);
const settings = (how: string): string =>
  `promotion: { enabled: false }\ntraining: { retrain: [{ model: nn, family: gbdt, broker: bybit, symbol: "BTC/USDT:USDT", ${how} }] }\n`;

let rig: Rig;
afterEach(() => rig.close());

async function open(clock: "wall" | "events", how: string): Promise<void> {
  rig = await openRig(clock, { settings: settings(how) });
  await setClock(rig.bus, LATER, 0);
  await rig.desire("vote", variant);
  await register(rig.bus);
}

const jobs = async (): Promise<JobRecord[]> => (await rig.bus.kv("jobs").entries()).map(({ value }) => JSON.parse(value) as JobRecord);
const asked = (count: number): Promise<unknown> =>
  eventually(async () => (await jobs()).length >= count, { timeoutMs: 20_000, message: `no ${count} jobs` });

/** Two looks have been taken since: each comes with newly published scores. */
async function looks(): Promise<void> {
  const market = createMarket(rig.bus, 99);
  for (let i = 0; i < 2; i++) {
    const seen = (await scoresOf(rig.bus))?.at ?? 0;
    await market.play(2, { [OLD]: 0.5, [NEW]: 0.5 });
    await eventually(async () => ((await scoresOf(rig.bus))?.at ?? 0) > seen, { timeoutMs: 20_000 });
  }
}

async function queued(): Promise<readonly string[]> {
  const ids: string[] = [];
  const worker = await rig.bus.work({
    subject: "tw.job.train",
    take: async ({ data }) => void ids.push((JSON.parse(data) as { data: { id: string } }).data.id),
  });
  await eventually(() => ids.length > 0);
  await worker.stop();
  return ids;
}

describe("given a model that is to be trained every hour of the market", () => {
  test("when an hour begins, then one training is asked for, by whichever instance; the next when that has ended", async () => {
    await open("wall", "every_hours: 1, days: 7");
    await rig.start(orchestrator, deluded);
    await rig.start(orchestrator, deluded);
    await eventually(async () => (await scoresOf(rig.bus)) !== undefined, { timeoutMs: 20_000 });
    expect(await jobs()).toEqual([]);

    await setClock(rig.bus, LATER + HOUR_MS, 0);
    await asked(1);
    const [first] = await jobs();
    expect(first).toMatchObject({ id: "schedule-nn-20260401T010000", kind: "train", state: "queued" });
    expect(first!.parameters).toMatchObject({ model: "nn", family: "gbdt", symbol: "BTC/USDT:USDT", to: "2026-04-01T01:00:00.000Z" });

    await setClock(rig.bus, LATER + 2 * HOUR_MS, 0);
    await looks();
    expect(await jobs()).toHaveLength(1);
    expect(await queued()).toEqual([first!.id]);

    await rig.bus.kv("jobs").put(first!.id, JSON.stringify({ ...first, state: "done" }));
    await asked(2);
    expect((await jobs()).map(({ id }) => id).sort()).toEqual([first!.id, "schedule-nn-20260401T020000"]);
  });

  test("when the run is on the events clock, then no training is asked for", async () => {
    await open("events", "every_hours: 1");
    await rig.start(orchestrator);
    await eventually(async () => (await scoresOf(rig.bus)) !== undefined, { timeoutMs: 20_000 });
    await setClock(rig.bus, LATER + 3 * HOUR_MS, 0);
    await looks();
    expect(await jobs()).toEqual([]);
  });
});

describe("given a model that is to be trained on drift", () => {
  test("when its champion turns worse than it was, then one training is asked for", async () => {
    rig = await openRig("wall", { settings: settings("on_drift: true") });
    // The market is where the candles are: what was before is not due.
    await setClock(rig.bus, Date.UTC(2026, 0, 5), 3_600);
    await rig.desire("vote", variant);
    await register(rig.bus);
    await rig.start(orchestrator);
    const market = createMarket(rig.bus, 5);
    await market.play(400, { [OLD]: 0.75, [NEW]: 0.5 });
    await eventually(async () => ((await scoresOf(rig.bus))?.versions[0]?.closes ?? 0) >= 399, { timeoutMs: 20_000 });
    expect(await jobs()).toEqual([]);
    await market.play(200, { [OLD]: 0.2, [NEW]: 0.5 });
    await asked(1);
    const [job] = await jobs();
    expect(job!.id).toMatch(/^drift-nn-\d{8}T\d{6}$/);
    expect(job!.by).toBe("orchestrator: drift");
    expect((await scoresOf(rig.bus))!.driftedAt).toBeGreaterThan(Date.UTC(2026, 0, 5) + 400 * 60_000);
    expect(await stateOf(rig.bus, OLD)).toBe("champion");
    expect((await recordOf(rig.bus)).history).toEqual([]);
  });
});
