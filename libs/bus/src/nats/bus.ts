import { Failure } from "@tradewind/core";
import type { Subscription as NatsSubscription } from "@nats-io/transport-node";
import type { Bus, Consumer, From, Kv, Loose, Stored, Subscription } from "../bus.ts";
import { ACK_WAIT_MS, warn, type BusOptions } from "../options.ts";
import { checkPattern, checkSubject, queueOfSubject, streamOfFilter, streamOfSubject } from "../subject.ts";
import { append } from "./append.ts";
import { openBlobs } from "./blobs.ts";
import { readToEnd, startConsumer } from "./consumer.ts";
import { ensure } from "./ensure.ts";
import { isNoResponders, natsFailure } from "./errors.ts";
import { openKv } from "./kv.ts";
import type { Link } from "./link.ts";
import type { Start } from "./reader.ts";
import { textOf } from "./text.ts";
import { startWorker } from "./worker.ts";

export function createNatsBus(link: Link, options: BusOptions): Bus {
  const onError = options.onError ?? warn;
  const consumers = new Set<Consumer>();
  /** To be stopped with the bus. */
  const kept = (consumer: Consumer): Consumer => {
    consumers.add(consumer);
    void consumer.failed.catch(() => undefined).finally(() => consumers.delete(consumer));
    return consumer;
  };
  const endOf = async (stream: string): Promise<number> => {
    const { state } = await link.call(`stream ${stream}`, () => link.jsm.streams.info(stream));
    return state.last_seq;
  };
  const startOf = async (stream: string, from: From): Promise<Start> => (from === "new" ? { after: await endOf(stream) } : from);

  return {
    kind: "nats",
    ensure: () => ensure(link, options),
    publish(subject, data) {
      const bytes = link.checked(checkSubject(subject), Buffer.from(data));
      // What nobody can hear now is not kept for later.
      if (link.connected) link.nc.publish(subject, bytes);
    },
    subscribe: (pattern, take) => listen(link, pattern, onError, (message) => take(message)),
    respond: (pattern, answer) =>
      listen(link, pattern, onError, (message, reply) => {
        answer(message)
          .then((text) => {
            if (text !== undefined && reply !== undefined && link.connected)
              link.nc.publish(reply, link.checked(message.subject, Buffer.from(text)));
          })
          .catch((error: unknown) => onError(error, message.subject));
      }),
    request: (subject, data, timeoutMs) => request(link, subject, data, timeoutMs),
    async append(subject, data, appendOptions = {}) {
      streamOfSubject(subject);
      return append(link, subject, data, appendOptions);
    },
    async consume({ filter, from, take }) {
      const stream = streamOfFilter(filter);
      return kept(await startConsumer(link, stream, filter, await startOf(stream, from), take));
    },
    async work({ subject, take }) {
      const source = { link, stream: queueOfSubject(subject), subject, ackWaitMs: options.ackWaitMs ?? ACK_WAIT_MS };
      return kept(await startWorker(source, take, (error) => onError(error, subject)));
    },
    last: (subject) => last(link, subject),
    first: (filter) => first(link, filter),
    read(filter, from) {
      const stream = streamOfFilter(filter);
      const end = endOf(stream);
      end.catch(() => undefined);
      return from === "new" ? nothing() : readToEnd(link, stream, filter, from, end);
    },
    kv: (bucket): Kv => openKv(link, bucket, onError),
    blobs: (bucket) => openBlobs(link, bucket),
    get connected() {
      return link.connected;
    },
    onStatus: (listener) => link.onStatus(listener),
    async close() {
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      await link.close();
    },
  };
}

async function last(link: Link, subject: string): Promise<Stored | undefined> {
  const stream = streamOfSubject(subject);
  const found = await link.call(`last of "${subject}"`, () => link.jsm.streams.getMessage(stream, { last_by_subj: subject }));
  return found === null ? undefined : { subject, seq: found.seq, time: found.time.getTime(), data: textOf(found.data) };
}

async function first(link: Link, filter: string): Promise<number> {
  const stream = streamOfFilter(filter);
  const { state } = await link.call(`stream ${stream}`, () => link.jsm.streams.info(stream));
  // A stream that never had a message begins at 0 for the server.
  return Math.max(1, state.first_seq);
}

async function* nothing(): AsyncGenerator<never> {
  // From now on there is nothing yet.
}

function listen(
  link: Link,
  pattern: string,
  onError: (error: unknown, where: string) => void,
  take: (message: Loose, reply: string | undefined) => void,
): Subscription {
  const subscription: NatsSubscription = link.nc.subscribe(checkPattern(pattern), {
    callback: (error, message) => {
      if (error) return onError(natsFailure(error, `subscription to "${pattern}"`), pattern);
      try {
        take({ subject: message.subject, data: textOf(message.data) }, message.reply);
      } catch (thrown) {
        onError(thrown, message.subject);
      }
    },
  });
  return {
    stop() {
      if (!link.closed) subscription.unsubscribe();
    },
  };
}

async function request(link: Link, subject: string, data: string, timeoutMs: number): Promise<string> {
  try {
    const message = await link.ask(checkSubject(subject), Buffer.from(data), `request on "${subject}"`, { timeoutMs, unclear: "NO_REPLY" });
    return textOf(message.data);
  } catch (error) {
    if (isNoResponders(error)) throw new Failure("retry", "NO_REPLY", `nobody listens on "${subject}"`, { cause: error });
    throw error;
  }
}
