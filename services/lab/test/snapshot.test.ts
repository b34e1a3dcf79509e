import { calendarNamed, createEngine, createPrng, type Engine, type LedgerEntry } from "@tradewind/core";
import type { LoadOptions } from "@tradewind/config";
import { describe, expect, it } from "vitest";
import { closesOf } from "../src/closes.ts";
import { LedgerRecorder } from "../src/recorder.ts";
import { loadDefinitions, type DefinitionOf } from "@tradewind/config";
import { dataAvailable, firstRows, load, repo, type Loaded } from "./support.ts";

const ROWS = 4_000;
const CUTS = 4;

/** Runs over the candles; at each cut the engine's snapshot moves into a fresh engine, which goes on. */
function hashWith(loaded: Loaded, definitionOf: DefinitionOf, cuts: ReadonlySet<number>): { hash: string; fills: number } {
  const { plan } = loaded.variant;
  const columns = loaded.data.columns.map((own) => firstRows(own, ROWS));
  const ledger = new LedgerRecorder();
  const start = (onEntry: (entry: LedgerEntry) => void): Engine =>
    createEngine({ plan, epoch: "00000001", startTime: columns[0]!.openTime[0]!, calendarOf: calendarNamed, definitionOf, onEntry });
  let engine = start(ledger.add);
  closesOf(columns).forEach((time, candles, done) => {
    engine.close(time, candles);
    if (!cuts.has(done)) return;
    const text = engine.snapshot();
    let opened = false;
    // A fresh engine opens its books; the ledger has that already.
    engine = start((entry) => (opened ? ledger.add(entry) : undefined));
    opened = true;
    engine.restore(text);
    expect(engine.snapshot()).toBe(text);
  });
  return { hash: ledger.digest(), fills: ledger.fills };
}

interface Case {
  readonly file: string;
  readonly options?: LoadOptions;
  /** Changes of the plan. */
  readonly over?: (loaded: Loaded) => Loaded;
}

function withPlan(change: (plan: Loaded["variant"]["plan"]) => Partial<Loaded["variant"]["plan"]>) {
  return (loaded: Loaded): Loaded => ({
    ...loaded,
    variant: { ...loaded.variant, plan: { ...loaded.variant.plan, ...change(loaded.variant.plan) } },
  });
}

const cases: Readonly<Record<string, Case>> = {
  momentum: { file: "configs/variants/binance_futures_live.json" },
  rsi: { file: "configs/variants/binance_futures_rsi.json" },
  macd: { file: "configs/variants/bybit_futures_macd.json" },
  mfi: { file: "configs/variants/okx_futures_mfi.json" },
  vwap: { file: "configs/variants/bybit_futures_vwap.json" },
  "decisions on 5m, exits on 1m": { file: "configs/variants/bybit_futures_macd.json", options: { timeframeOverride: "5m" } },
  "trailing stop and time limit": {
    file: "configs/variants/bybit_futures_vwap.json",
    over: withPlan(({ exits }) => ({ exits: { ...exits, trailingStopPct: 0.4, takeProfitPct: null, maxHoldCloses: 60 } })),
  },
  "fills limited by volume, orders that take their time": {
    file: "configs/variants/bybit_futures_macd.json",
    over: withPlan(({ fills }) => ({ fills: { ...fills, maxVolumeShare: 0.0000002, latencyMs: 1_500 } })),
  },
  "several members whose weights learn": {
    file: "configs/variants/bybit_futures_macd.json",
    over: withPlan((plan) => ({
      members: [
        ...plan.members,
        { ...plan.members[0]!, source: "slow", parameters: { fast_period: 24, slow_period: 52, signal_period: 18, threshold: 0.0001 } },
      ],
      decision: { ...plan.decision, learningRate: 0.5, threshold: 0.1, everyCloses: 3, validForCloses: 2 },
    })),
  },
  "a user's strategy": { file: "configs/variants/sma_cross_example.json" },
};

describe.runIf(dataAvailable)("a run from a snapshot", () => {
  it.each(Object.entries(cases))("%s: gives the ledger of the run without a break", async (_name, { file, options, over }) => {
    const plain = load(repo(file), "BTC-USDT-PERP_1m_2022-01", options);
    const loaded = over ? over(plain) : plain;
    const definitionOf = await loadDefinitions(loaded.variant);
    const whole = hashWith(loaded, definitionOf, new Set());
    expect(whole.fills).toBeGreaterThan(10);
    for (let seed = 1; seed <= CUTS; seed++) {
      const prng = createPrng(seed);
      const cuts = new Set(Array.from({ length: seed === CUTS ? 40 : 1 }, () => 1 + prng.below(ROWS - 1)));
      expect(hashWith(loaded, definitionOf, cuts), `cut at ${[...cuts].join(", ")}`).toEqual(whole);
    }
  });
});
