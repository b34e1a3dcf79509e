import { isFailure, type Decision } from "@tradewind/core";
import { encodeMessage, messageId, subjectOf } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";

/** Writes the decisions of one variant on one instrument, in order, one append under way. */
export interface DecisionLog {
  /** `cause` is the id of the candle whose close it is. */
  append(decision: Decision, cause: string): void;
  /** Sequence of the last one there, 0 for none. */
  readonly last: number;
  /** Resolves when everything appended so far is in the log, or `valid` is no more. */
  idle(): Promise<void>;
}

export interface DecisionLogOptions {
  readonly context: ServiceContext;
  readonly variant: string;
  readonly instrument: string;
  readonly revision: number;
  /** Sequence of the subject's last message, 0 for none. */
  readonly last: number;
  /** False once nothing may be written any more. */
  readonly valid: () => boolean;
  /** Somebody else has decided meanwhile: what was decided here on other grounds is void. */
  readonly overtaken: () => void;
}

const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 2_000;

/**
 * Each append names the message it follows, so whoever decides first wins, however long the other one slept: an id
 * would tell the second decision apart within the bus's duplicate window only.
 */
export function createDecisionLog(options: DecisionLogOptions): DecisionLog {
  const { context, variant, instrument, revision, valid } = options;
  const subject = subjectOf("decision", { variant, instrument });
  let last = options.last;
  let tail: Promise<void> = Promise.resolve();

  async function write(decision: Decision, cause: string): Promise<void> {
    const text = encodeMessage("decision", {
      id: messageId.decision(decision),
      time: decision.closeTime,
      published: Date.now(),
      source: context.instance,
      run: context.run.run,
      cause,
      revision,
      data: decision as Parameters<typeof encodeMessage<"decision">>[1]["data"],
    });
    for (let waitMs = RETRY_FIRST_MS; valid(); waitMs = Math.min(2 * waitMs, RETRY_MOST_MS)) {
      try {
        ({ seq: last } = await context.bus.append(subject, text, { expectLast: last }));
        context.metrics.published.inc({ kind: "decision" });
        return;
      } catch (error) {
        // Also when an append whose answer was lost has been made: then it is read back as somebody's.
        if (isFailure(error) && error.code === "APPEND_CONFLICT") return options.overtaken();
        if (!isFailure(error) || error.action !== "retry") throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
  }

  return {
    append(decision, cause) {
      tail = tail
        .then(() => write(decision, cause))
        .catch((error: unknown) => {
          if (valid()) context.fail(error);
        });
    },
    get last() {
      return last;
    },
    idle: () => tail,
  };
}
