import { variantEquity, isFlat, markSlot, type Slot, type VariantState } from "./account.ts";
import type { Candle } from "../domain/candle.ts";
import { advance } from "./advance.ts";
import type { Desk } from "./desk.ts";
import { setScope } from "./scope.ts";
import { nearestTick } from "./sizing.ts";

const DAY_MS = 86_400_000;

/** Marks the instrument's positions and moves trailing stops; the new stop holds from the next candle on. */
export function onCandle(desk: Desk, candle: Candle): void {
  const slots = desk.state.slotsByInstrument.get(candle.instrument);
  if (slots === undefined) return;
  for (const slot of slots) {
    if (candle.timeframe !== slot.plan.finestTimeframe) continue;
    markSlot(slot, candle.close);
    if (slot.plan.exits.trailingStopPct !== null && !isFlat(slot)) trail(desk, slot, slot.plan.exits.trailingStopPct, candle);
  }
}

function trail(desk: Desk, slot: Slot, pct: number, candle: Candle): void {
  const long = slot.qty > 0;
  const extreme = long ? candle.high : candle.low;
  slot.best = slot.best === 0 ? extreme : long ? Math.max(slot.best, extreme) : Math.min(slot.best, extreme);
  const wanted = nearestTick(slot.best * (long ? 1 - pct / 100 : 1 + pct / 100), slot.instrument.tick);
  const better = slot.stop === undefined || (long ? wanted > slot.stop : wanted < slot.stop);
  if (!better) return;
  slot.stop = wanted;
  advance(desk, slot);
}

/** All candles of `time` are in: equity, loss limits, and whatever a slot still waits for. */
export function onClose(desk: Desk, time: number): void {
  desk.state.watermark = time;
  for (const variant of desk.state.variants.values()) {
    for (const slot of variant.slots) {
      if (!slot.touched) continue;
      slot.touched = false;
      advance(desk, slot);
    }
    judgeLosses(desk, variant, time);
  }
}

function judgeLosses(desk: Desk, variant: VariantState, time: number): void {
  const equity = variantEquity(variant);
  const day = Math.floor((time - 1) / DAY_MS);
  if (day !== variant.day) {
    variant.dayEquity = variant.day < 0 ? equity : variant.equity;
    variant.day = day;
  }
  variant.equity = equity;
  if (equity > variant.peak) variant.peak = equity;
  const { maxDrawdownPct, maxDailyLossPct } = variant.plan.risk;
  if (maxDrawdownPct !== null && equity <= variant.peak * (1 - maxDrawdownPct / 100))
    halt(desk, variant, `drawdown limit of ${maxDrawdownPct} % reached`);
  if (maxDailyLossPct !== null && equity <= variant.dayEquity * (1 - maxDailyLossPct / 100))
    halt(desk, variant, `daily loss limit of ${maxDailyLossPct} % reached`);
}

/** Entries not filled are withdrawn. The limits measure anew from here, or the same loss would halt again whoever resumes. */
function halt(desk: Desk, variant: VariantState, reason: string): void {
  variant.peak = variant.equity;
  variant.dayEquity = variant.equity;
  const scope = `variant:${variant.plan.id}`;
  if (desk.state.scopes.get(scope)?.state === "HALTED") return;
  setScope(desk, scope, "HALTED", reason);
  for (const slot of variant.slots) advance(desk, slot);
}
