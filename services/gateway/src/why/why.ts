import { inputFailure, type VariantPlan } from "@tradewind/core";
import type { ServiceContext } from "@tradewind/kit";
import type { DesiredStore } from "../control/desired-store.ts";
import type { ControlPlane } from "../control/plane.ts";
import type { WhyStep, WhyView } from "../views.ts";
import { clockTime, renderWhy } from "./describe.ts";
import { createLogSearch } from "./log-search.ts";
import { whyAt } from "./why-at.ts";
import { whyOrder } from "./why-order.ts";

/** An order's client id, or a variant and a market time (ISO; UTC unless it says otherwise; left out, now). */
export interface WhyQuery {
  readonly order?: string | undefined;
  readonly variant?: string | undefined;
  readonly instrument?: string | undefined;
  readonly at?: string | undefined;
}

/** Throws `NOT_FOUND`, `AMBIGUOUS_ORDER`, `UNKNOWN_VARIANT`, `UNKNOWN_INSTRUMENT`. */
export type Why = (query: WhyQuery) => Promise<WhyView>;

/** Explains from the log alone: what was recorded, not what would be done now. */
export function createWhy(context: ServiceContext, { store, plane }: { readonly store: DesiredStore; readonly plane: ControlPlane }): Why {
  const log = createLogSearch(context.bus);

  function planOf(variant: string): VariantPlan | undefined {
    const desired = store.all().get(variant);
    return (desired && plane.compiled(desired)?.plan) ?? plane.folder().files?.get(variant)?.loaded?.plan;
  }

  async function atTime(variant: string, only: string | undefined, at: number): Promise<{ answer: string; steps: readonly WhyStep[] }> {
    const plan = planOf(variant);
    if (plan === undefined)
      throw inputFailure("UNKNOWN_VARIANT", `no variant "${variant}" that compiles; "tradewind variants list" shows them`);
    const known = plan.instruments.map(({ id }) => id);
    if (only !== undefined && !known.includes(only))
      throw inputFailure("UNKNOWN_INSTRUMENT", `variant "${variant}" does not trade "${only}"; it trades ${known.join(", ")}`);
    const desired = store.all().get(variant);
    const asked = only === undefined ? known : [only];
    const found: { answer: string; steps: readonly WhyStep[] }[] = [];
    for (const instrument of asked) found.push(await whyAt(log, { plan, desired, instrument, at }));
    const named = (text: string, i: number): string => (asked.length === 1 ? text : `${asked[i]}: ${text}`);
    return { answer: found.map(({ answer }, i) => named(answer, i)).join("\n"), steps: found.flatMap(({ steps }) => steps) };
  }

  return async ({ order, variant, instrument, at }) => {
    if (order !== undefined) {
      const { answer, steps } = await whyOrder(log, planOf, order, variant);
      const question = `Why order ${order}?`;
      return { question, answer, steps: [...steps], text: renderWhy(question, answer, steps) };
    }
    const time = at === undefined ? Number.MAX_SAFE_INTEGER : utc(at);
    const { answer, steps } = await atTime(variant!, instrument, at === undefined ? await latest(variant!) : time);
    const when = at === undefined ? "at its last close" : `at ${clockTime(time)}`;
    const question = `What did ${variant}${instrument === undefined ? "" : ` on ${instrument}`} decide ${when}, and why?`;
    return { question, answer, steps: [...steps], text: renderWhy(question, answer, steps) };
  };

  /** Market time of the variant's newest close, as far as it is recorded; the wall's when nothing is. */
  async function latest(variant: string): Promise<number> {
    const plan = planOf(variant);
    if (plan === undefined) return Date.now();
    const times = await Promise.all(
      plan.instruments.map(async ({ id: instrument }) => (await log.decision(variant, instrument, Infinity))?.data.closeTime ?? 0),
    );
    return Math.max(...times) || Date.now();
  }
}

/** A time without a zone is UTC, as everything in the log. */
function utc(text: string): number {
  const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(text) || !text.includes("T");
  return Date.parse(zoned ? text : `${text}Z`);
}
