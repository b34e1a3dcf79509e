import {
  calendarNamed,
  candleAt,
  createPaperAccount,
  DOWN,
  encodeSnapshot,
  decodeSnapshot,
  fromNumber,
  isFlat,
  notional,
  toNumber,
  UP,
  variantEquity,
  type CandleColumns,
  type CostPlan,
  type Instrument,
  type LedgerEntry,
  type Money,
  type PaperAccount,
  type VariantPlan,
} from "@tradewind/core";

/** What came of one step. */
export interface StepResult {
  /** Change of the logarithm of equity, after fees, spread and slippage. */
  readonly reward: number;
  readonly equity: number;
  /** Sign of what is held. */
  readonly position: -1 | 0 | 1;
  /** Nothing is left to trade with. */
  readonly done: boolean;
}

/**
 * A market to act in: the account and the simulated venue of a backtest, on candles that are there already. An action
 * is an index into `directionLabels` and names the position wanted: short (on spot none), none, long. It is taken on
 * the close of the present row and fills at the open of the next one, as a decision would.
 */
export interface TradingEnvironment {
  /** Begins a new account on the close of this row. */
  reset(row: number): void;
  /** Acts on the close of the present row, then closes the rows up to and with `until`. */
  step(action: number, until: number): StepResult;
  readonly account: PaperAccount;
  snapshot(): unknown;
  restore(saved: unknown): void;
}

export interface EnvironmentOptions {
  readonly instrument: Instrument;
  /** Of the timeframe on which the account is marked. */
  readonly columns: CandleColumns;
  readonly costs: CostPlan;
  readonly onEntry?: (entry: LedgerEntry) => void;
}

const BALANCE = 1_000_000;
/** Least quantities of the smallest size that the balance pays for, so that all of it can be put in whatever one costs. */
const SIZES_LEAST = 1_000;
/** Share of the starting balance at which an account is over, and the least that one step can leave. */
const RUINED = 0.01;
const LEAST_LEFT = 1e-6;
const EPOCH = "00000001";

export function tradingEnvironment({ instrument, columns, costs, onEntry }: EnvironmentOptions): TradingEnvironment {
  const calendar = calendarNamed(instrument.calendar);
  const balance = balanceFor(instrument, columns.open[0] ?? 0);
  const plan = planOf(instrument, columns, costs, balance);
  const asked = { variant: plan.id, instrument: instrument.id, votes: [], reason: "agent", entryAllowed: true };
  let now = 0;
  let account = open(0);

  function open(row: number): PaperAccount {
    const startTime = columns.openTime[row] ?? 0;
    return createPaperAccount({ plan, epoch: EPOCH, startTime, onEntry: onEntry ?? (() => undefined) });
  }

  const variant = () => account.trade.state.variants.get(plan.id)!;
  const equity = (): number => variantEquity(variant());

  function held(): -1 | 0 | 1 {
    const slot = variant().slots[0]!;
    return isFlat(slot) ? 0 : slot.position.qty > 0n ? 1 : -1;
  }

  function close(row: number): void {
    const candle = candleAt(columns, row);
    account.close(candle.closeTime, [candle]);
    now = row;
  }

  /** Asks for the position that `action` names, unless it is there already. */
  function ask(action: number): void {
    const wanted = action === UP ? 1 : action === DOWN && instrument.kind !== "spot" ? -1 : 0;
    if (wanted === held()) return;
    const time = columns.closeTime[now]!;
    if (wanted === 0) return account.command({ verb: "close", by: "agent" }, time);
    const validUntil = calendar.nextBar(columns.timeframe, time).closeTime;
    account.decide(
      { ...asked, action: wanted === 1 ? "BUY" : "SELL", score: wanted, closeTime: time, close: columns.close[now]!, validUntil },
      time,
    );
  }

  return {
    get account() {
      return account;
    },
    reset(row) {
      account = open(row);
      close(row);
    },
    step(action, until) {
      const before = equity();
      ask(action);
      for (let row = now + 1; row <= until; row++) close(row);
      const after = equity();
      const reward = Math.log(Math.max(after / before, LEAST_LEFT));
      return { reward, equity: after, position: held(), done: after <= balance * RUINED };
    },
    snapshot: () => ({ now, account: encodeSnapshot(account.snapshot()) }),
    restore(saved) {
      const state = saved as { now: number; account: string };
      account = open(state.now);
      account.restore(decodeSnapshot(state.account));
      now = state.now;
    },
  };
}

/** In whole units of the account's currency. */
function balanceFor(instrument: Instrument, price: number): number {
  const { step, minQty, multiplier } = instrument;
  const smallest = notional(instrument, Math.max(toNumber(step), toNumber(minQty)), toNumber(multiplier), price);
  return Math.max(BALANCE, Math.ceil(SIZES_LEAST * smallest));
}

/** A variant without members, limits or exits that puts all it has into a position, so that a reward is that of the market. */
function planOf(instrument: Instrument, columns: CandleColumns, costs: CostPlan, balance: number): VariantPlan {
  return {
    id: "agent",
    broker: instrument.venue,
    mode: "backtest",
    assetClass: instrument.assetClass,
    account: { id: "agent", currency: instrument.settle, startingBalance: fromNumber<Money>(balance) },
    instruments: [instrument],
    timeframe: columns.timeframe,
    finestTimeframe: columns.timeframe,
    members: [],
    decision: { threshold: 0, everyCloses: 1, validForCloses: 1, learningRate: 0, weightFloor: 0, regimes: "none" },
    sizing: { method: "cash_fraction", fraction: 1 },
    exits: { stopLossPct: null, takeProfitPct: null, trailingStopPct: null, maxHoldCloses: null },
    risk: {
      maxPositionSize: null,
      maxTotalExposure: null,
      maxConcurrentPositions: null,
      maxDailyLossPct: null,
      maxDrawdownPct: null,
      leverage: 1,
    },
    protections: [],
    costs,
    fills: { latencyMs: 0, maxVolumeShare: null, atEnd: "keep" },
  };
}
