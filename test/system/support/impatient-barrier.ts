import type { Candle, CloseBarrier, Decision, VariantPlan } from "@tradewind/core";

/** A barrier that waits for nothing: what is there when a candle comes is what is worked. */
export function impatientBarrier({ id }: VariantPlan): CloseBarrier {
  let candles: Candle[] = [];
  let decisions: Decision[] = [];
  return {
    candle: (candle) => void candles.push(candle),
    decision: (decision) => void (decision.variant === id && decisions.push(decision)),
    gap: () => undefined,
    end: () => undefined,
    waiting: () => candles.length,
    take() {
      const candle = candles.shift();
      if (candle === undefined) return undefined;
      const due = decisions;
      decisions = [];
      return { time: candle.closeTime, candles: [candle], decisions: due };
    },
    snapshot: () => ({ candles: [...candles], decisions: [...decisions] }),
    restore(saved) {
      ({ candles, decisions } = structuredClone(saved) as { candles: Candle[]; decisions: Decision[] });
    },
  };
}
