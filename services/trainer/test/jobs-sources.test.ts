import type { Bus, Kv } from "@tradewind/bus";
import { decodeMessage, encodeMessage } from "@tradewind/contracts";
import { Failure } from "@tradewind/core";
import { cancelJob, readJob, readModel, startService, updateJob, updateModel, type StartedService } from "@tradewind/kit";
import { Registry } from "prom-client";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { candlesOf } from "../src/jobs/candles.ts";
import { ledgerOf } from "../src/jobs/from-bus.ts";
import { takeJob } from "../src/jobs/take-job.ts";
import { begin, givesBack } from "../src/jobs/takings.ts";
import { trainerMetrics } from "../src/metrics.ts";
import { instrumentOf } from "../src/train/request.ts";
import { T0 } from "./support/candles.ts";
import { appendFills } from "./support/ledger.ts";
import { ask, ended, installation, openMemory, smallJob, trainer } from "./support/service.ts";

vi.setConfig({ testTimeout: 240_000 });

const MINUTE = 60_000;
const DAY = 1_440 * MINUTE;
const CANDLES = 1_200;
const config = await installation(CANDLES);
const instrument = instrumentOf("BTC/USDT:USDT", "bybit");

let bus: Bus;
let service: StartedService | undefined;
beforeEach(async () => {
  bus = await openMemory();
});
afterEach(async () => {
  await service?.stop();
  service = undefined;
  await bus.close();
});

describe("given what a job is to learn from", () => {
  it("when a registered model is to be a member, then the version of then is, whatever becomes of the model", async () => {
    service = await trainer(bus, config);
    await ask(bus, "first", smallJob("btc", { family: "gbdt", settings: { folds: 1 }, epochs: 3 }));
    const { sha256 } = (await ended(bus, "first")).result as { readonly sha256: string };
    const both = { family: "ensemble", settings: { folds: 1 }, epochs: 1, members: ["gbdt", "btc"] };
    await ask(bus, "joint", smallJob("joint", both));
    const job = await ended(bus, "joint");
    expect(job, job.message).toMatchObject({ state: "done", parameters: { members: ["gbdt", `btc--${sha256.slice(0, 8)}`] } });
    await updateModel(bus, "btc", (record) => record && { ...record, versions: [] });
    await ask(bus, "later", smallJob("later", { ...both, members: job.parameters["members"] }));
    expect(await ended(bus, "later")).toMatchObject({ state: "failed", message: expect.stringContaining("no version") as string });
  });

  it("when an agent is to learn from an account, then it learns from the ledger as it was when it began", async () => {
    service = await trainer(bus, config);
    const dqn = { family: "dqn", settings: { folds: 1, first_width: 8, second_width: 8 }, epochs: 1 };
    const trained = async (id: string, experience?: string): Promise<string> => {
      await ask(bus, id, smallJob(id, { ...dqn, ...(experience !== undefined && { experience }) }));
      const job = await ended(bus, id);
      expect(job, job.message).toMatchObject({ state: "done" });
      if (experience !== undefined) expect(job.parameters["experience"]).toBe("paper-one@20");
      return (job.result as { readonly weightsHash: string }).weightsHash;
    };
    await appendFills(bus, "paper-one", instrument.id, T0, 1, 20);
    const kept = await trained("kept", "paper-one");
    await appendFills(bus, "paper-one", instrument.id, T0, 21, 40);
    expect(await trained("again", "paper-one@20")).toBe(kept);
    expect(await trained("alone")).not.toBe(kept);
  });

  it("when a ledger is read, then only fills and funding of the instrument are, within the time of all of its entries", async () => {
    await appendFills(bus, "paper-two", "ETH-USDT", T0, 1, 1);
    await appendFills(bus, "paper-two", instrument.id, T0, 2, 3);
    await appendFills(bus, "paper-two", "ETH-USDT", T0, 4, 5);
    const { name, entries } = await ledgerOf(bus, "paper-two", instrument.id);
    expect(name).toBe("paper-two@5");
    expect(entries.map(({ n, events }) => [n, events.map(({ type }) => type).join()])).toEqual([
      [1, ""],
      [2, "fill"],
      [3, "fill"],
      [5, ""],
    ]);
    expect((await ledgerOf(bus, "paper-two@2", instrument.id)).entries.map(({ n }) => n)).toEqual([1, 2]);
  });

  it("when candles come to the store later, then a job that has begun learns from those of then", async () => {
    const now = T0 + 30 * DAY;
    const first = await candlesOf({ days: 40 }, config, instrument, "1m", now);
    expect(first).toMatchObject({ kind: "store", from: T0, to: T0 + CANDLES * MINUTE });
    const half = { from: new Date(T0).toISOString(), to: new Date(T0 + 600 * MINUTE).toISOString() };
    expect(await candlesOf(half, config, instrument, "1m", now)).toMatchObject({ from: T0, to: T0 + 600 * MINUTE });
  });

  it("when the market is simulated, then its candles end at the market's time, and are not more than can be made", async () => {
    const simulated = { data: config.data, market: { ...config.market, feed: "simulated" as const, seed: 7 } };
    const now = T0 + 400 * DAY;
    const ahead = { from: new Date(now - DAY).toISOString(), to: new Date(now + DAY).toISOString() };
    expect(await candlesOf(ahead, simulated, instrument, "1m", now)).toEqual({ kind: "simulated", seed: 7, from: now - DAY, to: now });
    await expect(candlesOf({ days: 10_000 }, simulated, instrument, "1m", now)).rejects.toMatchObject({ code: "TOO_MANY_CANDLES" });
    await expect(candlesOf({ days: 10_000 }, simulated, instrument, "1d", now)).resolves.toMatchObject({ kind: "simulated" });
  });
});

describe("given a job that takes its workers down", () => {
  it("when it was begun again and again, then the next one to take it ends it as failed", async () => {
    await ask(bus, "poison", smallJob("poison"));
    await updateJob(bus, "poison", { takings: 5, state: "running", message: "fold 2 of 3" });
    service = await trainer(bus, config);
    expect(await ended(bus, "poison")).toMatchObject({ state: "failed", message: expect.stringMatching(/5 times.*fold 2 of 3/) as string });
  });

  it.each(["TRAINING_LOST", "BUS_UNAVAILABLE"])("when it fails of %s for the last time, then it is not given back", async (code) => {
    const worker = await context();
    const failure = new Failure("retry", code, "it went");
    await ask(bus, "poison", smallJob("poison"));
    await updateJob(bus, "poison", { takings: 4 });
    expect(await givesBack(worker, "poison", failure)).toBe(true);
    await updateJob(bus, "poison", { takings: 5 });
    expect(await givesBack(worker, "poison", failure)).toBe(false);
  });

  it("when a worker that is to end gives it back, then that does not count", async () => {
    const worker = await context();
    await ask(bus, "long", smallJob("long"));
    await updateJob(bus, "long", { takings: 5 });
    expect(await givesBack(worker, "long", new Failure("retry", "TRAINING_STOPPED", "stopped"))).toBe(true);
    expect(await readJob(bus, "long")).toMatchObject({ takings: 4 });
    expect(await givesBack({ ...worker, signal: AbortSignal.abort() }, "long", new Failure("retry", "TRAINING_LOST", "gone"))).toBe(true);
    expect(await readJob(bus, "long")).toMatchObject({ takings: 3 });
  });
});

describe("given a job that is cancelled", () => {
  it("when that is between being seen and being begun, then nobody trains it", async () => {
    const worker = await context();
    const seen = await ask(bus, "raced", smallJob("raced"));
    await cancelJob(bus, "raced", "test");
    expect(await begin(worker, seen)).toBeUndefined();
    expect(await readJob(bus, "raced")).toMatchObject({ state: "cancelled" });
  });

  it("when that is after the training's last word, then its model is not kept", async () => {
    const worker = await context();
    const { id, kind, parameters } = await ask(bus, "late", smallJob("late"));
    const head = { id: "j/late", time: 0, published: 0, source: "t", run: "r" };
    const text = encodeMessage("job", { ...head, data: { id, kind, by: "test", parameters: { ...parameters } } });
    const options = {
      context: { ...worker, bus: cancelling(bus, "late") },
      metrics: trainerMetrics(new Registry()),
      dir: config.training.dir,
    };
    await takeJob({ ...options, checkpointEveryMs: 1e9, nice: 0 }, text, () => undefined);
    expect(await readJob(bus, "late")).toMatchObject({ state: "cancelled" });
    expect(await readModel(bus, "late")).toBeUndefined();
    expect(await bus.blobs("model-files").list()).toEqual([]);
  });
});

/** Of a service that takes no job by itself. */
async function context(): Promise<StartedService["context"]> {
  const idle = { name: "idle", build: () => Promise.resolve() };
  service = await startService(idle, { bus, config, configDir: config.data.dir, processMetrics: false });
  return service.context;
}

/** A bus on which a job is cancelled once the last of its progress is told. */
function cancelling(real: Bus, job: string): Bus {
  let cancelled: Promise<unknown> | undefined;
  const jobs = real.kv("jobs");
  return new Proxy(real, {
    get(target, key) {
      if (key === "publish")
        return (subject: string, data: string): void => {
          const decoded = decodeMessage("training", data);
          if (decoded.ok && decoded.envelope.data.done === decoded.envelope.data.total) cancelled ??= cancelJob(real, job, "test");
          target.publish(subject, data);
        };
      if (key === "kv")
        return (bucket: Parameters<Bus["kv"]>[0]): Kv =>
          bucket !== "jobs" ? target.kv(bucket) : { ...jobs, get: async (id) => (await cancelled, jobs.get(id)) };
      const value: unknown = Reflect.get(target, key);
      return typeof value === "function" ? (value.bind(target) as unknown) : value;
    },
  });
}
