import { createRequire } from "node:module";
import { candleAt, strategyKit, type CandleColumns } from "@tradewind/core";
import { rules } from "./market.ts";

/** A bar as grademark takes it, with the averages worked out beforehand. */
interface Bar {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
  /** 1 where the fast average has crossed above the slow one, -1 below, else 0. */
  readonly cross: number;
}

interface Position {
  readonly direction: "long" | "short";
}

interface Grademark {
  backtest(strategy: unknown, bars: unknown): readonly unknown[];
}

interface DataForge {
  readonly DataFrame: new (bars: readonly Bar[]) => unknown;
}

/** The same rules under grademark, its frame of bars made beforehand; undefined where the package is not installed. */
export function grademarkRun(columns: CandleColumns): (() => { trades: number }) | undefined {
  const require = createRequire(import.meta.url);
  let grademark: Grademark;
  let forge: DataForge;
  try {
    grademark = require("grademark") as Grademark;
    forge = require("data-forge") as DataForge;
  } catch {
    return undefined;
  }
  const frame = new forge.DataFrame(barsOf(columns));
  const strategy = {
    entryRule: (enter: (options: Position) => void, { bar }: { bar: Bar }) => {
      if (bar.cross !== 0) enter({ direction: bar.cross > 0 ? "long" : "short" });
    },
    exitRule: (exit: () => void, { bar, position }: { bar: Bar; position: Position }) => {
      if (bar.cross === (position.direction === "long" ? -1 : 1)) exit();
    },
    stopLoss: ({ entryPrice }: { entryPrice: number }) => (entryPrice * rules.stopLossPct) / 100,
    profitTarget: ({ entryPrice }: { entryPrice: number }) => (entryPrice * rules.takeProfitPct) / 100,
  };
  return () => ({ trades: grademark.backtest(strategy, frame).length });
}

function barsOf(columns: CandleColumns): Bar[] {
  const { ema } = strategyKit.indicators;
  const fast = ema({ period: rules.fast });
  const slow = ema({ period: rules.slow });
  const bars: Bar[] = [];
  let gap = Number.NaN;
  for (let i = 0; i < columns.length; i++) {
    const { openTime, open, high, low, close, volume } = candleAt(columns, i);
    const before = gap;
    gap = fast.update(close) - slow.update(close);
    bars.push({ time: openTime, open, high, low, close, volume, cross: before <= 0 && gap > 0 ? 1 : before >= 0 && gap < 0 ? -1 : 0 });
  }
  return bars;
}
