import type { VariantPlan } from "@tradewind/core";
import { subjectOf } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";

/** Where in market time a revision begins, and what time the market has. */
export interface MarketTime {
  /** Undefined while the market's clock is not known. */
  now(): number | undefined;
  /** Market ms per wall ms; undefined while not known. */
  speed(): number | undefined;
  /** Calls `ring` once the clock is known. */
  whenKnown(ring: () => void): void;
  /** Market time from which the first revision of a variant decides; undefined while not known. */
  first(): number | undefined;
  /** The same for a change of it. */
  change(plan: VariantPlan | undefined): Promise<number | undefined>;
  stop(): void;
}

/**
 * On the wall's clock a revision begins now. Recorded data has no now: there a first revision begins with the data, a
 * change where the variant has got to. The clock of a simulated market is its feed's to set; before that nobody may ask.
 */
export async function openMarketTime(context: ServiceContext, newest: () => number): Promise<MarketTime> {
  const { bus, clock, config, run } = context;
  const recorded = run.clock === "events" || config.market.feed === "replay";
  let known = false;
  const waiting: (() => void)[] = [];
  const watch = await bus.kv("run").watch(({ key, value }) => {
    if (key !== "clock" || value === undefined || known) return;
    known = true;
    for (const ring of waiting.splice(0)) ring();
  });
  const now = (): number | undefined => {
    if (recorded) return newest() || undefined;
    return known ? clock.now() : undefined;
  };
  return {
    now,
    speed: () => (known ? clock.speed() : undefined),
    whenKnown(ring) {
      if (known || recorded) ring();
      else waiting.push(ring);
    },
    first: () => (recorded ? 0 : now()),
    change: (plan) => (recorded ? reached(plan, newest()) : Promise.resolve(now())),
    stop: () => watch.stop(),
  };

  /** The newest close the variant has decided on; before its first decision, the newest close it was given. */
  async function reached(plan: VariantPlan | undefined, otherwise: number): Promise<number> {
    if (plan === undefined) return otherwise;
    const newestOf = async (subjects: readonly string[]): Promise<number> => {
      const last = await Promise.all(subjects.map((subject) => bus.last(subject)));
      return Math.max(0, ...last.map((message) => (message === undefined ? 0 : timeOf(message.data))));
    };
    const { broker: venue, id: variant, timeframe } = plan;
    const instruments = plan.instruments.map(({ id }) => id);
    const decided = await newestOf(instruments.map((instrument) => subjectOf("decision", { variant, instrument })));
    return decided || newestOf(instruments.map((instrument) => subjectOf("candle", { venue, instrument, timeframe })));
  }
}

function timeOf(text: string): number {
  try {
    const { time } = JSON.parse(text) as { time?: unknown };
    return typeof time === "number" ? time : 0;
  } catch {
    return 0;
  }
}
