import type { Kv, KvEntry } from "@tradewind/bus";
import { LEASE_TTL_MS, type Lease, type ServiceState } from "@tradewind/contracts";
import type { ServiceContext } from "./context.ts";
import { lineOf } from "./logger.ts";

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
  readonly work: Work;
  revision: number;
  /** Wall time of the last renewal that is known to have been written, ms. */
  renewedAt: number;
  readonly version: string;
  readonly lost: AbortController;
}

const BEAT_MS = 1_000;
/** A lease that could not be renewed for so long may be another's by now: less than its time to live. */
const LOST_AFTER_MS = LEASE_TTL_MS - 500;
/** After a start that failed the partition is left alone for so long. */
const BACK_OFF_MS = 5_000;

/** Starts claiming. Several instances of a service share the work evenly within a few beats. */
export function claimPartitions(context: ServiceContext, options: PartitionsOptions): Partitions {
  const { bus, instance, log, signal } = context;
  const leases = bus.kv("leases");
  const held = new Map<string, Held>();
  const shunned = new Map<string, number>();
  const keyOf = (partition: string): string => `${options.kind}.${partition}`;
  const value = (): string => JSON.stringify({ owner: instance, since: Date.now() } satisfies Lease);
  let beating: Promise<void> | undefined;
  let stopping = false;

  const report = (): void => {
    context.metrics.partitions.set(held.size);
    context.state.partitions([...held.keys()]);
  };

  async function release(partition: string): Promise<void> {
    const own = held.get(partition)!;
    held.delete(partition);
    await own.work.stop().catch((error: unknown) => log.error({ err: error }, `${partition}: stopping failed: ${lineOf(error)}`));
    await leases.delete(keyOf(partition), own.revision).catch(() => false);
    report();
  }

  async function drop(partition: string, why: string): Promise<void> {
    const own = held.get(partition);
    if (own === undefined) return;
    held.delete(partition);
    log.warn(`${partition}: lease lost (${why}); stopping work on it`);
    context.state.note(`${partition}: lease lost (${why})`);
    own.lost.abort();
    await own.work.stop().catch(() => undefined);
    report();
  }

  async function claim(partition: string): Promise<boolean> {
    const asked = Date.now();
    const revision = await leases.create(keyOf(partition), value());
    if (revision === undefined) return false;
    const lost = new AbortController();
    const version = options.versionOf?.(partition) ?? "";
    try {
      const holding = keepAlive(leases, keyOf(partition), revision, value);
      const work = await options.start(partition, lost.signal).finally(() => holding.stop());
      held.set(partition, { work, revision: await holding.revision(), renewedAt: asked, version, lost });
      report();
      return true;
    } catch (error) {
      log.error({ err: error }, `${partition}: cannot be worked: ${lineOf(error)}`);
      context.state.note(`${partition}: cannot be worked: ${lineOf(error)}`);
      shunned.set(partition, Date.now() + BACK_OFF_MS);
      await leases.delete(keyOf(partition)).catch(() => false);
      return false;
    }
  }

  async function renew(): Promise<void> {
    await Promise.all(
      [...held].map(async ([partition, own]) => {
        const asked = Date.now();
        try {
          const revision = await leases.update(keyOf(partition), value(), own.revision);
          if (revision === undefined) return await drop(partition, "another holds it, or it expired");
          own.revision = revision;
          own.renewedAt = asked;
        } catch (error) {
          if (Date.now() - own.renewedAt > LOST_AFTER_MS) await drop(partition, lineOf(error));
        }
      }),
    );
  }

  async function spread(): Promise<void> {
    const wanted = new Set(options.wanted());
    for (const [partition, own] of [...held])
      if (!wanted.has(partition) || own.version !== (options.versionOf?.(partition) ?? "")) await release(partition);
    const taken = new Set((await leases.entries()).filter((entry) => isOf(entry, options.kind)).map((entry) => entry.key));
    const share = Math.ceil(wanted.size / (await instances(context)));
    for (const partition of [...held.keys()].slice(share)) await release(partition);
    for (const partition of wanted) {
      if (stopping || held.size >= share) return;
      if (held.has(partition) || taken.has(keyOf(partition)) || (shunned.get(partition) ?? 0) > Date.now()) continue;
      await claim(partition);
    }
  }

  /** Renewals never wait for a start or a stop that takes its time. */
  function beat(): Promise<void> {
    beating ??= spread()
      .catch((error: unknown) => log.warn(`leases: ${lineOf(error)}`))
      .finally(() => (beating = undefined));
    return beating;
  }

  const renewal = setInterval(() => void renew(), BEAT_MS);
  const timer = setInterval(() => void beat(), BEAT_MS);
  const stop = async (): Promise<void> => {
    if (stopping) return;
    stopping = true;
    clearInterval(timer);
    await beating;
    for (const partition of [...held.keys()]) await release(partition);
    clearInterval(renewal);
  };
  signal.addEventListener("abort", () => void stop());
  void beat();
  return { held: () => [...held.keys()], refresh: beat, stop };
}

/** Renews a lease while its work is being started, which may take longer than the lease lasts. */
function keepAlive(leases: Kv, key: string, first: number, value: () => string): { stop(): void; revision(): Promise<number> } {
  let revision = Promise.resolve(first);
  const timer = setInterval(() => {
    revision = revision.then(async (known) => (await leases.update(key, value(), known).catch(() => undefined)) ?? known);
  }, BEAT_MS);
  return { stop: () => clearInterval(timer), revision: () => revision };
}

function isOf(entry: KvEntry, kind: string): boolean {
  return entry.key.startsWith(`${kind}.`);
}

/** An instance that has said nothing for so long is taken for dead, before its lease and its state expire. */
const SILENT_MS = 3_500;

/** Running instances of this service, by what they say of themselves; at least this one. */
async function instances(context: ServiceContext): Promise<number> {
  const states = await context.bus.kv("states").entries();
  const others = states.filter(({ key, value }) => {
    if (!key.startsWith(`${context.service}.`) || key === `${context.service}.${context.instance}`) return false;
    const { state, at } = JSON.parse(value) as ServiceState;
    return state !== "stopping" && Date.now() - at < SILENT_MS;
  });
  return others.length + 1;
}
