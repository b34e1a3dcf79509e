import type { Candle } from "../domain/candle.ts";
import type { Decision } from "../domain/decision.ts";
import type { Price, Rate } from "../domain/fixed.ts";
import type { VariantPlan } from "../domain/plan.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { Intent } from "../orders/intent.ts";
import type { VenueReport } from "../orders/report.ts";
import { createSimVenue, type SimVenue } from "../sim/venue.ts";
import { restoreVenue, snapshotVenue } from "../sim/venue-snapshot.ts";
import { restoreAccount, snapshotAccount } from "../trade/account-snapshot.ts";
import { emptyAccount } from "../trade/account.ts";
import type { TradeEvent } from "../trade/event.ts";
import { createTradeMachine, openAccount, type TradeMachine } from "../trade/trade.ts";

/** A funding charge: due at or before the next candle that opens. */
export interface FundingPayment {
  readonly instrument: string;
  readonly time: number;
  readonly rate: Rate;
  readonly mark: Price;
}

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
  /** At most one candle of the finest timeframe per instrument, in config order. */
  close(time: number, candles: readonly Candle[]): void;
  /** Takes a decision at event time `time`, after the candles of that time. */
  decide(decision: Decision, time: number): void;
  /** Charges funding at the venue and books it. */
  fund(payment: FundingPayment): void;
  /** Ends the data: open positions are closed at these candles' open or close, if the variant asks for it. */
  finish(candles: readonly Candle[]): void;
  /** Plain data; `restore` continues from it bit for bit. */
  snapshot(): unknown;
  restore(state: unknown): void;
}

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
  let reports: VenueReport[] = [];

  /** One step of the account; its intents reach the venue at once, as the shell would send them. */
  function step(event: TradeEvent, time: number): void {
    const { entry, intents } = trade.step(event);
    if (entry !== undefined) options.onEntry(entry);
    for (const intent of intents) perform(venue, intent, time, reports);
  }

  /** Feeds reports back until the venue is quiet. */
  function settle(time: number): void {
    while (reports.length > 0) {
      const batch = reports;
      reports = [];
      for (const report of batch) step({ type: "report", report }, time);
    }
  }

  function matchOpen(candle: Candle): void {
    // A fill at the open may lead to an order that fills at the same open: a reversal, a stop already passed.
    let before: number;
    do {
      before = venue.book.nextId;
      venue.open(candle, reports);
      settle(candle.openTime);
    } while (venue.book.nextId !== before);
  }

  return {
    trade,
    venue,
    close(time, candles) {
      for (const candle of candles) matchOpen(candle);
      for (const candle of candles) {
        venue.range(candle, reports);
        settle(time);
      }
      for (const candle of candles) step({ type: "candle", candle }, time);
      step({ type: "close", time }, time);
      settle(time);
    },
    decide(decision, time) {
      step({ type: "decision", decision, time }, time);
      settle(time);
    },
    fund(payment) {
      venue.fund(payment.instrument, payment.rate, payment.mark, payment.time, reports);
      settle(payment.time);
    },
    finish(candles) {
      const last = candles.at(-1);
      if (last === undefined || plan.fills.atEnd === "keep") return;
      const time = last.closeTime;
      step({ type: "command", command: { verb: "close", by: "end of data" }, time }, time);
      settle(time);
      for (const candle of candles) {
        const price = plan.fills.atEnd === "close_at_open" ? candle.open : candle.close;
        // The end of the data is a convention, not a market: neither latency nor volume holds a position back.
        matchOpen({ ...candle, openTime: time + plan.fills.latencyMs, open: price, volume: Number.MAX_SAFE_INTEGER });
        step({ type: "candle", candle }, time);
      }
      step({ type: "close", time }, time);
      settle(time);
    },
    snapshot: () => ({ account: snapshotAccount(trade.state), venue: snapshotVenue(venue.book) }),
    restore(saved) {
      const state = saved as { account: unknown; venue: unknown };
      restoreAccount(trade.state, state.account);
      restoreVenue(venue.book, state.venue);
    },
  };
}

/** Performs an intent at the simulated venue; look-ups answer at once, and timers have nothing to wait for. */
export function perform(venue: SimVenue, intent: Intent, time: number, out: VenueReport[]): void {
  switch (intent.type) {
    case "place":
      return venue.place(intent.order, time, out);
    case "cancel":
      return venue.cancel(intent.clientId, time, out);
    case "amend":
      return venue.amend(intent.clientId, intent.quantity, intent.stopPrice, time, out);
    case "lookup":
      return venue.lookup(intent.clientId, time, out);
    case "snapshot":
      return venue.snapshot(time, out);
    case "timer":
  }
}
