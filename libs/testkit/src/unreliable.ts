import { createPrng, type Prng } from "@tradewind/core";
import type { Appended, Bus, Stored } from "@tradewind/bus";
import { createRoad, type Road } from "./road.ts";

export interface UnreliableOptions {
  readonly seed: number;
  /** Share of messages delivered twice, and of appends with an id made twice, 0 to 1; 0.2 by default. */
  readonly duplicates?: number;
  /** The longest delay of a delivery, in virtual ms; 5000 by default. */
  readonly maxDelayMs?: number;
  /** Leaves ids out of appends, so that what is appended twice stays twice. */
  readonly stripIds?: boolean;
}

/**
 * A bus over a bad road, for tests of what hangs together over one handle.
 *
 * Each message a consumer gets is delayed by up to `maxDelayMs`, and some come a second time, perhaps after newer ones.
 * The first deliveries of one subject stay in order; of different subjects, and between consumers, they do not. Time is
 * virtual: nobody sleeps, a seeded scheduler over all consumers of this bus says which delivery is next. An append with an
 * id is sometimes made twice. `read`, `last`, buckets, blobs and messages that are not kept are as reliable as before.
 */
export function unreliable(bus: Bus, { seed, duplicates = 0.2, maxDelayMs = 5000, stripIds = false }: UnreliableOptions): Bus {
  const road = createRoad();
  const appending = createPrng(seed);
  const second = new Set<Promise<unknown>>();
  let consumers = 0;

  function append(subject: string, data: string, options: { readonly id?: string; readonly expectLast?: number } = {}): Promise<Appended> {
    const { id, ...others } = options;
    if (id === undefined) return bus.append(subject, data, options);
    const sent = stripIds ? others : options;
    const first = bus.append(subject, data, sent);
    if (appending.chance(duplicates)) {
      // Nobody asked for it, so nobody hears of its failure.
      const again = first.then(() => bus.append(subject, data, sent)).catch(() => undefined);
      second.add(again);
      void again.finally(() => second.delete(again));
    }
    return first;
  }

  return {
    ...bus,
    get connected() {
      return bus.connected;
    },
    append,
    async consume({ filter, from, take }) {
      const lane = road.lane(take);
      const deliver = delaysOf(road, createPrng(seed * 1000 + ++consumers), duplicates, maxDelayMs);
      const consumer = await bus.consume({ filter, from, take: (message) => deliver(lane, message) });
      consumer.failed.catch((error: unknown) => lane.fail(error));
      lane.failed.catch(() => consumer.stop());
      return {
        failed: lane.failed,
        async stop() {
          await Promise.all([lane.stop(), consumer.stop()]);
        },
      };
    },
    async close() {
      await Promise.all(second);
      await bus.close();
    },
  };
}

type Lane = ReturnType<Road["lane"]>;

/** Messages of one subject are thought to be sent so far apart, in virtual ms: else all of a replay would be sent at once, and second deliveries come after its end. */
const SENT_EVERY_MS = 1_000;

/** Says when each message of one consumer comes: the first times of a subject in order. */
function delaysOf(road: Road, random: Prng, duplicates: number, maxDelayMs: number): (lane: Lane, message: Stored) => Promise<void> | void {
  const lastOf = new Map<string, { sent: number; due: number }>();
  return (lane, message) => {
    const last = lastOf.get(message.subject) ?? { sent: -Infinity, due: 0 };
    const sent = Math.max(road.now(), last.sent + SENT_EVERY_MS);
    const due = Math.max(last.due, sent + random.next() * maxDelayMs);
    lastOf.set(message.subject, { sent, due });
    lane.add(message, due);
    if (random.chance(duplicates)) lane.add(message, due + random.next() * maxDelayMs);
    return lane.room();
  };
}
