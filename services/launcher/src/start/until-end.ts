import type { Bus, Stored } from "@tradewind/bus";
import { decodeMessage, matches, subjectOf, type Kind } from "@tradewind/contracts";
import { decodeSnapshot, type VariantPlan } from "@tradewind/core";

const LOOK_MS = 100;

/**
 * Resolves when a replay has been worked to its end: per variant, candles have ended, the last close is decided and the
 * account's checkpoint stands behind both. Rejects never; ends early with `signal`.
 */
export async function untilEnd(bus: Bus, plans: readonly VariantPlan[], signal: AbortSignal): Promise<void> {
  const left = new Map(plans.map((plan) => [plan.id, createEnd(bus, plan)]));
  while (left.size > 0 && !signal.aborted) {
    for (const [id, reached] of [...left]) if (await reached()) left.delete(id);
    if (left.size > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Asks whether the end of one variant has been reached. */
function createEnd(bus: Bus, plan: VariantPlan): () => Promise<boolean> {
  const lastCloses = new Map<string, number | undefined>();
  const candles = (instrument: string, timeframe: string): string => subjectOf("candle", { venue: plan.broker, instrument, timeframe });

  async function decided(instrument: string): Promise<number | undefined> {
    const subject = candles(instrument, plan.timeframe);
    if (!isEnd(await bus.last(subject))) return undefined;
    if (!lastCloses.has(instrument)) lastCloses.set(instrument, await lastCloseOf(bus, subject));
    const close = lastCloses.get(instrument);
    if (close === undefined) return 0;
    const last = await bus.last(subjectOf("decision", { variant: plan.id, instrument }));
    return last !== undefined && dataOf("decision", last)?.closeTime === close ? last.seq : undefined;
  }

  return async () => {
    const saved = await bus.kv("checkpoints").get(`execution.${plan.account.id}`);
    if (saved === undefined) return false;
    const { positions } = decodeSnapshot(saved.value) as { readonly positions: Readonly<Record<string, number>> };
    const reached = (subject: string): number =>
      Math.max(0, ...Object.entries(positions).flatMap(([filter, seq]) => (matches(filter, subject) ? [seq] : [])));
    for (const { id } of plan.instruments) {
      const finest = candles(id, plan.finestTimeframe);
      const end = await bus.last(finest);
      if (end === undefined || !isEnd(end) || reached(finest) < end.seq) return false;
      const decision = await decided(id);
      if (decision === undefined || reached(subjectOf("decision", { variant: plan.id, instrument: id })) < decision) return false;
    }
    return true;
  };
}

function dataOf<K extends Kind>(kind: K, { data }: Stored) {
  const decoded = decodeMessage(kind, data);
  return decoded.ok ? decoded.envelope.data : undefined;
}

function isEnd(last: Stored | undefined): boolean {
  return last !== undefined && dataOf("candle", last)?.type === "end";
}

/** Close of the last candle of a subject; undefined when it has none. */
async function lastCloseOf(bus: Bus, subject: string): Promise<number | undefined> {
  let close: number | undefined;
  for await (const stored of bus.read(subject, { after: 0 })) {
    const data = dataOf("candle", stored);
    if (data?.type === "candle") close = data.candle.closeTime;
  }
  return close;
}
