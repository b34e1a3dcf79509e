import type { Candle } from "../../src/domain/candle.ts";
import { exactToNumber, toNumber, type Money } from "../../src/domain/fixed.ts";
import type { Instrument } from "../../src/domain/instrument.ts";
import type { OrderSpec } from "../../src/domain/order.ts";
import type { CostPlan, FillPlan } from "../../src/domain/plan.ts";
import type { VenueReport } from "../../src/orders/report.ts";
import { createSimVenue, type SimVenue } from "../../src/sim/venue.ts";
import { d, T0 } from "./builders.ts";

/** A simulated venue of one instrument, driven by hand, whose reports are kept as short lines. */
export interface VenueDesk {
  readonly venue: SimVenue;
  place(order: OrderSpec, time?: number): void;
  /** Matches a candle: its first price, then its range. */
  match(...candles: Candle[]): void;
  /** Reports since the last call: "fill a BUY 1 @ 100 fee 0.1 USD taker", "closed a filled". */
  said(): string[];
  cash(currency?: string): number;
  held(): number;
}

interface Options {
  readonly balance?: string;
  readonly leverage?: number;
  readonly costs?: Partial<CostPlan>;
  readonly fills?: Partial<FillPlan>;
}

export function venueDesk(instrument: Instrument, options: Options = {}): VenueDesk {
  const venue = createSimVenue({
    instruments: [instrument],
    currency: instrument.settle,
    balance: d<Money>(options.balance ?? "100000"),
    leverage: options.leverage ?? 1,
    costs: { spreadBps: 0, slippageBps: 0, ...options.costs },
    fills: { latencyMs: 0, maxVolumeShare: null, atEnd: "keep", ...options.fills },
  });
  let out: VenueReport[] = [];
  return {
    venue,
    place: (order, time = T0) => venue.place({ ...order, instrument: instrument.id }, time, out),
    match(...candles) {
      for (const candle of candles) {
        venue.open({ ...candle, instrument: instrument.id }, out);
        venue.arrivals({ ...candle, instrument: instrument.id }, out);
        venue.range({ ...candle, instrument: instrument.id }, out);
      }
    },
    said() {
      const lines = out.map(line).filter((text) => text !== "");
      out = [];
      return lines;
    },
    cash: (currency = instrument.settle) => exactToNumber(venue.book.cash.get(currency)!),
    held: () => toNumber(venue.book.instruments.get(instrument.id)!.position.qty),
  };
}

/** Acknowledgements are left out: every order gets one. */
function line(report: VenueReport): string {
  if (report.type === "fill") {
    const { side, quantity, price, fee, feeCurrency, liquidity } = report.execution;
    return `fill ${report.clientId} ${side} ${toNumber(quantity)} @ ${toNumber(price)} fee ${toNumber(fee)} ${feeCurrency} ${liquidity}`;
  }
  if (report.type === "closed") return `closed ${report.clientId} ${report.outcome}${report.reason && `: ${report.reason}`}`;
  if (report.type === "request_refused") return `refused ${report.request} ${report.clientId}`;
  if (report.type === "amended") return `amended ${report.clientId}`;
  return "";
}
