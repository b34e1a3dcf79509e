import type { Candle } from "../domain/candle.ts";
import type { Decision } from "../domain/decision.ts";
import type { VariantPlan } from "../domain/plan.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { VenueReport } from "../orders/report.ts";
import { alignVenue } from "../sim/align-venue.ts";
import { createSimVenue, type SimVenue } from "../sim/venue.ts";
import { restoreVenue, snapshotVenue } from "../sim/venue-snapshot.ts";
import { restoreAccount, snapshotAccount } from "../trade/account-snapshot.ts";
import type { Command } from "../trade/event.ts";
import { createTradeMachine, foldLedger, openAccount, type TradeMachine } from "../trade/trade.ts";
import { createDealing, perform } from "./dealing.ts";

export interface WallAccountOptions {
  readonly plan: VariantPlan;
  readonly onEntry: (entry: LedgerEntry) => void;
}

/**
 * An account machine and its simulated venue under a wall clock: decisions, commands and candles come when they come,
 * and an order that is placed inside a candle arrives inside it. The ledger survives the process, the venue does not:
 * `resume` folds the account and makes the venue's book of it.
 */
export interface WallAccount {
  readonly trade: TradeMachine;
  readonly venue: SimVenue;
  /** A new account. */
  open(epoch: string, time: number): void;
  /** What `snapshot` gave, if there is one, and every entry after it. Call `start` next. */
  resume(saved: unknown, tail: readonly LedgerEntry[]): void;
  /** A new owner: recorded, orders in flight settled, the account checked against the venue's book. */
  start(time: number, ownerEpoch: number): void;
  /** At most one candle of the finest timeframe per instrument. `time` never goes back. */
  close(time: number, candles: readonly Candle[]): void;
  /** Sets the price at which holdings count; nothing trades. */
  mark(candle: Candle): void;
  decide(decision: Decision, time: number): void;
  command(command: Command, time: number): void;
  /** Plain data, of the account as of its last entry. */
  snapshot(): unknown;
}

export function createWallAccount({ plan, onEntry }: WallAccountOptions): WallAccount {
  const trade = createTradeMachine([plan]);
  const venue = createSimVenue({
    instruments: plan.instruments,
    currency: plan.account.currency,
    balance: plan.account.startingBalance,
    leverage: plan.risk.leverage,
    costs: plan.costs,
    fills: plan.fills,
  });
  const { take, settle, ...dealing } = createDealing(trade, venue, onEntry);

  function tell(reports: readonly VenueReport[], time: number): void {
    for (const report of reports) take(trade.step({ type: "report", report }), time);
    settle();
  }

  return {
    trade,
    venue,
    open: (epoch, time) => onEntry(openAccount(trade, [plan], epoch, time)),
    resume(saved, tail) {
      const state = saved as { account: unknown; venue: unknown } | undefined;
      if (state !== undefined) {
        restoreAccount(trade.state, state.account);
        restoreVenue(venue.book, state.venue);
      }
      foldLedger(trade, tail);
      alignVenue(venue.book, trade.state, tail, plan.fills.latencyMs);
    },
    start(time, ownerEpoch) {
      const unsent = [...trade.state.orders.values()].filter((order) => order.status === "intended");
      take(trade.step({ type: "start", time, ownerEpoch }), time);
      settle();
      // The last owner never came to place them. Exits are placed as of then; an entry too, unless its time is over.
      const reports: VenueReport[] = [];
      for (const { spec, sendBy, intendedAt } of unsent)
        if (time <= sendBy || spec.reduceOnly) venue.place(spec, intendedAt, reports);
        else reports.push({ type: "not_sent", time, clientId: spec.clientId, reason: "the owner ended before it was sent" });
      perform(venue, { type: "snapshot" }, time, reports);
      tell(reports, time);
    },
    close(time, candles) {
      for (const candle of candles) dealing.open(candle);
      for (const candle of candles) dealing.arrivals(candle);
      for (const candle of candles) dealing.range(candle);
      for (const candle of candles) take(trade.candle(candle), time);
      take(trade.close(time), time);
      settle();
      const { checkAt } = trade.state;
      if (checkAt === 0 || time < checkAt) return;
      take(trade.step({ type: "timer", time }), time);
      settle();
    },
    mark(candle) {
      const step = trade.candle(candle);
      take(step, candle.closeTime);
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
    snapshot: () => ({ account: snapshotAccount(trade.state), venue: snapshotVenue(venue.book) }),
  };
}
