import { decodeMessage, kindOf, type Envelope, type Kind, type PayloadOf } from "@tradewind/contracts";
import type { Consumer, From, Stored } from "@tradewind/bus";
import type { ServiceContext } from "./context.ts";
import { unsound } from "./sound.ts";

/** A decoded message with its place in the log. */
export interface Incoming<K extends Kind> extends Envelope<PayloadOf<K>> {
  readonly subject: string;
  readonly seq: number;
}

/** One input of a stage: a pattern of one kind, read in order from its checkpoint. */
export interface InputOptions<K extends Kind> {
  readonly kind: K;
  readonly filter: string;
  readonly from: From;
  /**
   * Asked before each message: while what it gives is pending, this input waits and the others go on. For one that
   * would run far ahead of them.
   */
  readonly room?: () => Promise<void> | undefined;
  /** Called for one message of this inbox at a time. */
  readonly take: (message: Incoming<K>) => void | Promise<void>;
}

/**
 * The inputs of one partition: each in the order of its log, one message at a time over all of them. A message
 * delivered twice is dropped by its sequence; one that cannot be read is told in one line and left out.
 */
export interface Inbox {
  /** Starts reading; a second input of the same filter is refused. */
  open<K extends Kind>(options: InputOptions<K>): Promise<void>;
  /** Sequence of the last message taken, by filter. What a checkpoint keeps. */
  positions(): Readonly<Record<string, number>>;
  /** Runs between two messages, never beside one. */
  exclusive<T>(work: () => Promise<T> | T): Promise<T>;
  stop(): Promise<void>;
}

export interface InboxOptions {
  /** Takes a message again that was taken already: only to show what the guard is for. */
  readonly keepDuplicates?: boolean;
}

export function createInbox(context: ServiceContext, options: InboxOptions = {}): Inbox {
  const { bus, log, metrics } = context;
  const positions: Record<string, number> = {};
  const consumers: Consumer[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const halted = Promise.withResolvers<void>();
  let stopped = false;
  let leftOut = 0;

  /** Queues work behind whatever is under way; a failure goes to whoever asked and does not block the queue. */
  function exclusive<T>(work: () => Promise<T> | T): Promise<T> {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  }

  /** A flood of such is told at its 1st, 2nd, 4th, 8th ...: what else is to be told must not drown in it. */
  function leaveOut(filter: string, { subject, seq }: Stored, problem: string): void {
    metrics.dropped.inc({ reason: "unreadable" });
    positions[filter] = Math.max(positions[filter] ?? 0, seq);
    leftOut += 1;
    if ((leftOut & (leftOut - 1)) !== 0) return;
    const line = `left out ${subject} #${seq}: ${problem}${leftOut > 1 ? ` (${leftOut} such messages so far)` : ""}`;
    log.warn({ subject, seq }, line);
    context.state.note(line);
  }

  function receive<K extends Kind>(input: InputOptions<K>, stored: Stored): Promise<void> | void {
    if (stopped) return;
    const room = input.room?.();
    if (room !== undefined) return Promise.race([room, halted.promise]).then(() => receive(input, stored));
    if (stored.seq <= (positions[input.filter] ?? 0) && options.keepDuplicates !== true) {
      metrics.dropped.inc({ reason: "duplicate" });
      return;
    }
    const decoded = decodeMessage(input.kind, stored.data);
    if (!decoded.ok) return leaveOut(input.filter, stored, decoded.problem);
    const problem = unsound(context, input.kind, stored.subject, decoded.envelope.data);
    if (problem !== undefined) return leaveOut(input.filter, stored, problem);
    metrics.taken.inc({ kind: input.kind });
    metrics.lag.observe({ kind: input.kind }, Math.max(0, Date.now() - stored.time) / 1000);
    return exclusive(async () => {
      if (stopped) return;
      await input.take({ ...decoded.envelope, subject: stored.subject, seq: stored.seq });
      positions[input.filter] = Math.max(positions[input.filter] ?? 0, stored.seq);
    });
  }

  return {
    async open(input) {
      if (kindOf(input.filter) !== input.kind || input.filter in positions) throw new Error(`inbox: "${input.filter}" cannot be opened`);
      positions[input.filter] = typeof input.from === "object" && "after" in input.from ? input.from.after : 0;
      const consumer = await bus.consume({ filter: input.filter, from: input.from, take: (stored) => receive(input, stored) });
      consumers.push(consumer);
      consumer.failed.catch((error: unknown) => !stopped && context.fail(error));
    },
    positions: () => ({ ...positions }),
    exclusive,
    async stop() {
      stopped = true;
      halted.resolve();
      await Promise.all(consumers.map((consumer) => consumer.stop()));
      await turn;
    },
  };
}
