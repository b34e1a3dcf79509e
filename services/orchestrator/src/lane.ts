import {
  calendarNamed,
  createDecide,
  timeframeMs,
  type DecideEvent,
  type DecideMachine,
  type Decision,
  type Instrument,
} from "@tradewind/core";
import { content, subjectOf, type MemberWord } from "@tradewind/contracts";
import { readMessages, type Incoming, type RunningVariant, type ServiceContext } from "@tradewind/kit";
import { createDeadlines } from "./deadlines.ts";
import { createDecisionLog } from "./decision-log.ts";
import { NO_WORD, type OrchestratorMetrics } from "./metrics.ts";
import { createOpenCloses, type OpenCloses, type SavedCloses } from "./open-closes.ts";

/** The vote of one variant on one instrument, from its inputs to its decisions in the log. */
export interface Lane {
  readonly instrument: string;
  onMarket(message: Incoming<"candle">): void;
  /** Pending while so many closes are undecided that candles should wait for words. */
  room(): Promise<void> | undefined;
  /** `source` is the member whose word it is. */
  onWord(word: MemberWord, source: string): void;
  snapshot(): SavedLane;
  /** Resolves when every decision made so far is in the log. */
  idle(): Promise<void>;
  stop(): void;
}

/** What a checkpoint keeps of a lane. */
export interface SavedLane {
  readonly machine: unknown;
  readonly closes: SavedCloses;
  /** Sequence of a decision of its own: those in the log after it are recalled. */
  readonly recalledTo: number;
}

export interface LaneOptions {
  readonly context: ServiceContext;
  readonly metrics: OrchestratorMetrics;
  readonly running: RunningVariant;
  readonly instrument: Instrument;
  readonly saved: SavedLane | undefined;
  readonly valid: () => boolean;
  readonly overtaken: (instrument: string) => void;
  /** Runs work between two messages. */
  readonly exclusive: (work: () => void) => void;
}

/** Longest wait for a member's word, wall ms. */
const DEADLINE_WALL_MS = 5_000;

/** Restores a lane and folds what the log says it has decided since. */
export async function openLane(options: LaneOptions): Promise<Lane> {
  const { context, metrics, running, instrument, saved, valid, overtaken } = options;
  const { plan } = running.loaded;
  const variant = plan.id;
  const { effectiveFrom, revision } = running.desired;
  const machine = createDecide(plan, calendarNamed(instrument.calendar));
  const closes = createOpenCloses(saved?.closes);
  if (saved !== undefined) machine.restore(saved.machine);
  const last = await recall(options, machine, closes);
  const log = createDecisionLog({
    context,
    variant,
    instrument: instrument.id,
    revision,
    last,
    valid,
    overtaken: () => overtaken(instrument.id),
  });
  const budgetMs = (): number => Math.min(timeframeMs(plan.timeframe) / 2, DEADLINE_WALL_MS * context.clock.speed());
  const deadlines =
    context.run.clock === "wall"
      ? createDeadlines(context.clock, budgetMs, (closeTime) => options.exclusive(() => giveUpOn(closeTime)))
      : undefined;

  function tell(event: DecideEvent): void {
    for (const decision of machine.step(event)) {
      log.append(decision, closes.causeOf(decision.closeTime));
      metrics.decided(decision);
      closes.decided(decision.closeTime);
      deadlines?.decided(decision.closeTime);
    }
  }

  /** Whoever has not spoken abstains; the machine takes no second word of those who have. */
  function giveUpOn(closeTime: number): void {
    if (!valid() || !closes.has(closeTime)) return;
    for (const { source } of plan.members)
      tell({ type: "abstention", abstention: { source, instrument: instrument.id, closeTime, reason: NO_WORD } });
  }

  for (const closeTime of closes.times()) deadlines?.opened(closeTime);
  const isPast = (closeTime: number): boolean => closeTime <= Math.max(effectiveFrom, closes.decidedUntil);
  return {
    instrument: instrument.id,
    onMarket({ id, data }) {
      if (data.type !== "candle" || isPast(data.candle.closeTime) || closes.has(data.candle.closeTime)) return;
      const { closeTime } = data.candle;
      closes.add(closeTime, id);
      deadlines?.opened(closeTime);
      tell({ type: "close", candle: data.candle });
    },
    onWord(word, source) {
      if (!isPast(content(word).closeTime)) tell(eventOf(word, source));
    },
    room: closes.room,
    snapshot: () => ({ machine: machine.snapshot(), closes: closes.snapshot(), recalledTo: log.last }),
    idle: () => log.idle(),
    stop: () => deadlines?.stop(),
  };
}

/** Folds the decisions the log has beyond the checkpoint. Resolves with the sequence of the last one, 0 for none. */
async function recall(
  { context, metrics, running, instrument, saved }: LaneOptions,
  machine: DecideMachine,
  closes: OpenCloses,
): Promise<number> {
  const subject = subjectOf("decision", { variant: running.loaded.plan.id, instrument: instrument.id });
  let known = saved?.recalledTo ?? 0;
  for (;;) {
    const last = await readMessages(context, "decision", subject, { after: known }, ({ data }) => {
      machine.recall(data as Decision);
      metrics.recalled(data as Decision);
      closes.decided(data.closeTime);
    });
    known = Math.max(known, last);
    const end = (await context.bus.last(subject))?.seq ?? 0;
    if (end <= known) return end;
  }
}

/** The word as the machine takes it, in the name of a member. */
function eventOf(word: MemberWord, source: string): DecideEvent {
  switch (word.type) {
    case "signal":
      return { type: "signal", signal: { ...word.signal, source } } as DecideEvent;
    case "prediction":
      return { type: "prediction", prediction: { ...word.prediction, source } };
    case "abstention":
      return { type: "abstention", abstention: { ...word.abstention, source } };
  }
}
