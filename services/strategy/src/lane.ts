import { calendarNamed, type Abstention, type Candle, type Signal, type Timeframe } from "@tradewind/core";
import { messageId, type MemberWord } from "@tradewind/contracts";
import { createProgress, type Outbox, type RunningVariant, type ServiceContext } from "@tradewind/kit";
import { createMember, type SavedMember } from "./member.ts";
import type { StrategyMetrics } from "./metrics.ts";

/** What a checkpoint keeps of a lane. */
export interface SavedLane {
  readonly variant: string;
  readonly configHash: string;
  readonly lastClose: number;
  readonly members: readonly SavedMember[];
}

/** The strategy members of one variant on one instrument. */
export interface Lane {
  readonly variant: string;
  readonly timeframe: Timeframe;
  /** Evaluates each member on the next candle; one at or before the last is left out. `cause` is its message's id. */
  take(candle: Candle, cause: string): void;
  /** Undefined when a strategy's own state cannot be saved: the lane is then rebuilt from the log. */
  snapshot(): SavedLane | undefined;
}

export interface LaneOptions {
  readonly context: ServiceContext;
  readonly metrics: StrategyMetrics;
  readonly outbox: Outbox;
  readonly running: RunningVariant;
  readonly instrument: string;
  /** From a checkpoint of the same configuration; one that cannot be restored throws. */
  readonly saved: SavedLane | undefined;
  /** The last close each member has spoken on, as the log has it: ids tell a second word apart for minutes only. */
  readonly said: ReadonlyMap<string, number>;
}

export function createLane({ context, metrics, outbox, running, instrument, saved, said }: LaneOptions): Lane {
  const { desired, loaded, definitionOf } = running;
  const { plan } = loaded;
  const variant = plan.id;
  const calendar = calendarNamed(plan.instruments.find(({ id }) => id === instrument)!.calendar);
  const onFailed = (source: string, reason: string): void => {
    const line = `variant ${variant}: "${source}" abstains on ${instrument} from now on: ${reason}`;
    metrics.failures.inc({ variant, source });
    context.log.error(line);
    context.state.note(line);
  };
  const members = plan.members
    .filter(({ kind }) => kind === "strategy")
    .map((member) => {
      const state = saved?.members.find(({ source }) => source === member.source);
      return createMember({ plan: member, definitionOf, instrument, calendar, saved: state, onFailed });
    });
  const progress = createProgress(saved?.lastClose);

  function say(word: Signal | Abstention, cause: string): void {
    const { closeTime } = word;
    const data: MemberWord = "action" in word ? { type: "signal", signal: word } : { type: "abstention", abstention: word };
    metrics.words.inc({ variant, action: "action" in word ? word.action : "abstain" });
    void outbox.append(
      "signal",
      { variant, instrument },
      { id: messageId.signal(variant, data), time: closeTime, cause, revision: desired.revision, data },
    );
  }

  return {
    variant,
    timeframe: plan.timeframe,
    take(candle, cause) {
      const { closeTime } = candle;
      if (!progress.passes(closeTime)) return;
      for (const member of members) {
        const word = member.evaluate(candle);
        if (closeTime > desired.effectiveFrom && closeTime > (said.get(member.source) ?? -Infinity)) say(word, cause);
      }
    },
    snapshot: () => ({
      variant,
      configHash: loaded.configHash,
      lastClose: progress.at(),
      members: members.map((member) => member.snapshot()),
    }),
  };
}
