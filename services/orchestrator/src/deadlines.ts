import type { MarketClock } from "@tradewind/kit";

/** Rings for closes that stay undecided. One timer, for the oldest of them. */
export interface Deadlines {
  /** A close has been taken; closes come oldest first. */
  opened(closeTime: number): void;
  /** Everything up to this close is decided. */
  decided(closeTime: number): void;
  stop(): void;
}

/** `budgetMs` in market time; a close that comes late leaves its members half of that. `missed` must lead to `decided`. */
export function createDeadlines(clock: MarketClock, budgetMs: () => number, missed: (closeTime: number) => void): Deadlines {
  let open: { readonly closeTime: number; readonly due: number }[] = [];
  let timer: { readonly due: number; stop(): void } | undefined;

  function arm(): void {
    const due = open[0]?.due;
    if (timer?.due === due) return;
    timer?.stop();
    timer = due === undefined ? undefined : { due, stop: clock.at(due, ring).stop };
  }

  function ring(): void {
    timer = undefined;
    const oldest = open[0];
    if (oldest !== undefined) missed(oldest.closeTime);
  }

  return {
    opened(closeTime) {
      const budget = budgetMs();
      open.push({ closeTime, due: Math.max(closeTime + budget, clock.now() + budget / 2) });
      arm();
    },
    decided(closeTime) {
      open = open.filter((each) => each.closeTime > closeTime);
      arm();
    },
    stop() {
      open = [];
      arm();
    },
  };
}
