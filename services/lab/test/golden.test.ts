import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { measure } from "../src/result.ts";
import { candleFile, dataAvailable, dataFolder, load, repo, run } from "./support.ts";

/** Rows of a CSV by column name. */
function table(path: string): Record<string, string>[] {
  const [header, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const names = header!.split(",");
  return lines.map((line) => Object.fromEntries(line.split(",").map((value, i) => [names[i], value])));
}

async function runVariant(name: string) {
  const loaded = load(repo(`services/lab/test/golden/${name}.json`), "usa_GOOG_1d_2004-2013");
  const done = await run(loaded);
  return { done, columns: loaded.data.columns[0]!, ...measure(loaded.variant, loaded.data, done, []) };
}

type Outcome = Awaited<ReturnType<typeof runVariant>>;

/** Every column of every trade: fills at an open carry that bar's open time, fills inside a bar its close time. */
function expectTrades({ analysis, columns }: Outcome, golden: Record<string, string>[]): void {
  const barOf = (time: number) => {
    const at = columns.openTime.indexOf(time);
    return at >= 0 ? at : columns.closeTime.indexOf(time);
  };
  const { closed, open } = analysis.trips;
  expect(open).toEqual([]);
  expect(closed).toHaveLength(golden.length);
  closed.forEach((trip, i) => {
    const row = golden[i]!;
    expect((trip.direction === "long" ? 1 : -1) * trip.quantity, `size of trade ${i}`).toBe(Number(row["Size"]));
    expect(barOf(trip.entryTime), `entry bar of trade ${i}`).toBe(Number(row["EntryBar"]));
    expect(barOf(trip.exitTime), `exit bar of trade ${i}`).toBe(Number(row["ExitBar"]));
    expect(trip.entryPrice, `entry price of trade ${i}`).toBeCloseTo(Number(row["EntryPrice"]), 6);
    expect(trip.exitPrice, `exit price of trade ${i}`).toBeCloseTo(Number(row["ExitPrice"]), 6);
    expect(trip.pnl, `profit of trade ${i}`).toBeCloseTo(Number(row["PnL"]), 6);
    expect(trip.fees, `commission of trade ${i}`).toBeCloseTo(Number(row["Commission"]), 6);
    expect(trip.returnPct / 100, `return of trade ${i}`).toBeCloseTo(Number(row["ReturnPct"]), 10);
  });
}

function expectEquity({ done }: Outcome, golden: Record<string, string>[]): void {
  expect(done.curve.equity).toHaveLength(golden.length);
  golden.forEach((row, i) => {
    expect(done.curve.equity[i], `equity of ${row[""]}`).toBeCloseTo(Number(row["Equity"]), 6);
    expect(new Date(done.curve.time[i]!).toISOString().slice(0, 10)).toBe(row[""]);
  });
}

describe.runIf(dataAvailable)("golden results of backtesting.py, through the whole backtest", () => {
  it("SMA cross 10/30, long and short: trade by trade and day by day", async () => {
    const outcome = await runVariant("goog_sma_cross");
    expectTrades(outcome, table(`${dataFolder}/golden/GOOG_smacross_10_30_test.trades.csv`));
    expectEquity(outcome, table(`${dataFolder}/golden/GOOG_smacross_10_30_test.equity.csv`));
    const { result } = outcome;
    expect(result).toMatchObject({ trades: 66, final_equity: 51_422.99, fees: 0, open_positions: 0, denials: {} });
    expect(result.sharpe).toBeCloseTo(0.5806232244, 9);
    expect(result.sortino).toBeCloseTo(1.0853434352, 9);
    expect(result.max_drawdown_pct).toBeCloseTo(-47.98012705, 7);
    expect(result.win_rate_pct).toBeCloseTo(46.9697, 4);
    expect(result.profit_factor).toBeCloseTo(2.167945974, 8);
  });

  it("the same long only, with commission, stop and target", async () => {
    const outcome = await runVariant("goog_sma_cross_long");
    expectTrades(outcome, table(`${dataFolder}/golden/GOOG_long_10_30_c001_sl5_tp10.trades.csv`));
    expectEquity(outcome, table(`${dataFolder}/golden/GOOG_long_10_30_c001_sl5_tp10.equity.csv`));
    expect(outcome.result).toMatchObject({ trades: 33, final_equity: 18_623.8663635, open_positions: 0 });
  });

  it("reads the days of New York's sessions, winter and summer", () => {
    const { data } = load(repo("services/lab/test/golden/goog_sma_cross.json"), "usa_GOOG_1d_2004-2013");
    const [columns] = data.columns;
    expect(new Date(columns!.closeTime[0]!).toISOString()).toBe("2004-08-19T20:00:00.000Z");
    expect(new Date(columns!.closeTime[columns!.length - 1]!).toISOString()).toBe("2013-03-01T21:00:00.000Z");
    expect(columns!.length).toBe(readFileSync(candleFile("usa_GOOG_1d_2004-2013"), "utf8").trim().split("\n").length - 1);
  });
});
