import type { Money } from "./fixed.ts";
import type { AssetClass, Instrument } from "./instrument.ts";
import type { Timeframe } from "./timeframe.ts";

/**
 * A variant's configuration as the core takes it: checked, complete, frozen, without optionals that
 * mean "default". `libs/config` compiles it from the variant's JSON file.
 */
export interface VariantPlan {
  /** The variant's file name without ".json". */
  readonly id: string;
  readonly broker: string;
  readonly mode: "live" | "paper" | "backtest" | "futures";
  readonly assetClass: AssetClass;
  readonly account: AccountPlan;
  readonly instruments: readonly Instrument[];
  /** Strategies are evaluated once per closed candle of this timeframe. */
  readonly timeframe: Timeframe;
  /** Exits and marks are judged on this one, the finest the variant takes. */
  readonly finestTimeframe: Timeframe;
  readonly members: readonly MemberPlan[];
  readonly decision: DecisionPlan;
  readonly sizing: SizingPlan;
  readonly exits: ExitPlan;
  readonly risk: RiskPlan;
  readonly protections: readonly ProtectionPlan[];
  readonly costs: CostPlan;
  readonly fills: FillPlan;
}

export interface AccountPlan {
  /** Names the unit of ledger and single writer: broker, credential reference, test mode. */
  readonly id: string;
  /** Every instrument of the variant settles in it. */
  readonly currency: string;
  readonly startingBalance: Money;
}

/** A value of a strategy parameter. */
export type ParameterValue = number | string | boolean;

export interface MemberPlan {
  /** Name in signals, votes and weights; unique within the variant. */
  readonly source: string;
  readonly kind: "strategy" | "model";
  /** Registry name of the strategy, path of a user's strategy file, or id of the model. */
  readonly name: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  /** Initial weight, > 0. */
  readonly weight: number;
}

export interface DecisionPlan {
  /** Least |weighted vote| that makes a BUY or SELL, 0..1. */
  readonly threshold: number;
  /** Act on every n-th close only; the rest are HOLD. 1 = every close. */
  readonly everyCloses: number;
  /** Closes after which a decision expires; 1 = by the next close. */
  readonly validForCloses: number;
  /** Step of the multiplicative weights; 0 keeps them as configured. */
  readonly learningRate: number;
  /** No member's share of the vote falls below it. */
  readonly weightFloor: number;
  /** Whether weights are learnt apart for each regime of the market, and by what regimes are told. */
  readonly regimes: "none" | "volatility_trend";
}

/**
 * How large an entry is. `risk`: `riskPerTrade` of equity is lost at the stop.
 * `cash_fraction`: the venue spends this share of free cash, sized to whole steps at the fill price, fee included.
 * `notional`: a fixed amount of the account currency. `quantity`: a fixed number of units.
 */
export type SizingPlan =
  | { readonly method: "risk"; readonly riskPerTrade: number }
  | { readonly method: "cash_fraction"; readonly fraction: number }
  | { readonly method: "notional"; readonly notional: number }
  | { readonly method: "quantity"; readonly quantity: number };

/** Distances in percent of the signal bar's close; null means none. */
export interface ExitPlan {
  readonly stopLossPct: number | null;
  readonly takeProfitPct: number | null;
  /** Distance of a trailing stop from the best close-to-date high (long) or low (short). */
  readonly trailingStopPct: number | null;
  /** Closes on the decision timeframe after which a position is closed; null means never. */
  readonly maxHoldCloses: number | null;
}

/** Limits; null means none. Amounts are in the account currency, percentages of equity. */
export interface RiskPlan {
  readonly maxPositionSize: number | null;
  readonly maxTotalExposure: number | null;
  readonly maxConcurrentPositions: number | null;
  /** Loss since the day's first mark that halts the variant. */
  readonly maxDailyLossPct: number | null;
  /** Fall from the highest equity that halts the variant. */
  readonly maxDrawdownPct: number | null;
  /** Asked leverage; 1 on spot. The effective one may be lower. */
  readonly leverage: number;
}

/** A timed lock with a reason; `kind` names a rule of the protections registry. */
export interface ProtectionPlan {
  readonly kind: string;
  /** Window of closed trades looked at, ms. */
  readonly lookbackMs: number;
  /** Length of the lock, ms. */
  readonly lockMs: number;
  /** Least number of trades (or stop-outs) in the window. */
  readonly count: number;
  /** Percent of the starting equity of the window; meaning depends on the kind. */
  readonly limitPct: number;
}

/** Costs beside fees, for the simulated venue. Basis points of price. */
export interface CostPlan {
  readonly spreadBps: number;
  readonly slippageBps: number;
}

/** How the simulated venue fills. */
export interface FillPlan {
  /** Time from intent to arrival of an order at the venue; cancels and amendments arrive at once. */
  readonly latencyMs: number;
  /** Most of a candle's volume our orders may take; null means unlimited. */
  readonly maxVolumeShare: number | null;
  /** What happens to positions when the data ends. */
  readonly atEnd: "keep" | "close_at_open" | "close_at_close";
}
