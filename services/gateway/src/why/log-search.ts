import type { Bus, Stored } from "@tradewind/bus";
import { decodeEntry, type Candle, type Decision, type LedgerEntry, type VariantPlan } from "@tradewind/core";
import {
  content,
  decodeMessage,
  patternOf,
  subjectOf,
  tokenOf,
  type Envelope,
  type MemberWord,
  type PayloadOf,
} from "@tradewind/contracts";
import { rawData } from "../model/raw-data.ts";
import { modelsOf, readModelFacts, type ModelFacts } from "./models.ts";

/** A ledger entry with what led to it. */
export interface LedgerHit {
  readonly account: string;
  readonly cause: string | undefined;
  readonly published: number;
  readonly entry: LedgerEntry;
}

export type DecisionHit = Envelope<Decision>;

/** Looks things up in the log. Nothing is kept: the log is the one that knows. */
export interface LogSearch {
  /** Entries whose text holds one of `marks`, in order; of every account, or of one. */
  entries(account: string | undefined, marks: readonly string[]): Promise<LedgerHit[]>;
  /** The last decision on a close at or before `at`. */
  decision(variant: string, instrument: string, at: number): Promise<DecisionHit | undefined>;
  /** What members said on the close of a decision, then what shadows of their models did. */
  words(plan: VariantPlan, decision: DecisionHit): Promise<Envelope<MemberWord>[]>;
  /** What is known of the models of a variant beside the log. */
  facts(plan: VariantPlan): Promise<ModelFacts>;
  /** The candle a decision was made on. */
  candle(venue: string, instrument: string, timeframe: VariantPlan["timeframe"], near: DecisionHit): Promise<Candle | undefined>;
  /** Candles and gaps after one market time, up to another. */
  market(plan: VariantPlan, instrument: string, after: number, until: number): Promise<PayloadOf<"candle">[]>;
}

/** How far back from a decision, in wall time, its inputs are looked for first; then the whole log is read. */
const NEAR_MS = 60_000;

export function createLogSearch(bus: Bus): LogSearch {
  const near = nearReader(bus);
  return {
    entries: (account, marks) => findEntries(bus, account, marks),
    decision: (variant, instrument, at) => lastDecision(bus, subjectOf("decision", { variant, instrument }), at),
    async words(plan, { data: { instrument, closeTime }, published }) {
      const pick = (kind: "signal" | "prediction") => (message: Stored) => {
        const decoded = decodeMessage(kind, message.data);
        if (!decoded.ok) return undefined;
        const said = content(decoded.envelope.data).closeTime;
        if (said > closeTime) return "end" as const;
        return said === closeTime ? decoded.envelope : undefined;
      };
      const signals = await near(subjectOf("signal", { variant: plan.id, instrument }), published, pick("signal"));
      const models = modelsOf(plan);
      const predictions = await Promise.all(
        models.map((model) => near(subjectOf("prediction", { model, venue: plan.broker, instrument }), published, pick("prediction"))),
      );
      const shadows = models.length === 0 ? [] : await shadowWords(bus, plan, instrument, closeTime, published);
      return [...signals, ...predictions.flat(), ...shadows];
    },
    facts: (plan) => readModelFacts(bus, plan),
    async candle(venue, instrument, timeframe, { published, data: { closeTime } }) {
      const candles = await near(subjectOf("candle", { venue, instrument, timeframe }), published, ({ data }) => {
        const event = marketEvent(data);
        if (event?.type !== "candle") return undefined;
        if (event.candle.closeTime > closeTime) return "end";
        return event.candle.closeTime === closeTime ? event.candle : undefined;
      });
      return candles[0];
    },
    async market({ broker: venue, timeframe }, instrument, after, until) {
      const found: PayloadOf<"candle">[] = [];
      for await (const { data } of bus.read(subjectOf("candle", { venue, instrument, timeframe }), { after: 0 })) {
        const time = Number(/"time":(-?\d+)/.exec(data)?.[1] ?? Number.NaN);
        if (time > until) break;
        const event = time > after ? marketEvent(data) : undefined;
        if (event !== undefined) found.push(event);
      }
      return found;
    },
  };
}

/** What speaks beside a model's name is kept apart by its token; which shadows there were then, only the log knows. */
async function shadowWords(
  bus: Bus,
  plan: VariantPlan,
  instrument: string,
  closeTime: number,
  published: number,
): Promise<Envelope<MemberWord>[]> {
  const found = new Map<string, Envelope<MemberWord>>();
  const filter = subjectOf("prediction", { model: "*", venue: tokenOf(plan.broker), instrument });
  const shadows = modelsOf(plan).map((model) => `tw.prediction.${model}--`);
  for await (const { subject, time, data } of bus.read(filter, { since: published - NEAR_MS })) {
    if (time > published + NEAR_MS) break;
    if (!shadows.some((start) => subject.startsWith(start))) continue;
    const decoded = decodeMessage("prediction", data);
    if (decoded.ok && content(decoded.envelope.data).closeTime === closeTime && !found.has(subject)) found.set(subject, decoded.envelope);
  }
  return [...found.values()];
}

/** Reads what `pick` takes of a subject, from near a wall time on; from the beginning where there is nothing. */
function nearReader(bus: Bus) {
  return async <T>(filter: string, published: number, pick: (message: Stored) => T | "end" | undefined): Promise<T[]> => {
    for (const from of [{ since: published - NEAR_MS }, { after: 0 }]) {
      const found: T[] = [];
      for await (const message of bus.read(filter, from)) {
        const picked = pick(message);
        if (picked === "end") break;
        if (picked !== undefined) found.push(picked);
      }
      if (found.length > 0) return found;
    }
    return [];
  };
}

async function findEntries(bus: Bus, account: string | undefined, marks: readonly string[]): Promise<LedgerHit[]> {
  const hits: LedgerHit[] = [];
  const filter = account === undefined ? patternOf("ledger") : subjectOf("ledger", { account });
  for await (const { subject, seq, data } of bus.read(filter, { after: 0 })) {
    if (!marks.some((mark) => data.includes(mark))) continue;
    const decoded = decodeMessage("ledger", data);
    if (!decoded.ok) continue;
    const { cause, published } = decoded.envelope;
    hits.push({ account: subject.split(".")[2]!, cause, published, entry: decodeEntry(rawData(data), `${subject} #${seq}`) });
  }
  return hits;
}

async function lastDecision(bus: Bus, subject: string, at: number): Promise<DecisionHit | undefined> {
  let best: string | undefined;
  for await (const { data } of bus.read(subject, { after: 0 })) {
    const closeTime = Number(/"closeTime":(-?\d+)/.exec(data)?.[1] ?? Number.NaN);
    if (closeTime > at) break;
    if (closeTime <= at) best = data;
  }
  const decoded = best === undefined ? undefined : decodeMessage("decision", best);
  return decoded?.ok === true ? (decoded.envelope as DecisionHit) : undefined;
}

function marketEvent(data: string): PayloadOf<"candle"> | undefined {
  const decoded = decodeMessage("candle", data);
  return decoded.ok ? decoded.envelope.data : undefined;
}
