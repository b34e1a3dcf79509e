import { Failure } from "@tradewind/core";
import { nanos, nuid } from "@nats-io/transport-node";
import { AckPolicy, DeliverPolicy, ReplayPolicy, type ConsumerConfig } from "@nats-io/jetstream";
import { natsFailure } from "./errors.ts";
import type { Link } from "./link.ts";
import { openPull, type Delivered, type Pull } from "./pull.ts";

/** Messages asked for and not yet handed on, at most: what waits in memory while a listener is slow. */
const AHEAD = 512;
/** A consumer nobody asks for so long is forgotten by the server. */
const FORGOTTEN_MS = 30_000;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;

export type Start = { readonly after: number } | { readonly since: number } | "last per subject";

export interface Source {
  readonly link: Link;
  readonly stream: string;
  readonly filter: string;
  readonly start: Start;
}

export interface Reader {
  /** What has come, in order; empty when the reader has just begun anew. Undefined when stopped. Rejects when it cannot go on. */
  batch(): Promise<Delivered[] | undefined>;
  /** Messages that fit and have not been handed on yet. */
  readonly pending: number;
  stop(): void;
}

/**
 * Reads a stream in order, each message once, over lost connections and restarts of the server: a pull consumer of its
 * own, made anew after the last message whenever anything is out of order. (Pull, since a push consumer answers flow
 * control on subjects beside the JetStream API.)
 */
export async function openReader(source: Source): Promise<Reader> {
  let position: number | undefined;
  let pending = 0;
  let queue: Delivered[] = [];
  let failure: Failure | undefined;
  let stopped = false;
  let renewing = false;
  let fresh = false;
  let wake = (): void => undefined;
  let pull = begin(await createConsumer(source, position));
  const status = source.link.onStatus((connected) => (connected ? void renew() : source.link.closed && end(closed(source))));

  function begin(consumer: { readonly name: string; readonly pending: number }): Pull {
    pending = consumer.pending;
    return openPull({
      link: source.link,
      stream: source.stream,
      consumer: consumer.name,
      room: () => AHEAD - queue.length,
      take(delivered) {
        position = delivered.seq;
        pending = delivered.pending;
        queue.push(delivered);
        wake();
      },
      lost: (reason) => (reason === undefined ? void renew() : end(reason)),
    });
  }

  async function renew(): Promise<void> {
    if (renewing || stopped) return;
    renewing = true;
    pull.close();
    try {
      pull = begin(await createAgain(source, position, () => stopped));
      fresh = true;
    } catch (error) {
      end(natsFailure(error, nameOf(source)));
    }
    renewing = false;
    if (stopped) pull.close();
    wake();
  }

  function end(reason?: Failure): void {
    if (stopped) return;
    stopped = true;
    failure = reason;
    status.stop();
    pull.close();
    wake();
  }

  return {
    async batch() {
      if (queue.length === 0 && !stopped && !fresh) await new Promise<void>((resolve) => (wake = resolve));
      if (failure !== undefined && queue.length === 0) throw failure;
      if (stopped && failure === undefined) return undefined;
      fresh = false;
      const due = queue;
      queue = [];
      pull.more();
      return due;
    },
    get pending() {
      return pending + queue.length;
    },
    stop: () => end(),
  };
}

const nameOf = ({ filter, stream }: Source): string => `reading "${filter}" of ${stream}`;

const closed = (source: Source): Failure => new Failure("service", "BUS_CLOSED", `${nameOf(source)}: the bus was closed`);

/** Tries until the server gives a consumer; what is no matter of time is thrown. */
async function createAgain(source: Source, position: number | undefined, stopped: () => boolean) {
  // Whatever broke the last one may break this one at once: never without a pause.
  for (let waitMs = RETRY_MIN_MS; ; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
    await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
    if (stopped()) throw closed(source);
    try {
      return await createConsumer(source, position);
    } catch (error) {
      const reason = natsFailure(error, nameOf(source));
      if (reason.action !== "retry") throw reason;
    }
  }
}

/** Makes a consumer that the server forgets by itself, after `position` or, before the first message, at `start`. */
async function createConsumer(source: Source, position: number | undefined): Promise<{ readonly name: string; readonly pending: number }> {
  const { link, stream, filter, start } = source;
  const what = nameOf(source);
  const after = position ?? (typeof start === "object" && "after" in start ? start.after : undefined);
  if (after !== undefined && after > 0) {
    const { state } = await link.call(what, () => link.jsm.streams.info(stream));
    if (after > state.last_seq)
      throw new Failure(
        "service",
        "LOG_LOST",
        `${what} after ${after}, but it ends at ${state.last_seq}: it is not the log that was read before`,
      );
  }
  const name = nuid.next();
  const config: Partial<ConsumerConfig> = {
    name,
    filter_subject: filter,
    ack_policy: AckPolicy.None,
    replay_policy: ReplayPolicy.Instant,
    inactive_threshold: nanos(FORGOTTEN_MS),
    mem_storage: true,
    num_replicas: 1,
    ...delivery(start, after),
  };
  const info = await link.call(what, () => link.jsm.consumers.add(stream, config));
  return { name, pending: info.num_pending };
}

function delivery(start: Start, after: number | undefined): Partial<ConsumerConfig> {
  if (after !== undefined) return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 };
  if (start === "last per subject") return { deliver_policy: DeliverPolicy.LastPerSubject };
  if ("since" in start) return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(start.since).toISOString() };
  return { deliver_policy: DeliverPolicy.All };
}
