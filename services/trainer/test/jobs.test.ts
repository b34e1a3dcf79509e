import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Bus } from "@tradewind/bus";
import { decodeMessage, decodeModelRecord, encodeMessage, type ModelRecord } from "@tradewind/contracts";
import { cancelJob, readJob, type StartedService } from "@tradewind/kit";
import { inspectModel } from "@tradewind/onnx";
import { eventually, startNats, tempDir, type NatsServer } from "@tradewind/testkit";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { takeJob } from "../src/jobs/take-job.ts";
import { trainerMetrics } from "../src/metrics.ts";
import { ask, ended, installation, openMemory, openNats, smallJob, trainer } from "./support/service.ts";
import { trainWish } from "./support/train.ts";

async function modelOf(bus: Bus, id: string): Promise<ModelRecord | undefined> {
  const entry = await bus.kv("models").get(id);
  return entry && decodeModelRecord(entry.value);
}

/** Each waits for processes to start and to train, on a machine that may be busy. */
vi.setConfig({ testTimeout: 240_000 });

const config = await installation(1_200);
/** Long enough to be cut off in its middle on a busy machine. */
const long = { epochs: 150, patience: 1_000, folds: 1, batch: 32 };

let hash: Promise<string> | undefined;
/** The weights of the long training when nothing happens to it. */
function undisturbed(): Promise<string> {
  const { from, to } = smallJob("x") as { from: string; to: string };
  const source = { kind: "store", dir: config.data.dir, from: Date.parse(from), to: Date.parse(to) } as const;
  const { folds, ...settings } = long;
  const wish = { family: "cnn", symbol: "BTC/USDT:USDT", broker: "bybit", timeframe: "1m", source, folds, settings };
  hash ??= trainWish(wish, tempDir()).then(({ result }) => result.weights_hash);
  return hash;
}

/** Resolves when a job has been at it for a while, and has a checkpoint. */
async function inTheMiddle(bus: Bus, id: string): Promise<void> {
  await eventually(
    async () => {
      const share = (await readJob(bus, id))?.progress ?? 0;
      expect(share).toBeLessThan(1);
      return share > 0.05;
    },
    { timeoutMs: 60_000 },
  );
}

describe("given a trainer on the embedded bus", () => {
  let bus: Bus;
  let service: StartedService;
  beforeEach(async () => {
    bus = await openMemory();
    service = await trainer(bus, config);
  });
  afterEach(async () => {
    await service.stop();
    await bus.close();
  });

  it("when a job is asked for, then its model is kept with file, card and figures, its progress was told", async () => {
    const told: { share: number; loss: number | undefined }[] = [];
    bus.subscribe("tw.training.*", ({ data }) => {
      const decoded = decodeMessage("training", data);
      if (decoded.ok) told.push({ share: decoded.envelope.data.done / decoded.envelope.data.total, loss: decoded.envelope.data.loss });
    });
    await ask(bus, "first", smallJob("btc"));
    const job = await ended(bus, "first");
    expect(job, job.message).toMatchObject({ state: "done", progress: 1, worker: service.context.instance });
    const record = await modelOf(bus, "btc");
    expect(record?.versions).toMatchObject([{ state: "shadow", notes: { family: "cnn", instrument: "bybit:BTC/USDT:USDT" } }]);
    const { sha256, notes } = record!.versions[0]!;
    expect(job.result).toMatchObject({ model: "btc", sha256, weightsHash: notes["weights_hash"], verdict: expect.any(String) as string });
    expect(inspectModel((await bus.blobs("model-files").get(sha256))!, "btc").sha256).toBe(sha256);
    expect(new TextDecoder().decode(await bus.blobs("model-cards").get(sha256))).toContain("btc");
    expect(told.some(({ loss }) => loss !== undefined)).toBe(true);
    expect(told.every(({ share }) => share >= 0 && share <= 1)).toBe(true);
    const metrics = await service.context.metrics.registry.metrics();
    expect(metrics).toMatch(/tradewind_training_jobs_total\{family="cnn",outcome="done".*\} 1/);
  });

  it.each([
    ["no family", smallJob("m", { family: undefined }), /family/],
    ["an unknown family", smallJob("m", { family: "cnm" }), /"cnm".*cnn/],
    ["a bad model id", smallJob("a--b"), /a--b/],
    ["no symbol", smallJob("m", { symbol: undefined }), /symbol/],
    ["a symbol without candles", smallJob("m", { symbol: "ETH/USDT" }), /ETH-USDT/],
    ["a bad timeframe", smallJob("m", { timeframe: "7m" }), /7m/],
    ["a bad time", smallJob("m", { from: "yesterday" }), /yesterday/],
    ["an empty range", smallJob("m", { from: "2024-01-03T00:00:00Z" }), /from/],
    ["a setting that is none", smallJob("m", { settings: { epochz: 2 } }), /epochz.*epochs/],
    ["a setting out of range", smallJob("m", { settings: { epochs: 0 } }), /epochs.*0/],
    ["a word too much", smallJob("m", { colour: "red" }), /colour/],
    ["a state that is none", smallJob("m", { state: "king" }), /king/],
    ["too few candles", smallJob("m", { to: "2024-01-01T00:40:00Z" }), /candles/],
    ["days below 0", smallJob("m", { from: undefined, days: -5 }), /days -5/],
    ["more days than there are", smallJob("m", { from: undefined, days: 1e9 }), /days 1000000000/],
    ["a time before all markets", smallJob("m", { from: "0001-01-01" }), /0001-01-01.*1970/],
    ["a count that is the trainer's own", smallJob("m", { takings: -1e9 }), /takings/],
    ["a file as experience", smallJob("m", { family: "dqn", experience: "/etc/passwd" }), /passwd.*account(?!.*root:)/],
    ["a file beside it as experience", smallJob("m", { family: "dqn", experience: "../ledger.jsonl" }), /account/],
    ["experience of an account without a ledger", smallJob("m", { family: "dqn", experience: "paper-none" }), /paper-none/],
    ["a file as member", smallJob("m", { family: "ensemble", members: ["cnn", "/etc/passwd"] }), /passwd.*registered/],
    ["a file beside it as member", smallJob("m", { family: "meta", members: "cnn,models/a.onnx" }), /registered/],
    ["a member that nobody has registered", smallJob("m", { family: "ensemble", members: ["cnn", "nobody"] }), /nobody/],
  ])("when a job has %s, then its record says so in one line and nothing is kept", async (_, parameters, says) => {
    await ask(bus, "bad", parameters);
    const job = await ended(bus, "bad");
    expect(job.state).toBe("failed");
    expect(job.message).toMatch(says);
    expect(job.message).not.toContain("\n");
    expect(await bus.kv("models").entries()).toEqual([]);
  });

  it("when a message is no job, or of a job nobody knows, then the next one is worked", async () => {
    await bus.append("tw.job.train", "no JSON");
    const data = { id: "stranger", kind: "train", by: "test", parameters: smallJob("x") };
    await bus.append("tw.job.train", encodeMessage("job", { id: "j/stranger", time: 0, published: 0, source: "t", run: "r", data }));
    await ask(bus, "good", smallJob("good"));
    expect(await ended(bus, "good")).toMatchObject({ state: "done" });
    expect(await modelOf(bus, "x")).toBeUndefined();
  });

  it("when a running job is cancelled, then its training ends, nothing is kept, and the next job begins", async () => {
    await ask(bus, "long", smallJob("long", { settings: { ...long, epochs: 1_000 } }));
    await inTheMiddle(bus, "long");
    await cancelJob(bus, "long", "test");
    await ask(bus, "next", smallJob("next"));
    expect(await ended(bus, "next")).toMatchObject({ state: "done" });
    expect(await readJob(bus, "long")).toMatchObject({ state: "cancelled" });
    expect(await modelOf(bus, "long")).toBeUndefined();
  });

  it("when the training's process is killed, then the job goes on and ends with the same weights", async () => {
    await ask(bus, "killed", smallJob("killed", { settings: long }));
    await inTheMiddle(bus, "killed");
    for (const pid of childrenOf(process.pid)) process.kill(pid, "SIGKILL");
    const job = await ended(bus, "killed");
    expect(job, job.message).toMatchObject({ state: "done", takings: 2 });
    expect((job.result as Result).resumedFrom).toBeGreaterThan(0);
    expect((job.result as Result).weightsHash).toBe(await undisturbed());
  });

  it("when the same job is worked twice at a time, then one version comes of it", async () => {
    await service.stop();
    const record = await ask(bus, "twice", smallJob("twice"));
    const data = { id: "twice", kind: "train", by: "test", parameters: { ...record.parameters } };
    const text = encodeMessage("job", { id: "j/twice", time: 0, published: 0, source: "t", run: "r", data });
    service = await trainer(bus, config);
    const { context } = service;
    const options = {
      context,
      metrics: trainerMetrics(new (context.metrics.registry.constructor as new () => typeof context.metrics.registry)()),
      dir: config.training.dir,
      checkpointEveryMs: 50,
      nice: 0,
    };
    await Promise.all([takeJob(options, text, () => undefined), takeJob(options, text, () => undefined)]);
    await eventually(async () => (await readJob(bus, "twice"))?.state === "done");
    expect((await modelOf(bus, "twice"))?.versions).toHaveLength(1);
    expect((await modelOf(bus, "twice"))?.history).toHaveLength(1);
  });
});

interface Result {
  readonly weightsHash: string;
  readonly resumedFrom?: number;
}

/** Processes that a process has started and that live. */
function childrenOf(pid: number): number[] {
  const text = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const all = text === "" ? [] : text.split(" ").map(Number);
  return all.filter((child) => readFileSync(`/proc/${child}/cmdline`, "utf8").includes("tradewind training"));
}

describe("given trainers as processes on NATS", () => {
  let nats: NatsServer;
  let bus: Bus;
  const running: ChildProcess[] = [];
  beforeAll(async () => {
    nats = await startNats();
    bus = await openNats(nats.url);
    await bus.ensure();
  });
  afterAll(async () => {
    for (const child of running) child.kill("SIGKILL");
    await bus.close();
    await nats.stop();
  });

  async function start(settings: string): Promise<ChildProcess> {
    const program = join(import.meta.dirname, "support/process.ts");
    const child = spawn(process.execPath, [program, nats.url, settings], { stdio: ["ignore", "pipe", "inherit"] });
    running.push(child);
    await once(child.stdout, "data");
    return child;
  }

  it("when the one that has the job is killed, then another goes on from its checkpoint to the same weights", async () => {
    const file = join(tempDir(), "settings.json");
    writeFileSync(file, JSON.stringify(config));
    const parameters = smallJob("moved", { settings: long });
    const first = await start(file);
    await ask(bus, "moved", parameters);
    await inTheMiddle(bus, "moved");
    const before = (await readJob(bus, "moved"))!.worker;
    first.kill("SIGKILL");
    await start(file);
    const moved = await ended(bus, "moved");
    expect(moved, moved.message).toMatchObject({ state: "done" });
    expect(moved.worker).not.toBe(before);
    expect((moved.result as Result).resumedFrom).toBeGreaterThan(0);
    expect((moved.result as Result).weightsHash).toBe(await undisturbed());
  });
});
