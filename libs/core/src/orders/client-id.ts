import { Failure } from "../errors.ts";
import type { Leg } from "../domain/order.ts";

/** What a client order id says. Reversible, so that the system knows its own orders with an empty ledger. */
export interface ClientId {
  /** Ledger epoch: 8 hex, drawn at genesis. */
  readonly epoch: string;
  /** Index of the variant in the genesis entry. */
  readonly variant: number;
  /** Ordinal of the trade within the variant. */
  readonly ordinal: number;
  readonly leg: Leg;
  /** 1 first; reduce-only exits may be issued anew. */
  readonly attempt: number;
}

const legs: readonly Leg[] = ["entry", "stop", "target", "close"];

const hex = (value: number, width: number): string => value.toString(16).padStart(width, "0");

/** 32 lower-case hex: epoch 8 | variant 4 | ordinal 12 | leg 4 | attempt 4. Fits every venue. */
export function formatClientId(id: ClientId): string {
  return id.epoch + hex(id.variant, 4) + hex(id.ordinal, 12) + hex(legs.indexOf(id.leg), 4) + hex(id.attempt, 4);
}

/** The parts of one of our ids; undefined for an id that is not ours. */
export function parseClientId(text: string): ClientId | undefined {
  if (!/^[0-9a-f]{32}$/.test(text)) return undefined;
  const leg = legs[parseInt(text.slice(24, 28), 16)];
  if (leg === undefined) return undefined;
  return {
    epoch: text.slice(0, 8),
    variant: parseInt(text.slice(8, 12), 16),
    ordinal: parseInt(text.slice(12, 24), 16),
    leg,
    attempt: parseInt(text.slice(28, 32), 16),
  };
}

/** Checks an epoch: 8 lower-case hex. */
export function assertEpoch(epoch: string): void {
  if (!/^[0-9a-f]{8}$/.test(epoch)) throw new Failure("bug", "BAD_EPOCH", `ledger epoch "${epoch}" is not 8 lower-case hex`);
}
