import type { Candle } from "../domain/candle.ts";
import type { Price, Rate } from "../domain/fixed.ts";
import type { LedgerEntry } from "../ledger/entry.ts";
import type { Intent } from "../orders/intent.ts";
import type { VenueReport } from "../orders/report.ts";
import type { SimVenue } from "../sim/venue.ts";
import type { TradeStep } from "../trade/event.ts";
import type { TradeMachine } from "../trade/trade.ts";

/** A funding charge: due at or before the next candle that opens. */
export interface FundingPayment {
  readonly instrument: string;
  readonly time: number;
  readonly rate: Rate;
  readonly mark: Price;
}

/** The talk between an account and its simulated venue: intents go out at once, reports come back until both are quiet. */
export interface Dealing {
  /** Takes what a step of the account made: its entry, then its intents, which leave at event time `time`. */
  take(step: TradeStep, time: number): void;
  /** Feeds reports back until there are none; what they lead to leaves at the time of the report. */
  settle(): void;
  /** Fills at a candle's first price, and whatever follows from them at the same price. */
  open(candle: Candle): void;
  /** Fills of what arrives inside a candle, and what follows from them there. */
  arrivals(candle: Candle): void;
  /** Fills inside a candle; they are known at its close. */
  range(candle: Candle): void;
  fund(payment: FundingPayment): void;
}

export function createDealing(trade: TradeMachine, venue: SimVenue, onEntry: (entry: LedgerEntry) => void): Dealing {
  let reports: VenueReport[] = [];

  function take({ entry, intents }: TradeStep, time: number): void {
    if (entry !== undefined) onEntry(entry);
    for (const intent of intents) perform(venue, intent, time, reports);
  }

  function settle(): void {
    while (reports.length > 0) {
      const batch = reports;
      reports = [];
      for (const report of batch) take(trade.step({ type: "report", report }), report.time);
    }
  }

  return {
    take,
    settle,
    open(candle) {
      // A fill at the open may lead to an order that fills at the same open: a reversal, a stop already passed.
      let before: number;
      do {
        before = venue.book.nextId;
        venue.open(candle, reports);
        settle();
      } while (venue.book.nextId !== before);
    },
    arrivals(candle) {
      venue.arrivals(candle, reports);
      settle();
    },
    range(candle) {
      venue.range(candle, reports);
      settle();
    },
    fund({ instrument, rate, mark, time }) {
      venue.fund(instrument, rate, mark, time, reports);
      settle();
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
