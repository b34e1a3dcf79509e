import { Failure } from "@tradewind/core";
import { nanos, nuid, type Msg } from "@nats-io/transport-node";
import { AckPolicy, DeliverPolicy, ReplayPolicy, type ConsumerConfig } from "@nats-io/jetstream";
import { natsFailure } from "./errors.ts";
import type { Link } from "./link.ts";

/** Messages asked for and not yet handed on, at most: what waits in memory while a listener is slow. */
const AHEAD = 512;
const PULL_MS = 30_000;
const HEARTBEAT_MS = 2_000;
/** Without a sign for so long, the consumer is taken for dead. */
const SILENCE_MS = 3 * HEARTBEAT_MS;
const FORGOTTEN_MS = 30_000;
const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;

export interface Delivered {
  readonly subject: string;
  readonly seq: number;
  readonly time: number;
  /** Messages of the filter that come after this one, as the server saw it. */
  readonly pending: number;
  readonly message: Msg;
}

export type Start = { readonly after: number } | { readonly since: number } | "last per subject";

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
export async function openReader(link: Link, stream: string, filter: string, start: Start): Promise<Reader> {
  const what = `reading "${filter}" of ${stream}`;
  const first = await createConsumer(link, stream, filter, start, undefined, what);
  let consumer = first.name;
  let pending = first.pending;
  let position: number | undefined;
  let delivered = 0;
  let asked = 0;
  let queue: Delivered[] = [];
  let failure: Failure | undefined;
  let stopped = false;
  let renewing = false;
  let heard = performance.now();
  let renewed = -Infinity;
  let fresh = false;
  let wake = (): void => undefined;
  let subscription = listen();
  const alarm = setInterval(() => {
    // Heartbeats come only while a pull is open, which a slow listener may leave out.
    if (link.connected && asked > 0 && performance.now() - heard > SILENCE_MS) void renew();
  }, HEARTBEAT_MS).unref();
  const status = link.onStatus((connected) => {
    if (connected) void renew();
    else if (link.closed) end(new Failure("service", "BUS_CLOSED", `${what}: the connection to the bus is closed`));
  });

  function listen() {
    const inbox = link.inbox();
    return { inbox, ...open(inbox) };
  }
  function open(inbox: string) {
    const generation = consumer;
    const opened = link.nc.subscribe(inbox, {
      callback: (error, message) => {
        if (generation !== consumer || renewing || stopped) return;
        heard = performance.now();
        if (error) end(natsFailure(error, what));
        else if (message.reply?.startsWith("$JS.ACK.")) received(message);
        else control(message);
      },
    });
    return { close: () => opened.unsubscribe() };
  }

  function received(message: Msg): void {
    const info = parse(message.reply!);
    if (info.delivered !== delivered + 1) return void renew();
    delivered = info.delivered;
    position = info.seq;
    pending = info.pending;
    asked--;
    queue.push({ subject: message.subject, seq: info.seq, time: info.time, pending: info.pending, message });
    wake();
  }

  /** Heartbeats, the end of a pull, and the consumer's death. */
  function control(message: Msg): void {
    const code = message.headers?.code;
    if (code === 100) return;
    if (code === 404 || code === 408) {
      const left = Number(message.headers?.get("Nats-Pending-Messages"));
      asked = Math.max(0, asked - (left > 0 ? left : asked));
      pull();
    } else void renew();
  }

  function pull(): void {
    const batch = AHEAD - asked - queue.length;
    if (stopped || renewing || !link.connected || batch < AHEAD / 2) return;
    if (asked === 0) heard = performance.now();
    asked += batch;
    const request = { batch, expires: nanos(PULL_MS), idle_heartbeat: nanos(HEARTBEAT_MS) };
    link.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply: subscription.inbox });
  }

  async function renew(): Promise<void> {
    if (renewing || stopped) return;
    renewing = true;
    const old = consumer;
    subscription.close();
    if (performance.now() - renewed < RETRY_MAX_MS) await pause(RETRY_MIN_MS);
    renewed = performance.now();
    for (let waitMs = RETRY_MIN_MS; !stopped; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
      try {
        const next = await createConsumer(link, stream, filter, start, position, what);
        consumer = next.name;
        pending = next.pending;
        break;
      } catch (error) {
        const reason = natsFailure(error, what);
        if (reason.action !== "retry") return end(reason);
      }
      await pause(waitMs);
    }
    remove(link, stream, old);
    renewing = false;
    if (stopped) return remove(link, stream, consumer);
    delivered = asked = 0;
    heard = performance.now();
    subscription = listen();
    fresh = true;
    pull();
    wake();
  }

  function end(reason?: Failure): void {
    if (stopped) return;
    stopped = true;
    failure = reason;
    clearInterval(alarm);
    status.stop();
    if (!link.closed) {
      subscription.close();
      remove(link, stream, consumer);
    }
    wake();
  }

  pull();
  return {
    async batch() {
      if (queue.length === 0 && !stopped && !fresh) {
        pull();
        await new Promise<void>((resolve) => (wake = resolve));
      }
      if (failure !== undefined && queue.length === 0) throw failure;
      if (stopped && failure === undefined) return undefined;
      fresh = false;
      const due = queue;
      queue = [];
      pull();
      return due;
    },
    get pending() {
      return pending + queue.length;
    },
    stop: () => end(),
  };
}

/** Makes a consumer that the server forgets by itself, after `position` or, before the first message, at `start`. */
async function createConsumer(link: Link, stream: string, filter: string, start: Start, position: number | undefined, what: string) {
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

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms).unref());

function delivery(start: Start, after: number | undefined): Partial<ConsumerConfig> {
  if (after !== undefined) return { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: after + 1 };
  if (start === "last per subject") return { deliver_policy: DeliverPolicy.LastPerSubject };
  if ("since" in start) return { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(start.since).toISOString() };
  return { deliver_policy: DeliverPolicy.All };
}

function remove(link: Link, stream: string, consumer: string): void {
  if (link.connected && !link.closed) link.jsm.consumers.delete(stream, consumer).catch(() => undefined);
}

/** `$JS.ACK.[domain.account.]stream.consumer.deliveries.seq.delivered.nanoseconds.pending[.random]`. */
function parse(reply: string): { readonly seq: number; readonly delivered: number; readonly time: number; readonly pending: number } {
  const tokens = reply.split(".");
  const at = tokens.length >= 11 ? 7 : 5;
  return {
    seq: Number(tokens[at]),
    delivered: Number(tokens[at + 1]),
    time: Number(tokens[at + 2]!.slice(0, -6)),
    pending: Number(tokens[at + 3]),
  };
}
