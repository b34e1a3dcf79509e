import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "@nats-io/transport-node";

/** A kept message with the server's own time of its append, ms with fractions. */
export interface Timed {
  readonly subject: string;
  readonly atMs: number;
  readonly data: string;
}

/** Every message of a stream: the server's clock stamps all of them, so differences need no clock of ours. */
export async function timesOf(nc: NatsConnection, stream: string): Promise<Timed[]> {
  const manager = await jetstreamManager(nc);
  const { state } = await manager.streams.info(stream);
  const times: Timed[] = [];
  if (state.messages === 0) return times;
  const consumer = await manager.jetstream().consumers.get(stream);
  const messages = await consumer.consume();
  for await (const message of messages) {
    times.push({ subject: message.subject, atMs: message.info.timestampNanos / 1e6, data: message.string() });
    if (message.info.pending === 0) break;
  }
  return times;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}
