import type { BacktestResult, LookaheadProof } from "@tradewind/lab";
import { show } from "../support.ts";

/** A result as a person reads it. */
export function resultText(result: BacktestResult, files: { report: string | undefined; run: string | undefined }): string {
  const rows: [string, string][] = [
    ["Variant", `${result.variant}: ${result.strategy} on ${result.symbols.join(", ")} (${result.broker}, ${result.timeframe})`],
    ["Period", `${result.from} to ${result.to}, ${show(result.candles, 0)} candles at ${show(result.candles_per_second, 0)}/s`],
    [
      "Equity",
      `${show(result.start_equity)} -> ${show(result.final_equity)} ${result.currency} (${show(result.return_pct)} %, holding ${show(result.buy_hold_return_pct)} %)`,
    ],
    ["Drawdown", `${show(result.max_drawdown_pct)} %`],
    ["Ratios", `Sharpe ${show(result.sharpe)}, Sortino ${show(result.sortino)}, Calmar ${show(result.calmar)}`],
    [
      "Trades",
      `${result.trades} closed, ${result.open_positions} open, ${show(result.win_rate_pct)} % won, profit factor ${show(result.profit_factor)}`,
    ],
    ["Activity", `${result.orders} orders, ${result.fills} fills, in the market ${show(result.exposure_pct)} % of the time`],
    ["Costs", `fees ${show(result.fees)}, funding ${show(result.funding)} ${result.currency}`],
    ["Hashes", `config ${result.config_hash.slice(0, 16)}, ledger ${result.ledger_hash.slice(0, 16)}`],
  ];
  for (const [name, counts] of [
    ["Denied", result.denials],
    ["Rejected", result.rejections],
  ] as const) {
    const all = Object.entries(counts);
    if (all.length > 0) rows.push([name, all.map(([code, count]) => `${code} x ${count}`).join(", ")]);
  }
  if (files.report !== undefined) rows.push(["Report", files.report]);
  if (files.run !== undefined) rows.push(["Run", `${files.run} (tradewind ledger export ${files.run})`]);
  const table = rows.map(([name, text]) => `${name.padEnd(10)}${text}`).join("\n");
  const cautions = result.cautions.map((text) => `  ! ${text}`);
  const notices = result.notices.map((text) => `  i ${text}`);
  return `${[table, ...cautions, ...notices].join("\n")}\n`;
}

/** A proof as a person reads it. */
export function proofText(proof: LookaheadProof): string {
  if (proof.proven)
    return `No look-ahead: ${show(proof.decisions, 0)} decisions (${show(proof.actions, 0)} to buy or sell) are the same with the future replaced by noise. Ledger of that run: ${proof.ledger_hash.slice(0, 16)}\n`;
  const lines = ["LOOK-AHEAD FOUND"];
  if (proof.first_change !== null) {
    const { instrument, close_time: time, with_future: seeing, without_future: blind } = proof.first_change;
    lines.push(
      `${show(proof.changed, 0)} of ${show(proof.decisions, 0)} decisions change when the future is noise; the first on ${instrument} at ${time}:`,
      `  with the future:    ${seeing}`,
      `  without the future: ${blind}`,
    );
  }
  for (const read of proof.outside_reads) lines.push(`the strategy used a ${read}: what it learns there may be the future`);
  return `${lines.join("\n")}\n`;
}
