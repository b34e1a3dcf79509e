import type { Timeframe } from "../domain/timeframe.ts";

/** The bar that a moment falls into: [openTime, closeTime). */
export interface BarSpan {
  readonly openTime: number;
  readonly closeTime: number;
}

/** When an instrument trades, and so where its bars open and close. */
export interface Calendar {
  readonly name: string;
  /** IANA zone in which days are counted. */
  readonly zone: string;
  /** Trading days per year, for annualising. */
  readonly daysPerYear: number;
  isOpen(time: number): boolean;
  /** The bar containing `time`, or undefined outside sessions. */
  bar(timeframe: Timeframe, time: number): BarSpan | undefined;
  /** Whether `fine` is finer than `coarse` and none of its bars reaches over an edge of one of `coarse`. */
  nests(fine: Timeframe, coarse: Timeframe): boolean;
  /** The first bar that opens at or after `time`. */
  nextBar(timeframe: Timeframe, time: number): BarSpan;
  /** How many bars open in [from, to). */
  countBars(timeframe: Timeframe, from: number, to: number): number;
  /** Start of the session (or UTC day) that `time` belongs to, outside sessions of the one before; the anchor of VWAP. */
  sessionStart(time: number): number;
}
