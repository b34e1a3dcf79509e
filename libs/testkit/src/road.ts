import { setImmediate as turn } from "node:timers/promises";
import type { Stored } from "@tradewind/bus";

/** Deliveries on the way to one consumer beyond which it takes no more from the bus. */
const LANE_MAX = 1000;
/** Turns of the event loop without news after which everything that could be on the way is thought to be. */
const QUIET_TURNS = 3;

/** What is on the way to the consumers of one bus, in virtual time. */
export interface Road {
  now(): number;
  lane(take: (message: Stored) => void | Promise<void>): Lane;
}

interface Lane {
  add(message: Stored, due: number): void;
  /** Resolves when there is room for more. */
  room(): Promise<void> | undefined;
  fail(error: unknown): void;
  stop(): Promise<void>;
  readonly failed: Promise<void>;
}

interface Delivery {
  readonly message: Stored;
  readonly due: number;
}

interface Queue {
  readonly take: (message: Stored) => void | Promise<void>;
  /** By `due`. */
  readonly waiting: Delivery[];
  busy: Promise<void> | undefined;
  readonly end: (error?: unknown) => void;
  room: () => void;
}

export function createRoad(): Road {
  const queues = new Set<Queue>();
  let now = 0;
  let news = 0;
  let driving = false;

  /** Delivers the earliest of what waits for a consumer that is free, until nothing waits. */
  async function drive(): Promise<void> {
    driving = true;
    for (;;) {
      await quiet();
      const queue = earliest(queues);
      if (queue === undefined) break;
      const { message, due } = queue.waiting.shift()!;
      now = Math.max(now, due);
      queue.busy = hand(queues, queue, message).then(go);
    }
    driving = false;
  }

  async function quiet(): Promise<void> {
    for (let turns = 0, seen = news; turns < QUIET_TURNS; turns++) {
      await turn();
      if (seen !== news && [...queues].some(({ waiting }) => waiting.length < LANE_MAX)) turns = -1;
      seen = news;
    }
  }

  function go(): void {
    if (!driving) void drive();
  }

  return {
    now: () => now,
    lane(take) {
      let end: (error?: unknown) => void = () => undefined;
      const failed = new Promise<void>((resolve, reject) => (end = (error) => (error === undefined ? resolve() : reject(error))));
      failed.catch(() => undefined);
      const queue: Queue = { take, waiting: [], busy: undefined, end, room: () => undefined };
      queues.add(queue);
      return {
        failed,
        add(message, due) {
          if (!queues.has(queue)) return;
          news++;
          insert(queue.waiting, { message, due });
          go();
        },
        room: () =>
          queue.waiting.length < LANE_MAX || !queues.has(queue) ? undefined : new Promise<void>((resolve) => (queue.room = resolve)),
        fail(error) {
          queues.delete(queue);
          end(error);
        },
        async stop() {
          queues.delete(queue);
          queue.waiting.length = 0;
          queue.room();
          await queue.busy;
          end();
        },
      };
    },
  };
}

/** Gives a consumer its message; one that throws is on the road no longer. */
async function hand(queues: Set<Queue>, queue: Queue, message: Stored): Promise<void> {
  try {
    await queue.take(message);
  } catch (error) {
    queues.delete(queue);
    queue.waiting.length = 0;
    queue.end(error);
  }
  queue.busy = undefined;
  if (queue.waiting.length < LANE_MAX) queue.room();
}

function insert(waiting: Delivery[], delivery: Delivery): void {
  let at = waiting.length;
  while (at > 0 && waiting[at - 1]!.due > delivery.due) at--;
  waiting.splice(at, 0, delivery);
}

/** The free consumer whose next delivery is due first. */
function earliest(queues: ReadonlySet<Queue>): Queue | undefined {
  let best: Queue | undefined;
  for (const queue of queues)
    if (queue.busy === undefined && queue.waiting.length > 0 && (best === undefined || queue.waiting[0]!.due < best.waiting[0]!.due))
      best = queue;
  return best;
}
