import type { Candle } from "../../src/domain/candle.ts";
import { formatExact, toNumber } from "../../src/domain/fixed.ts";
import type { VariantPlan } from "../../src/domain/plan.ts";
import { createEngine, type Engine } from "../../src/engine/engine.ts";
import type { FillEvent, LedgerEntry, LedgerEvent } from "../../src/ledger/entry.ts";
import { calendarNamed } from "../../src/market/calendars/registry.ts";
import type { SimVenue } from "../../src/sim/venue.ts";
import type { AccountState } from "../../src/trade/account.ts";
import type { StrategyDefinition, View } from "../../src/strategies/strategy.ts";
import { T0 } from "./builders.ts";

/** What the scripted strategy says on a candle. */
export type Script = (candle: Candle) => View | undefined;

export const buy = (over: Partial<View> = {}): View => ({ action: "BUY", confidence: 1, reason: "script", ...over });
export const sell = (over: Partial<View> = {}): View => ({ action: "SELL", confidence: 1, reason: "script", ...over });
export const hold: View = { action: "HOLD", confidence: 0, reason: "script" };

/** Speaks by the number of the bar on each instrument: "B" buys, "S" sells, anything else and the rest hold. */
export function says(letters: string): Script {
  return (candle) => {
    const letter = letters[Math.round((candle.openTime - T0) / (candle.closeTime - candle.openTime))];
    return letter === "B" ? buy() : letter === "S" ? sell() : hold;
  };
}

/** An engine that has recorded all it did. */
export interface Rig {
  readonly engine: Engine;
  readonly state: AccountState;
  readonly venue: SimVenue;
  readonly entries: LedgerEntry[];
  /** Runs candles in time order; those of one close time together. */
  run(candles: readonly Candle[]): Rig;
  events<T extends LedgerEvent["type"]>(type: T): Extract<LedgerEvent, { type: T }>[];
  /** Fills as "BUY 1 @ 100 entry". */
  fills(): string[];
  /** Denial codes in order. */
  denials(): string[];
  /** Cash of the variant in its ledger, and at the venue: equal, or the first is returned with a complaint. */
  cash(): string;
  /** Signed position in units. */
  held(instrument?: string): number;
}

/** `watch` is told of each ledger entry when the account has folded it. */
export function rig(plan: VariantPlan, script: Script, watch?: (entry: LedgerEntry, state: AccountState) => void): Rig {
  const entries: LedgerEntry[] = [];
  const definition: StrategyDefinition = {
    name: "script",
    doc: "speaks as the test says",
    parameters: {},
    warmup: () => 0,
    create: () => ({ onCandle: script, snapshot: () => null, restore: () => undefined }),
  };
  const engine: Engine = createEngine({
    plan,
    epoch: "00000001",
    startTime: T0,
    calendarOf: calendarNamed,
    definitionOf: () => definition,
    onEntry: (entry) => {
      entries.push(entry);
      // The first entry is made before there is an engine to look at.
      if (entry.n > 1) watch?.(entry, engine.account.trade.state);
    },
  });
  const events = <T extends LedgerEvent["type"]>(type: T) =>
    entries.flatMap((entry) => entry.events.filter((event): event is Extract<LedgerEvent, { type: T }> => event.type === type));
  const { trade, venue } = engine.account;
  const self: Rig = {
    engine,
    state: trade.state,
    venue,
    entries,
    run(candles) {
      for (let i = 0; i < candles.length;) {
        const time = candles[i]!.closeTime;
        const together = candles.slice(i).filter((candle) => candle.closeTime === time);
        engine.close(time, together);
        i += together.length;
      }
      return self;
    },
    events,
    fills: () => events("fill").map(describeFill),
    denials: () => events("denied").map((event) => event.code),
    cash() {
      const ledger = formatExact(trade.state.variants.get(plan.id)!.cash);
      const there = formatExact(venue.book.cash.get(plan.account.currency)!);
      return ledger === there ? ledger : `ledger ${ledger}, venue ${there}`;
    },
    held(instrument = plan.instruments[0]!.id) {
      const slot = trade.state.slotsByInstrument.get(instrument)![0]!;
      const there = venue.book.instruments.get(instrument)!.position.qty;
      if (slot.position.qty !== there) throw new Error(`ledger holds ${slot.position.qty}, venue ${there}`);
      return toNumber(there);
    },
  };
  return self;
}

export function describeFill(fill: FillEvent): string {
  return `${fill.side} ${toNumber(fill.quantity)} @ ${toNumber(fill.price)} ${fill.leg}`;
}
