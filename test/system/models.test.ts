import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import type { Bus } from "@tradewind/bus";
import { patternOf, type Kind } from "@tradewind/contracts";
import type { Decision } from "@tradewind/core";
import { keepModel } from "@tradewind/kit";
import { inspectModel, versionFacts } from "@tradewind/onnx";
import { eventually, tempDir } from "@tradewind/testkit";
import { backtested, withModel, type Case } from "./support/cases.ts";
import { startCluster, type Cluster } from "./support/cluster.ts";
import { exported, fillsIn, ledgerOf, worked } from "./support/ledger.ts";
import { replay } from "./support/replay.ts";
import { expectSame } from "./support/same.ts";
import { bytesOf, tradewind, trainedFile } from "./support/trained.ts";

const WORKED_MS = 240_000;
const ACCOUNT = "same";
const modelsOnly = join(import.meta.dirname, "../../configs/strategies/models-only.js");
const base = withModel.variant as { readonly variants: object };

/** Nobody but the model votes. */
const alone: Case = {
  ...withModel,
  name: "a model alone",
  id: "alone",
  variant: {
    ...base,
    variants: { ...base.variants, strategy: "custom" },
    trading_symbols: ["BTC/USDT:USDT"],
    strategy_file: modelsOnly,
    models: [{ id: "nn" }],
    decision: { threshold: 0.05 },
  },
};
/** A strategy and the model, with weights that follow their results, apart in each regime. */
const beside: Case = {
  ...withModel,
  name: "a model beside a strategy, weights learnt by regime",
  id: "beside",
  variant: { ...base, decision: { learning_rate: 0.1, threshold: 0.05, regimes: "volatility_trend" } },
};

let bytes: Uint8Array<ArrayBuffer>;
let sha256: string;
beforeAll(async () => {
  const dir = tempDir("tradewind-trained-");
  const csv = withModel.files(dir)["BTC-USDT-PERP"]!;
  bytes = bytesOf(await trainedFile(dir, "cnn", csv, "--symbol", "BTC/USDT:USDT", "--epochs", "2"));
  ({ sha256 } = inspectModel(bytes, "nn"));
}, WORKED_MS);

describe("given a variant with a model that tradewind train made, when it is replayed on the events clock", () => {
  test.each([alone, beside])(
    "$name: backtest, one process and five processes with the model in the registry write the same ledger",
    { timeout: 2 * WORKED_MS },
    async (untrained) => {
      const given: Case = { ...untrained, models: { nn: bytes } };
      using workspace = replay(given);
      const wanted = await backtested(workspace.variants[0]!, workspace.files, given.models);
      expect(fillsIn(wanted)).toBeGreaterThanOrEqual(60);
      expectSame(await byCommand(given), wanted, "one process");
      const { lines, decisions } = await processes(given);
      expectSame(lines, wanted, "five processes");

      const spoke = decisions.filter(({ votes }) => votes.some(({ source, vote }) => source === "nn" && vote !== null));
      expect(decisions.length - spoke.length, "closes before the first whole matrix").toBeLessThan(200);
      for (const { votes } of spoke) expect(votes.find(({ source }) => source === "nn")!.reason).toContain(sha256.slice(0, 8));
      const acted = spoke.filter(({ action }) => action === "BUY" || action === "SELL");
      expect(acted.length).toBeGreaterThan(100);
      if (given.id === alone.id) for (const { votes } of acted) expect(votes.filter(({ vote }) => vote !== null)).toHaveLength(1);
      else expect(new Set(acted.map(({ regime }) => regime)).size).toBe(4);
    },
  );
});

test(
  "given a trained model in a replay, when model inference and its host are killed on the way, then the ledger is the backtest's",
  { timeout: 2 * WORKED_MS },
  async () => {
    const given: Case = { ...beside, models: { nn: bytes } };
    using workspace = replay(given);
    const wanted = await backtested(workspace.variants[0]!, workspace.files, given.models);
    const { lines } = await processes(given, { pace: 500 }, async (cluster) => {
      for (const kill of [killHosts, killInference, killHosts]) {
        const before = await predictionsIn(cluster.bus);
        await eventually(async () => (await predictionsIn(cluster.bus)) >= before + 300, { timeoutMs: WORKED_MS, message: "it speaks" });
        await kill(cluster);
      }
    });
    expectSame(lines, wanted);
  },
);

const killInference = (cluster: Cluster): Promise<void> => cluster.bounce("model-inference");

/** Every process of a model that the service has started. */
async function killHosts({ services }: Cluster): Promise<void> {
  const { pid } = services.get("model-inference")!.child;
  const { stdout } = await promisify(execFile)("pgrep", ["-P", String(pid)]);
  for (const child of stdout.trim().split("\n")) process.kill(Number(child), "SIGKILL");
}

async function predictionsIn(bus: Bus): Promise<number> {
  return (await said(bus, "prediction")).length;
}

/** `tradewind start` to the end of the candles, then `tradewind ledger export`. */
async function byCommand(given: Case): Promise<string[]> {
  using workspace = replay(given);
  const files = Object.entries(workspace.files).flatMap(([id, file]) => ["--file", `${id}=${file}`]);
  const argv = ["--feed", "replay", ...files, "--clock", "events", "--until-end", "--quiet", "--port", "0", "--data-dir", "run"];
  await tradewind(workspace.dir, "start", given.id, ...argv, "--config", workspace.configDir);
  const text = await tradewind(workspace.dir, "ledger", "export", "--account", ACCOUNT, "--bus", "run/bus.sqlite");
  return text.split("\n").slice(0, -1);
}

/** The road as processes on real servers, which find the model in the registry. */
async function processes(
  { models = {}, ...given }: Case,
  market: object = {},
  disturb?: (cluster: Cluster) => Promise<void>,
): Promise<{ readonly lines: string[]; readonly decisions: Decision[] }> {
  let workspace: ReturnType<typeof replay>;
  const cluster = await startCluster(
    (natsUrl, redisUrl) => (workspace = replay(given, { bus: { url: natsUrl }, redis: { url: redisUrl }, market })),
    undefined,
    (bus) => registered(bus, models),
  );
  try {
    await disturb?.(cluster);
    await worked(cluster.bus, workspace!.variants[0]!, WORKED_MS).catch((error: unknown) => {
      throw new Error(cluster.output(), { cause: error });
    });
    return { lines: exported(await ledgerOf(cluster.bus, ACCOUNT)), decisions: await said<Decision>(cluster.bus, "decision") };
  } finally {
    await cluster.stop();
    workspace![Symbol.dispose]();
  }
}

async function registered(bus: Bus, models: NonNullable<Case["models"]>): Promise<void> {
  for (const [id, file] of Object.entries(models))
    await keepModel(bus, id, versionFacts(inspectModel(file, id)), file, "champion", { by: "test", reason: "trained", at: 0 });
}

/** What the kept messages of a kind say, in the order of the log. */
async function said<T>(bus: Bus, kind: Kind): Promise<T[]> {
  const all: T[] = [];
  for await (const { data } of bus.read(patternOf(kind), { after: 0 })) all.push((JSON.parse(data) as { data: T }).data);
  return all;
}
