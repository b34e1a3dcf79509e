import { nanos } from "@nats-io/transport-node";
import { AckPolicy, DeliverPolicy, ReplayPolicy } from "@nats-io/jetstream";
import type { Consumer, WorkOptions } from "../bus.ts";
import { givenBack, NAK_PAUSE_MS } from "../options.ts";
import { natsFailure } from "./errors.ts";
import type { Link } from "./link.ts";
import { storedOf } from "./consumer.ts";
import { openTaker } from "./taker.ts";
import type { Delivered } from "./pull.ts";

const RETRY_MIN_MS = 50;
const RETRY_MAX_MS = 2_000;
const ACK_REFUSALS_MAX = 10;

export interface QueueSource {
  readonly link: Link;
  readonly stream: string;
  readonly subject: string;
  readonly ackWaitMs: number;
}

/** `Bus.work` on NATS: one durable consumer per subject, shared by all of its workers, from which each pulls one message at a time. */
export async function startWorker(source: QueueSource, take: WorkOptions["take"], onError: (error: unknown) => void): Promise<Consumer> {
  const { link, stream } = source;
  const consumer = consumerName(source.subject);
  await createConsumer(source, consumer);
  const stopping = new AbortController();
  const taker = openTaker(link, stream, consumer);

  async function work(delivered: Delivered): Promise<void> {
    const { message } = delivered;
    const say = (word: string): void => {
      if (link.connected) link.nc.publish(message.reply!, word);
    };
    try {
      await take(storedOf(delivered), () => say("+WPI"));
    } catch (error) {
      say(`-NAK ${JSON.stringify({ delay: nanos(NAK_PAUSE_MS) })}`);
      if (!givenBack(error)) onError(error);
      return;
    }
    await acknowledge(link, message.reply!, stopping.signal);
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const next = await taker.next();
      if (next === "gone") await createAgain(source, consumer, stopping.signal);
      else if (next !== undefined) await work(next);
    }
  }

  const failed = run().finally(() => taker.close());
  // Whoever wants to know looks at `failed`; a worker nobody looks at must not end the process.
  failed.catch(() => undefined);
  return {
    failed,
    async stop() {
      stopping.abort();
      taker.stop();
      await failed.catch(() => undefined);
    },
  };
}

const consumerName = (subject: string): string => `work-${subject.replaceAll(".", "-")}`;

/** Makes the consumer, or sees that it is there. */
async function createConsumer({ link, stream, subject, ackWaitMs }: QueueSource, name: string): Promise<void> {
  await link.call(`work queue of "${subject}"`, () =>
    link.jsm.consumers.add(stream, {
      durable_name: name,
      filter_subject: subject,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(ackWaitMs),
      deliver_policy: DeliverPolicy.All,
      replay_policy: ReplayPolicy.Instant,
      max_deliver: -1,
    }),
  );
}

/** Tries until it is there again; what is no matter of time is thrown. */
async function createAgain(source: QueueSource, name: string, signal: AbortSignal): Promise<void> {
  for (let waitMs = RETRY_MIN_MS; !signal.aborted; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
    await pause(waitMs);
    try {
      return await createConsumer(source, name);
    } catch (error) {
      const reason = natsFailure(error, `work queue of "${source.subject}"`);
      if (reason.action !== "retry") throw reason;
    }
  }
}

/** Until the server says that it knows, or there is nobody to know it: what it does not know is worked again. */
async function acknowledge(link: Link, reply: string, signal: AbortSignal): Promise<void> {
  let refusals = 0;
  for (let waitMs = RETRY_MIN_MS; !link.closed; waitMs = Math.min(2 * waitMs, RETRY_MAX_MS)) {
    try {
      return void (await link.ask(reply, Buffer.from("+ACK"), "the end of a piece of work"));
    } catch (error) {
      const reason = natsFailure(error, "the end of a piece of work");
      if (reason.action !== "retry") throw reason;
      // Whoever stops does not wait for a server that is away.
      if (signal.aborted || (link.connected && ++refusals === ACK_REFUSALS_MAX)) return;
      await pause(waitMs);
    }
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
