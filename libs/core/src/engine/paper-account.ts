import type { Candle } from "../domain/candle.ts";
import type { Decision } from "../domain/decision.ts";
import type { VariantPlan } from "../domain/plan.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import { createSimVenue, type SimVenue } from "../sim/venue.ts";
import { restoreVenue, snapshotVenue } from "../sim/venue-snapshot.ts";
import { restoreAccount, snapshotAccount } from "../trade/account-snapshot.ts";
import { emptyAccount } from "../trade/account.ts";
import type { Command } from "../trade/event.ts";
import { createTradeMachine, openAccount, type TradeMachine } from "../trade/trade.ts";
import { createDealing, type FundingPayment } from "./dealing.ts";

export interface PaperAccountOptions {
  readonly plan: VariantPlan;
  /** 8 hex; fixed in backtests so that client ids repeat. */
  readonly epoch: string;
  readonly startTime: number;
  readonly onEntry: (entry: LedgerEntry) => void;
}

/**
 * An account machine and its simulated venue under the events clock, driven by candles: the same in a backtest and
 * in candle-driven paper trading. Per close time, in the canonical order: fills at the open, exits inside the bar,
 * marks; then decisions, in the order they are given.
 */
export interface PaperAccount {
  readonly trade: TradeMachine;
  readonly venue: SimVenue;
  /**
   * At most one candle of the finest timeframe per instrument, in config order. `funding` falls due inside these
   * candles: whoever holds after their first fills pays it.
   */
  close(time: number, candles: readonly Candle[], funding?: readonly FundingPayment[]): void;
  /** Takes a decision at event time `time`, after the candles of that time. */
  decide(decision: Decision, time: number): void;
  /** Takes an order of whoever runs the account, at event time `time`. */
  command(command: Command, time: number): void;
  /** Charges funding at the venue and books it. */
  fund(payment: FundingPayment): void;
  /** Ends the data: open positions are closed at these candles' open or close, if the variant asks for it. */
  finish(candles: readonly Candle[]): void;
  /** Plain data; `restore` continues from it bit for bit. */
  snapshot(): unknown;
  restore(state: unknown): void;
}

const NO_FUNDING: readonly FundingPayment[] = [];

export function createPaperAccount(options: PaperAccountOptions): PaperAccount {
  const { plan } = options;
  const trade = createTradeMachine([plan], emptyAccount([plan]));
  options.onEntry(openAccount(trade, [plan], options.epoch, options.startTime));
  const venue = createSimVenue({
    instruments: plan.instruments,
    currency: plan.account.currency,
    balance: plan.account.startingBalance,
    leverage: plan.risk.leverage,
    costs: plan.costs,
    fills: plan.fills,
  });
  const dealing = createDealing(trade, venue, options.onEntry);
  const { take, settle } = dealing;

  return {
    trade,
    venue,
    close(time, candles, funding = NO_FUNDING) {
      for (const candle of candles) dealing.open(candle);
      if (plan.fills.latencyMs > 0) for (const candle of candles) dealing.arrivals(candle);
      for (const payment of funding) dealing.fund(payment);
      for (const candle of candles) dealing.range(candle);
      for (const candle of candles) take(trade.candle(candle), time);
      take(trade.close(time), time);
      settle();
    },
    decide(decision, time) {
      take(trade.decide(decision, time), time);
      settle();
    },
    command(command, time) {
      take(trade.step({ type: "command", command, time }), time);
      settle();
    },
    fund: (payment) => dealing.fund(payment),
    finish(candles) {
      const last = candles.at(-1);
      if (last === undefined || plan.fills.atEnd === "keep") return;
      const time = last.closeTime;
      take(trade.step({ type: "command", command: { verb: "close", by: "end of data" }, time }), time);
      settle();
      for (const candle of candles) {
        const price = plan.fills.atEnd === "close_at_open" ? candle.open : candle.close;
        // The end of the data is a convention, not a market: neither latency nor volume holds a position back.
        dealing.open({ ...candle, openTime: time + plan.fills.latencyMs, open: price, volume: Number.MAX_SAFE_INTEGER });
        take(trade.candle(candle), time);
      }
      take(trade.close(time), time);
      settle();
    },
    snapshot: () => ({ account: snapshotAccount(trade.state), venue: snapshotVenue(venue.book) }),
    restore(saved) {
      const state = saved as { account: unknown; venue: unknown };
      restoreAccount(trade.state, state.account);
      restoreVenue(venue.book, state.venue);
    },
  };
}
