import { runBacktest, type BacktestRun } from "@tradewind/lab";
import { sliceColumns, type CandleColumns, type VariantPlan } from "@tradewind/core";
import { bareLoop } from "./bare-loop.ts";
import type { Figure } from "./figure.ts";
import { grademarkRun } from "./grademark.ts";
import { definitionOf, plan, rules } from "./market.ts";
import { alternate, type Measured } from "./measure.ts";

const ROUNDS = 5;
const WARMUPS = 2;
/** More bars cost grademark memory, not speed. */
const GRADEMARK_ROWS = 100_000;
const MIB = 1_048_576;

/** Decides on every close and never enters. */
const idlePlan: VariantPlan = { ...plan, decision: { ...plan.decision, threshold: 2 } };

/** One run as a user's: strategy, vote, risk, orders, fills, fees, double entry, equity curve, and the ledger's hash. */
export function wholePath(columns: CandleColumns, of: VariantPlan = plan): BacktestRun {
  const run = runBacktest({ plan: of, columns: [columns], definitionOf });
  run.ledger.digest();
  return run;
}

function countsOf({ candles, ledger, engine }: BacktestRun): Record<string, number> {
  return {
    candles,
    trades: engine.account.trade.state.variants.get(plan.id)!.ordinal,
    orders: ledger.orders,
    fills: ledger.fills,
    ledgerEntries: ledger.entries.length,
  };
}

function speed(name: string, rows: number, measured: Measured<unknown>, counts: Record<string, number>): Figure {
  const { wallMs, cpuMs } = measured;
  return { name, value: (rows / wallMs) * 1000, unit: "candles/s", cpuValue: (rows / cpuMs) * 1000, wallMs, cpuMs, counts };
}

function compared(figure: Figure, against: Figure): Figure {
  return { ...figure, against: against.name, ratio: figure.value / against.value };
}

/** Speed of the whole path, beside the barest loop of the same rules and beside grademark, in alternating rounds. */
export async function backtestFigures(columns: CandleColumns): Promise<Figure[]> {
  const few = sliceColumns(columns, 0, GRADEMARK_ROWS);
  const grademark = grademarkRun(few);
  const measured = await alternate(
    {
      whole: () => countsOf(wholePath(columns)),
      idle: () => countsOf(wholePath(columns, idlePlan)),
      bare: () => ({ trades: bareLoop(columns, rules).trades }),
      ...(grademark && { grademark }),
    },
    ROUNDS,
    WARMUPS,
  );
  const rows = columns.length;
  const whole = speed("backtest.whole_path", rows, measured.whole, measured.whole.result);
  const trades = measured.whole.result["trades"]!;
  const bareTrades = measured.bare.result.trades;
  if (bareTrades !== trades)
    throw new Error(`the bare loop made ${bareTrades} trades and the whole path ${trades}; bring their rules together again`);
  const perTrade = (ofWhole: number, ofIdle: number) => ((ofWhole - ofIdle) / trades) * 1000;
  return [
    whole,
    compared(speed("backtest.idle_path", rows, measured.idle, measured.idle.result), whole),
    {
      name: "backtest.per_trade_us",
      value: perTrade(measured.whole.wallMs, measured.idle.wallMs),
      unit: "us/trade",
      cpuValue: perTrade(measured.whole.cpuMs, measured.idle.cpuMs),
      counts: { trades },
    },
    compared(speed("backtest.bare_loop", rows, measured.bare, measured.bare.result), whole),
    ...(measured.grademark
      ? [
          compared(
            speed("backtest.grademark", few.length, measured.grademark, { candles: few.length, ...measured.grademark.result }),
            whole,
          ),
        ]
      : []),
  ];
}

/** Bytes of a million candles as columns, and by how much a run over them raises the peak of resident memory. Measure first. */
export function memoryFigure(columns: CandleColumns): Figure {
  const held = [columns.openTime, columns.closeTime, columns.open, columns.high, columns.low, columns.close, columns.volume];
  const before = process.memoryUsage.rss();
  wholePath(columns);
  const growth = Math.max(0, process.resourceUsage().maxRSS * 1024 - before);
  const columnBytes = held.reduce((sum, column) => sum + column.byteLength, 0);
  const perMillion = 1_000_000 / columns.length;
  return {
    name: "memory.per_million_candles",
    value: ((columnBytes + growth) * perMillion) / MIB,
    unit: "MiB",
    counts: { columnBytes: columnBytes * perMillion, rssGrowthBytes: Math.round(growth * perMillion) },
  };
}
