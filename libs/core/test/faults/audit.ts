import { positionUnit, type Instrument } from "../../src/domain/instrument.ts";
import type { Execution, OrderSpec } from "../../src/domain/order.ts";
import type { VariantPlan } from "../../src/domain/plan.ts";
import { parseClientId } from "../../src/orders/client-id.ts";
import type { VenueBook } from "../../src/sim/book.ts";

/** A promise that was not kept. */
export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

/** An order as its ledger entries tell of it. */
export interface Audited {
  readonly spec: OrderSpec;
  readonly time: number;
  live: boolean;
  unknown: boolean;
  filled: bigint;
}

/** What has been said to the account about one order. */
export interface Evidence {
  notSent: boolean;
  refused: boolean;
  silences: number;
}

/** What an auditor keeps. */
export interface Audit {
  readonly plans: ReadonlyMap<string, VariantPlan>;
  readonly book: VenueBook;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly orders: Map<string, Audited>;
  readonly evidence: Map<string, Evidence>;
  readonly sends: Map<string, number>;
  readonly arrivals: Map<string, number>;
  readonly decided: Set<string>;
  /** Variant and ordinal of each trade; of each, the tightest stop asked for so far. */
  readonly ordinals: Set<string>;
  readonly stops: Map<string, bigint>;
  /** By variant and instrument: as the ledger has it, and as the venue matched it. */
  readonly positions: Map<string, bigint>;
  readonly truth: Map<string, bigint>;
  readonly booked: Map<string, string[]>;
  readonly residue: Map<string, bigint>;
  n: number;
  time: number;
  checked: boolean;
  halted: boolean;
}

export const holding = (spec: { variant: string; instrument: string }): string => `${spec.variant} ${spec.instrument}`;

/** What an order is part of: its variant's trade by ordinal. */
export const tradeOf = (order: OrderSpec): string => `${order.variant} ${parseClientId(order.clientId)!.ordinal}`;

export const name = (order: OrderSpec): string => `${order.leg} ${order.side} ${order.instrument} …${order.clientId.slice(8)}`;

/** What a fill does to a position, a fee taken in the asset included. */
export function change(instrument: Instrument, { side, quantity, fee, feeCurrency }: Execution): bigint {
  return (side === "BUY" ? quantity : -quantity) - (feeCurrency === positionUnit(instrument) ? fee : 0n);
}
