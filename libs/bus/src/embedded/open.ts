import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { Failure } from "@tradewind/core";
import type { BucketName } from "@tradewind/contracts";
import type { Bus, ConsumeOptions, Consumer, Stored, Subscription } from "../bus.ts";
import { checkAppend, warn } from "../options.ts";
import { checkPattern, checkSubject, queueOfSubject, streamOfFilter, streamOfSubject } from "../subject.ts";
import { startConsumer } from "./consumer.ts";
import { openCore, type Core, type EmbeddedOptions } from "./core.ts";
import type { Log } from "./log.ts";
import { startWorker } from "./worker.ts";

const READ_BATCH = 512;

/** Files open in this process, and how many handles each has. */
const open = new Map<string, { readonly core: Core; handles: number }>();

/**
 * A bus on one SQLite file, safe against the kill of the process. One process owns the file (`BUS_LOCKED` for another);
 * within it, every call gives a handle of its own on the same bus (the options of the first one hold), and closing one
 * leaves the others. ":memory:" is a new bus with each call. Throws what `openDatabase` throws.
 */
export async function openEmbeddedBus(file: string, options: EmbeddedOptions = {}): Promise<Bus> {
  if (file === ":memory:") {
    const core = openCore(file, options);
    return createHandle(core, options, () => core.close());
  }
  const path = canonical(file);
  let shared = open.get(path);
  if (shared === undefined) open.set(path, (shared = { core: openCore(path, options), handles: 0 }));
  const { core } = shared;
  shared.handles++;
  return createHandle(core, options, () => {
    if (--shared.handles > 0) return;
    open.delete(path);
    core.close();
  });
}

/** One name for one file, whatever links lead to it; the file itself may not be there yet. */
function canonical(file: string): string {
  const path = resolve(file);
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path;
  }
}

function createHandle(core: Core, options: EmbeddedOptions, release: () => void): Bus {
  const onError = options.onError ?? warn;
  const consumers = new Set<Consumer>();
  const endings = new Set<() => void>();
  let connected = true;

  const check = (): Core => {
    if (!connected) throw new Failure("service", "BUS_CLOSED", "this handle of the bus is closed");
    return core;
  };
  const keep = (subscription: Subscription): Subscription => kept(subscription, endings);

  return {
    kind: "embedded",
    ensure: async () => void check(),
    publish: (subject, data) => check().loose.publish(checkSubject(subject), data),
    subscribe: (pattern, take) => keep(check().loose.subscribe(checkPattern(pattern), take, onError)),
    request: async (subject, data, timeoutMs) => check().loose.request(checkSubject(subject), data, timeoutMs),
    respond: (pattern, answer) => keep(check().loose.respond(checkPattern(pattern), answer, onError)),
    async append(subject, data, appendOptions = {}) {
      const log = check().logs[streamOfSubject(subject)];
      checkAppend(subject, appendOptions);
      return core.writer.write(() => log.append(subject, data, appendOptions));
    },
    async consume(consumeOptions) {
      const consumer = consume(check(), consumeOptions);
      consumers.add(consumer);
      void consumer.failed.catch(() => undefined).finally(() => consumers.delete(consumer));
      return consumer;
    },
    async work({ subject, take }) {
      queueOfSubject(subject);
      const worker = startWorker(check().jobs, subject, take, (error) => onError(error, subject));
      consumers.add(worker);
      void worker.failed.catch(() => undefined).finally(() => consumers.delete(worker));
      return worker;
    },
    async last(subject) {
      const log = check().logs[streamOfSubject(subject)];
      core.writer.flush();
      return log.last(subject);
    },
    async first(filter) {
      const log = check().logs[streamOfFilter(filter)];
      core.writer.flush();
      return log.first();
    },
    read(filter, from) {
      const log = check().logs[streamOfFilter(filter)];
      core.writer.flush();
      return readTo(log, filter, log.start(from), log.end());
    },
    kv: (bucket: BucketName) => check().buckets.open(bucket, (error) => onError(error, bucket), keep),
    blobs: (bucket) => check().blobs(bucket),
    get connected() {
      return connected;
    },
    onStatus: () => ({ stop: () => undefined }),
    async close() {
      if (!connected) return;
      connected = false;
      for (const end of endings) end();
      await Promise.all([...consumers].map((consumer) => consumer.stop()));
      release();
    },
  };
}

/** A subscription that `endings` can end too. */
function kept(subscription: Subscription, endings: Set<() => void>): Subscription {
  const end = (): void => subscription.stop();
  endings.add(end);
  return {
    stop() {
      end();
      endings.delete(end);
    },
  };
}

function consume({ logs, writer }: Core, { filter, from, take }: ConsumeOptions): Consumer {
  const log = logs[streamOfFilter(filter)];
  writer.flush();
  const after = log.start(from);
  if (after > log.end())
    throw new Failure(
      "service",
      "LOG_LOST",
      `"${filter}" after ${after}, but its stream ends at ${log.end()}: it is not the log that was read before`,
    );
  return startConsumer(log, filter, after, take);
}

async function* readTo(log: Log, filter: string, after: number, end: number): AsyncGenerator<Stored> {
  const next = log.reader(filter);
  for (let position = after; position < end;) {
    const { messages, reached } = next(position, READ_BATCH);
    for (const message of messages) {
      if (message.seq > end) return;
      yield message;
    }
    position = reached;
  }
}
