import { toNumber, type Instrument } from "@tradewind/core";

/**
 * Price at which an isolated position is liquidated, as a multiple of its entry price; infinity when it
 * never is. From "margin + profit = maintenance margin x notional", fees left out, with L the leverage and
 * m the maintenance margin rate:
 * linear (value q x P): long (1 - 1/L) / (1 - m), short (1 + 1/L) / (1 + m);
 * inverse (value N / P, margin N / (E x L) in the base): long (1 + m) / (1 + 1/L), short (1 - m) / (1 - 1/L).
 * The linear long form is the one the venues publish, e.g. Bybit's and Binance's isolated-margin help pages.
 */
export function liquidationRatio(kind: "linear" | "inverse", side: "long" | "short", leverage: number, maintenance: number): number {
  const margin = 1 / leverage;
  if (kind === "linear") return side === "long" ? (1 - margin) / (1 - maintenance) : (1 + margin) / (1 + maintenance);
  if (side === "long") return (1 + maintenance) / (1 + margin);
  return leverage <= 1 ? Infinity : (1 - maintenance) / (1 - margin);
}

/**
 * The supremum of leverages at which both a long and a short are stopped, `stop` (share of the entry
 * price, 0..1) away, before they are liquidated. Solving the above for the stop: linear 1 / (s + m + s m)
 * (the short binds), inverse (1 - s) / (s + m) (the long binds).
 */
export function leverageBound(kind: "linear" | "inverse", stop: number, maintenance: number): number {
  if (kind === "linear") return 1 / (stop + maintenance + stop * maintenance);
  return (1 - stop) / (stop + maintenance);
}

/** The largest value strictly below the bound that a venue takes: whole from 1 up, else in hundredths. */
function below(bound: number): number {
  // 1e-9 keeps a bound such as 5.000000001, made by rounding, from passing as "5 lies below".
  if (bound > 1) return Math.max(1, Math.ceil(bound - 1e-9) - 1);
  const hundredths = (Math.ceil(bound * 100 - 1e-9) - 1) / 100;
  return hundredths > 0 ? hundredths : bound / 2;
}

/** What lowered an asked leverage. */
export type LeverageLimit = "setting" | "spot" | "venue" | "liquidation";

/**
 * min(setting, venue maximum, highest leverage at which liquidation lies beyond the stop); 1 on spot.
 * Without a stop the last one does not bind.
 */
export function effectiveLeverage(
  instrument: Pick<Instrument, "kind" | "maxLeverage" | "maintenanceMargin">,
  setting: number,
  stopLossPct: number | null,
): { readonly leverage: number; readonly limit: LeverageLimit } {
  if (instrument.kind === "spot") return { leverage: 1, limit: "spot" };
  let result: { leverage: number; limit: LeverageLimit } = { leverage: setting, limit: "setting" };
  if (instrument.maxLeverage < result.leverage) result = { leverage: instrument.maxLeverage, limit: "venue" };
  if (stopLossPct === null) return result;
  const bound = leverageBound(instrument.kind, stopLossPct / 100, toNumber(instrument.maintenanceMargin));
  return bound <= result.leverage ? { leverage: below(bound), limit: "liquidation" } : result;
}
