import type { KvEntry } from "@tradewind/bus";
import type { ServiceState } from "@tradewind/contracts";
import type { ServiceContext } from "./context.ts";
import { takeLease, type HeldLease } from "./lease.ts";
import { lineOf } from "./logger.ts";
import { createTrouble } from "./trouble.ts";

/** One partition in work; `stop` saves what is to be saved and resolves when nothing of it runs any more. */
export interface Work {
  stop(): Promise<void>;
}

export interface PartitionsOptions {
  /** Of the lease keys, `{kind}.{partition}`. */
  readonly kind: string;
  /** The partitions there are to work, all instances together. */
  readonly wanted: () => readonly string[];
  /** Starts working one. `lost` aborts when the lease has gone: stop at once and write nothing more. */
  readonly start: (partition: string, lost: AbortSignal) => Promise<Work>;
  /** What a partition needs beyond its lease: when it changes, the work is stopped and started anew. */
  readonly versionOf?: (partition: string) => string;
}

/** The partitions this instance works: claimed by lease, renewed, spread evenly over instances, handed over on stop. */
export interface Partitions {
  readonly held: () => readonly string[];
  /** Looks at `wanted` now instead of at the next beat. */
  refresh(): Promise<void>;
  stop(): Promise<void>;
}

interface Held {
  readonly lease: HeldLease;
  /** Pending while it is being started. */
  readonly work: Promise<Work>;
  readonly version: string;
  /** Being stopped by ourselves; its lease is renewed until that is done. */
  leaving: boolean;
}

const BEAT_MS = 1_000;
/** After a start that failed the partition is left alone for so long. */
const BACK_OFF_MS = 5_000;

/** Starts claiming. Several instances of a service share the work evenly within a few beats. */
export function claimPartitions(context: ServiceContext, options: PartitionsOptions): Partitions {
  const { bus, signal } = context;
  const trouble = createTrouble(context);
  const { held, claim, release } = createHolder(context, options);
  const leases = bus.kv("leases");
  let beating: Promise<void> | undefined;
  let ending: Promise<void> | undefined;

  async function spread(): Promise<void> {
    const wanted = new Set(options.wanted());
    for (const [partition, { version }] of [...held])
      if (!wanted.has(partition) || version !== (options.versionOf?.(partition) ?? "")) await release(partition);
    const taken = new Set((await leases.entries()).filter((entry) => isOf(entry, options.kind)).map((entry) => entry.key));
    const share = fairShare(wanted.size, await others(context));
    for (const partition of [...held.keys()].slice(share)) await release(partition);
    for (const partition of wanted) {
      if (ending !== undefined || held.size >= share) return;
      if (!held.has(partition) && !taken.has(`${options.kind}.${partition}`)) await claim(partition);
    }
  }

  function beat(): Promise<void> {
    beating ??= spread()
      .then(() => trouble.over(""))
      // While the bus is away, that is told already.
      .catch((error: unknown) => {
        if (bus.connected) trouble.tell("", `leases cannot be looked at: ${lineOf(error)}`);
      })
      .finally(() => (beating = undefined));
    return beating;
  }

  // Renewals never wait for a start or a stop that takes its time.
  const renewal = setInterval(() => held.forEach(({ lease }) => lease.renew()), BEAT_MS);
  const timer = setInterval(() => void beat(), BEAT_MS);
  async function end(): Promise<void> {
    clearInterval(timer);
    await beating;
    await Promise.all([...held.keys()].map(release));
    clearInterval(renewal);
  }

  // Asked twice, by the signal and by whoever opened it: both wait for the one end.
  const stop = (): Promise<void> => (ending ??= end());
  signal.addEventListener("abort", () => void stop());
  void beat();
  return { held: () => [...held.keys()], refresh: beat, stop };
}

interface Holder {
  readonly held: ReadonlyMap<string, Held>;
  /** Takes the lease and starts the work, if nobody else has it. */
  claim(partition: string): Promise<void>;
  /** Stops the work, then gives up the lease. */
  release(partition: string): Promise<void>;
}

function createHolder(context: ServiceContext, options: PartitionsOptions): Holder {
  const { log, state } = context;
  const leases = context.bus.kv("leases");
  const held = new Map<string, Held>();
  const shunned = new Map<string, number>();
  const trouble = createTrouble(context, "error");
  const report = (): void => {
    context.metrics.partitions.set(held.size);
    state.partitions([...held.keys()]);
  };

  async function claim(partition: string): Promise<void> {
    if ((shunned.get(partition) ?? 0) > Date.now()) return;
    const lost = new AbortController();
    const lease = await takeLease(leases, `${options.kind}.${partition}`, context.instance, (why) => {
      log.warn(`${partition}: lease lost (${why}); stopping work on it`);
      state.note(`${partition}: lease lost (${why})`);
      lost.abort();
      void drop(partition);
    });
    if (lease === undefined) return;
    const version = options.versionOf?.(partition) ?? "";
    const work = options.start(partition, lost.signal);
    held.set(partition, { lease, work, version, leaving: false });
    try {
      await work;
      trouble.over(partition);
    } catch (error) {
      trouble.tell(partition, `${partition}: cannot be worked: ${lineOf(error)}`, { err: error });
      shunned.set(partition, Date.now() + BACK_OFF_MS);
      held.delete(partition);
      await lease.giveUp();
    }
    report();
  }

  /** Work that never started has nothing to stop. */
  async function end(partition: string, own: Held): Promise<void> {
    const work = await own.work.catch(() => undefined);
    await work?.stop().catch((error: unknown) => log.error({ err: error }, `${partition}: stopping failed: ${lineOf(error)}`));
  }

  async function drop(partition: string): Promise<void> {
    const own = held.get(partition);
    held.delete(partition);
    if (own !== undefined && !own.leaving) await end(partition, own);
    report();
  }

  async function release(partition: string): Promise<void> {
    const own = held.get(partition);
    if (own === undefined) return;
    own.leaving = true;
    await end(partition, own);
    if (held.get(partition) === own) held.delete(partition);
    await own.lease.giveUp();
    report();
  }

  return { held, claim, release };
}

function isOf(entry: KvEntry, kind: string): boolean {
  return entry.key.startsWith(`${kind}.`);
}

/** An instance that has said nothing for so long is taken for dead, before its lease and its state expire. */
const SILENT_MS = 3_500;

/** The other running instances of this service, by what they say of themselves. */
async function others(context: ServiceContext): Promise<readonly ServiceState[]> {
  const states = await context.bus.kv("states").entries();
  return states.flatMap(({ key, value }) => {
    if (!key.startsWith(`${context.service}.`) || key === `${context.service}.${context.instance}`) return [];
    const other = stateOf(value);
    return other !== undefined && other.state !== "stopping" && Date.now() - other.at < SILENT_MS ? [other] : [];
  });
}

/** How many partitions one instance may hold: an equal part, and none of the rest while another has less than that. */
function fairShare(wanted: number, others: readonly ServiceState[]): number {
  const least = Math.floor(wanted / (others.length + 1));
  return others.some(({ partitions }) => partitions.length < least) ? least : Math.ceil(wanted / (others.length + 1));
}

/** What is no state is nobody's. */
function stateOf(text: string): ServiceState | undefined {
  try {
    return (JSON.parse(text) as ServiceState | null) ?? undefined;
  } catch {
    return undefined;
  }
}
