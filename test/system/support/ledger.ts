import type { Bus } from "@tradewind/bus";
import { decodeMessage, subjectOf } from "@tradewind/contracts";
import { decodeEntry, decodeSnapshot, ledgerLines, type LedgerEntry } from "@tradewind/core";
import { eventually } from "@tradewind/testkit";
import type { LoadedVariant } from "@tradewind/config";

/** The ledger of an account as the bus has it. */
export async function ledgerOf(bus: Bus, account: string): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = [];
  for await (const { data, seq } of bus.read(subjectOf("ledger", { account }), { after: 0 })) {
    const { data: entry } = JSON.parse(data) as { data: unknown };
    entries.push(decodeEntry(JSON.stringify(entry), `#${seq}`));
  }
  return entries;
}

/** Canonical lines, as `ledger export` prints them. */
export function exported(entries: readonly LedgerEntry[]): string[] {
  return entries.flatMap((entry) => ledgerLines(entry).split("\n").slice(0, -1));
}

export function fillsIn(lines: readonly string[]): number {
  return lines.filter((line) => line.split("|")[4] === "fill").length;
}

/**
 * Waits until a replay has been worked to its end: the account's checkpoint stands behind the end of every instrument's
 * candles and behind the last decision, and the decisions are as many as the closes.
 */
export async function worked(bus: Bus, { plan }: LoadedVariant, timeoutMs: number): Promise<void> {
  const finest = plan.instruments.map(({ id }) =>
    subjectOf("candle", { venue: plan.broker, instrument: id, timeframe: plan.finestTimeframe }),
  );
  const deciding = plan.instruments.map(({ id }) => subjectOf("candle", { venue: plan.broker, instrument: id, timeframe: plan.timeframe }));
  const decisions = plan.instruments.map(({ id }) => subjectOf("decision", { variant: plan.id, instrument: id }));
  await eventually(
    async () => {
      const ends = await Promise.all([...finest, ...deciding].map((subject) => bus.last(subject)));
      for (const end of ends) {
        const decoded = end && decodeMessage("candle", end.data);
        if (decoded?.ok !== true || decoded.envelope.data.type !== "end")
          throw new Error(`no end of data on ${[...finest, ...deciding].join(", ")}`);
      }
      const saved = await bus.kv("checkpoints").get(`execution.${plan.account.id}`);
      if (saved === undefined) throw new Error(`no checkpoint of ${plan.account.id}`);
      const { positions } = decodeSnapshot(saved.value) as { positions: Record<string, number> };
      const reached = (subject: string): number =>
        Math.max(0, ...Object.entries(positions).flatMap(([filter, seq]) => (covers(filter, subject) ? [seq] : [])));
      for (const [i, subject] of finest.entries())
        if (reached(subject) < ends[i]!.seq) throw new Error(`candles of ${subject}: ${reached(subject)} of ${ends[i]!.seq}`);
      for (const [i, subject] of decisions.entries()) {
        const last = await bus.last(subject);
        const lastClose = await lastCloseOf(bus, deciding[i]!);
        const decided = last && decodeMessage("decision", last.data);
        if (decided?.ok !== true || decided.envelope.data.closeTime !== lastClose)
          throw new Error(`last decision on ${subject} is not of ${lastClose}`);
        if (reached(subject) < last!.seq) throw new Error(`decisions of ${subject}: ${reached(subject)} of ${last!.seq}`);
      }
      return true;
    },
    { timeoutMs, message: `${plan.id} worked to the end` },
  );
}

function covers(filter: string, subject: string): boolean {
  const wanted = filter.split(".");
  const given = subject.split(".");
  return wanted.length === given.length && wanted.every((token, i) => token === "*" || token === given[i]);
}

/** Close time of the last candle of a subject that ended. */
const lastCloses = new WeakMap<Bus, Map<string, number>>();
async function lastCloseOf(bus: Bus, subject: string): Promise<number> {
  const known = lastCloses.get(bus) ?? new Map<string, number>();
  lastCloses.set(bus, known);
  const cached = known.get(subject);
  if (cached !== undefined) return cached;
  let close = 0;
  for await (const { data } of bus.read(subject, { after: 0 })) {
    const decoded = decodeMessage("candle", data);
    if (decoded.ok && decoded.envelope.data.type === "candle") close = decoded.envelope.data.candle.closeTime;
  }
  known.set(subject, close);
  return close;
}
