import type { MarketClock } from "@tradewind/kit";

/** Timers of one machine: each rings once at or soon after its market time, and one ring serves all that are due. */
export interface Timers {
  readonly add: (at: number) => void;
  stop(): void;
}

export function createTimers(clock: MarketClock, ring: (time: number) => void): Timers {
  let waiting: number[] = [];
  let armed: { readonly at: number; stop(): void } | undefined;

  function arm(): void {
    const next = Math.min(...waiting);
    if (next === Infinity || (armed !== undefined && armed.at <= next)) return;
    armed?.stop();
    armed = { at: next, stop: clock.at(next, fire).stop };
  }
  function fire(): void {
    armed = undefined;
    const now = clock.now();
    const due = waiting.length;
    waiting = waiting.filter((at) => at > now);
    if (waiting.length < due) ring(now);
    arm();
  }

  return {
    add(at) {
      if (!waiting.includes(at)) waiting.push(at);
      arm();
    },
    stop() {
      armed?.stop();
      armed = undefined;
      waiting = [];
    },
  };
}
