import { expect, test } from "vitest";
import { openEmbeddedBus } from "@tradewind/bus";
import { subjectOf, type ModelScores } from "@tradewind/contracts";
import { defaultMatrixPlan } from "@tradewind/core";
import { keepModel } from "@tradewind/kit";
import { inspectModel, referenceModel, versionFacts } from "@tradewind/onnx";
import { eventually } from "@tradewind/testkit";
import { backtested, withModel, type Case } from "./support/cases.ts";
import { desire, startRoad } from "./support/embedded.ts";
import { exported, fillsIn, ledgerOf, worked } from "./support/ledger.ts";
import { replay } from "./support/replay.ts";
import { expectSame } from "./support/same.ts";

const WORKED_MS = 120_000;
const shadowBytes = referenceModel({ matrix: defaultMatrixPlan, seed: 11, gain: 6 });

/** A served model votes with weights of its own in each regime; another version of it is its shadow. */
const given: Case = {
  ...withModel,
  variant: { ...(withModel.variant as object), decision: { learning_rate: 0.05, threshold: 0.05, regimes: "volatility_trend" } },
};

test("given a model with a shadow, when a run is replayed, then both are scored and the shadow is without effect: the ledger is the backtest's, which knows no shadows", async () => {
  using workspace = replay(given);
  const [variant] = workspace.variants;
  const wanted = await backtested(variant!, workspace.files, given.models);
  expect(fillsIn(wanted)).toBeGreaterThan(100);
  await using stack = new AsyncDisposableStack();
  const bus = await openEmbeddedBus(":memory:");
  stack.defer(() => bus.close());
  await bus.ensure();
  const facts = versionFacts(inspectModel(shadowBytes, "shadow"));
  await keepModel(bus, "nn", facts, shadowBytes, "shadow", { by: "test", reason: "to be tried", at: 0 });
  await desire(bus, workspace);
  for (const service of await startRoad(workspace, bus)) stack.defer(() => service.stop());
  await worked(bus, variant!, WORKED_MS);
  expectSame(exported(await ledgerOf(bus, "same")), wanted);

  const shadow = subjectOf("prediction", { model: `nn--${facts.sha256.slice(0, 8)}`, venue: "bybit", instrument: "BTC-USDT-PERP" });
  expect(await bus.last(shadow)).toBeDefined();
  await eventually(
    async () => {
      const entry = await bus.kv("scores").get("nn");
      const { versions } = JSON.parse(entry!.value) as ModelScores;
      expect(versions.map(({ state }) => state).sort()).toEqual(["champion", "shadow"]);
      for (const { lanes } of versions) for (const { closes, logLoss } of lanes) expect(closes > 900 && logLoss! > 0.3).toBe(true);
      return true;
    },
    { timeoutMs: WORKED_MS, message: "not all closes are scored" },
  );
  const regimes = new Set<unknown>();
  for await (const { data } of bus.read(subjectOf("decision", { variant: given.id, instrument: "BTC-USDT-PERP" }), { after: 0 }))
    regimes.add((JSON.parse(data) as { data: { regime?: string } }).data.regime);
  expect(regimes.size).toBe(4);
});
