import { join, resolve } from "node:path";
import type { InspectedModel } from "@tradewind/onnx";
import type { ServedModel } from "@tradewind/contracts";
import { isFailure, matrixSize } from "@tradewind/core";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import type { Rank } from "./budget/book.ts";
import { createEstimates } from "./budget/estimates.ts";
import type { Memory } from "./budget/memory.ts";
import { bytesOfMib } from "./budget/mib.ts";
import { inMemory } from "./files.ts";
import { ModelHost, type HostEvents } from "./host/model-host.ts";
import type { ModelFile } from "./host/start-serving.ts";
import type { InferenceMetrics } from "./metrics.ts";

/** A file that is hosted, for as long as somebody holds a lease on it. */
export interface Hosted {
  readonly host: ModelHost;
  readonly file: ModelFile;
  /** Whom it serves; the same file may be several models'. The foremost comes first. */
  readonly served: readonly ServedModel[];
  /** Of its place in the book of memory. */
  readonly key: string;
}

/** The hosts of this instance, one per file and device; who is done with one leaves it for a while for whoever comes next. */
export interface Hosts {
  /** `callers` may ask at the same time. */
  lease(served: ServedModel, file: ModelFile, callers: number): Leased;
  /** Loads a file that nobody serves yet and runs it, under the same budget. Throws as `ModelHost.run`. */
  tryOut(model: InspectedModel): Promise<void>;
  all(): readonly Hosted[];
  stop(): Promise<void>;
}

export interface Leased {
  readonly host: ModelHost;
  /** Its record has changed; a version that is left alone is tried again. */
  change(served: ServedModel): void;
  release(): void;
}

/** One that asks a host: its record may change. */
interface Lease {
  served: ServedModel;
  readonly callers: number;
}

interface Pooled {
  readonly host: ModelHost;
  readonly file: ModelFile;
  readonly key: string;
  readonly leases: Set<Lease>;
  /** Who had it last, while nobody has. */
  last: ServedModel;
  lingering: NodeJS.Timeout | undefined;
}

/** A partition that starts anew, since its instruments have changed, finds its model still loaded. */
const LINGER_MS = 3_000;
/** A lost run is made once more when a deadline waits; under the events clock a run must end in its own result. */
const ATTEMPTS_WALL = 2;
const HUNG_MS = 30_000;
const QUARANTINE_FIRST_MS = 5_000;

export function createHosts(context: ServiceContext, memory: Memory, metrics: InferenceMetrics): Hosts {
  const pool = new Map<string, Pooled>();
  const common = commonOptions(context, memory);
  let trials = 0;

  function open(served: ServedModel, file: ModelFile, key: string): Pooled {
    const foremost = (): ServedModel => servedBy(pooled)[0]!;
    const host: ModelHost = new ModelHost({
      ...common,
      key,
      file,
      name: () => foremost().speaksAs,
      // Events are scored where equal input gives equal bits.
      device: context.run.clock === "events" ? "cpu" : served.device,
      limitBytes: () => Math.max(...servedBy(pooled).map((one) => limitOf(context, one))),
      rank: rankOf(served),
      pinned: served.pinned,
      callers: () => [...pooled.leases].reduce((sum, { callers }) => sum + callers, 0),
      on: hostEvents(context, metrics, foremost),
    });
    const pooled: Pooled = { host, file, key, leases: new Set(), last: served, lingering: undefined };
    return pooled;
  }

  function changed({ host, ...pooled }: Pooled): void {
    const served = servedBy(pooled);
    // One that nobody has any more may go, so that its successor finds room.
    host.change({ rank: rankOf(served[0]!), pinned: pooled.leases.size > 0 && served.some(({ pinned }) => pinned) });
  }

  function release(pooled: Pooled, lease: Lease): void {
    pooled.leases.delete(lease);
    pooled.last = lease.served;
    changed(pooled);
    if (pooled.leases.size > 0) return;
    pooled.lingering = setTimeout(() => {
      pool.delete(pooled.key);
      void pooled.host.stop();
    }, LINGER_MS);
  }

  return {
    lease(served, file, callers) {
      const key = `${served.sha256}/${served.device}`;
      const pooled = pool.get(key) ?? open(served, file, key);
      pool.set(key, pooled);
      clearTimeout(pooled.lingering);
      const lease: Lease = { served, callers };
      pooled.leases.add(lease);
      changed(pooled);
      return {
        host: pooled.host,
        change(next) {
          lease.served = next;
          changed(pooled);
          pooled.host.lift();
        },
        release: () => release(pooled, lease),
      };
    },
    tryOut: (model) => tryOut(context, common, `trial ${++trials}`, model),
    all: () => [...pool.values()].map((pooled) => ({ ...pooled, served: servedBy(pooled) })),
    async stop() {
      const pooled = [...pool.values()];
      pool.clear();
      for (const { lingering } of pooled) clearTimeout(lingering);
      await Promise.all(pooled.map(({ host }) => host.stop()));
    },
  };
}

/** Champions first; of a host that lingers, who had it last. */
function servedBy({ leases, last }: Pick<Pooled, "leases" | "last">): readonly ServedModel[] {
  const byName = new Map([...leases].map(({ served }) => [served.speaksAs, served]));
  return byName.size === 0
    ? [last]
    : [...byName.values()].sort((a, b) => Number(rankOf(b) === "champion") - Number(rankOf(a) === "champion"));
}

type Common = ReturnType<typeof commonOptions>;

async function tryOut(context: ServiceContext, common: Common, key: string, model: InspectedModel): Promise<void> {
  const own = { key, name: () => "on trial", device: "cpu", rank: "champion", pinned: false, attempts: 1, quarantineMs: Infinity } as const;
  const host = new ModelHost({ ...common, ...own, file: inMemory(model), limitBytes: () => limitOf(context, {}), callers: () => 0 });
  try {
    await host.run(new Float32Array(matrixSize(model.metadata.matrix)), 1);
  } finally {
    await host.stop();
  }
}

/** What holds for every host of this instance. */
function commonOptions({ config, run }: ServiceContext, memory: Memory) {
  const { inference } = config;
  const events = run.clock === "events";
  return {
    maxRows: events ? 1 : inference.max_batch,
    waitMs: inference.batch_wait_ms,
    hungMs: HUNG_MS,
    memory,
    estimates: createEstimates(),
    codeCache: resolve(join(config.data.cache_dir, "hosts")),
    idleMs: inference.idle_unload_s * 1_000,
    attempts: events ? Infinity : ATTEMPTS_WALL,
    quarantineMs: events ? Infinity : QUARANTINE_FIRST_MS,
  };
}

function limitOf({ config }: ServiceContext, { limitMb }: Pick<ServedModel, "limitMb">): number {
  const { per_model_limit_mb, total_limit_mb } = config.inference;
  return bytesOfMib(Math.min(limitMb ?? per_model_limit_mb, total_limit_mb));
}

/** Tells what happens to a host: log, notes, metrics. */
function hostEvents({ log, state }: ServiceContext, metrics: InferenceMetrics, served: () => ServedModel): HostEvents {
  const note = (line: string): void => {
    log.warn(line);
    state.note(line);
  };
  return {
    lost(why) {
      const model = served().speaksAs;
      metrics.restarts.inc({ model });
      note(`model ${model}: ${why}`);
    },
    loaded({ device, fallBack }, ms) {
      const { speaksAs: model, sha256, device: asked } = served();
      metrics.loads.inc({ model });
      metrics.loadSeconds.observe({ model }, ms / 1_000);
      log.info(`model ${model}: ${sha256.slice(0, 8)} serves on ${device}, loaded in ${Math.round(ms)} ms`);
      if (fallBack === undefined) return;
      metrics.fallBacks.inc({ model, asked });
      note(`model ${model}: ${fallBack}`);
    },
    quarantined(error, until) {
      const model = served().speaksAs;
      metrics.quarantined.inc({ model });
      const code = isFailure(error) ? error.code : "";
      if (code === "MODEL_GOLDEN") metrics.goldenFailures.inc({ model });
      if (code === "MODEL_MEMORY") metrics.refusals.inc({ model });
      const again = until === Infinity ? "until its record changes" : `for ${Math.ceil((until - Date.now()) / 1_000)} s`;
      note(`model ${model} is left alone ${again}: ${lineOf(error)}`);
    },
    batch: (rows) => metrics.batch.observe({ model: served().speaksAs }, rows),
  };
}

function rankOf({ state }: ServedModel): Rank {
  return state === "champion" ? "champion" : "shadow";
}
