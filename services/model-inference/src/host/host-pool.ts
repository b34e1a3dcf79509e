import type { ServiceContext } from "@tradewind/kit";
import type { InspectedModel } from "@tradewind/onnx";
import type { HostStats, InferenceMetrics } from "../metrics.ts";
import { pssBytes } from "./memory.ts";
import { createModelHost, type ModelHost } from "./model-host.ts";

/** The hosts of this instance, one per model file; who is done with one leaves it for a while for whoever comes next. */
export interface HostPool {
  /** `release` it when done. */
  acquire(id: string, model: InspectedModel): ModelHost;
  release(model: InspectedModel): void;
  /** What runs now. */
  stats(): Promise<readonly HostStats[]>;
  stop(): Promise<void>;
}

interface Pooled {
  readonly id: string;
  readonly host: ModelHost;
  users: number;
  lingering: NodeJS.Timeout | undefined;
}

/** A partition that starts anew, since its instruments have changed, finds its model still loaded. */
const LINGER_MS = 3_000;
/** A lost run is made once more when a deadline waits; under the events clock a run must end in its own result. */
const ATTEMPTS_WALL = 2;

export function createHostPool(context: ServiceContext, metrics: InferenceMetrics): HostPool {
  const pool = new Map<string, Pooled>();

  function open(id: string, model: InspectedModel): Pooled {
    const host = createModelHost({
      model,
      name: id,
      attempts: context.run.clock === "events" ? Infinity : ATTEMPTS_WALL,
      onLost(why) {
        metrics.restarts.inc({ model: id });
        context.log.warn(`model ${id}: its host process ended (${why}); starting another`);
        context.state.note(`model ${id}: its host process ended (${why})`);
      },
    });
    return { id, host, users: 0, lingering: undefined };
  }

  const all = (): Promise<HostStats[]> =>
    Promise.all(
      [...pool].map(async ([sha256, { id, host }]) => {
        const pid = host.pid();
        const memoryBytes = pid === undefined ? undefined : await pssBytes(pid);
        return { model: id, sha256, pid: pid ?? null, device: host.device() ?? null, memoryBytes: memoryBytes ?? null };
      }),
    );
  metrics.follow(all);

  return {
    acquire(id, model) {
      let pooled = pool.get(model.sha256);
      if (pooled === undefined) pool.set(model.sha256, (pooled = open(id, model)));
      clearTimeout(pooled.lingering);
      pooled.users += 1;
      return pooled.host;
    },
    release({ sha256 }) {
      const pooled = pool.get(sha256);
      if (pooled === undefined || --pooled.users > 0) return;
      pooled.lingering = setTimeout(() => {
        pool.delete(sha256);
        void pooled.host.stop();
      }, LINGER_MS);
    },
    stats: all,
    async stop() {
      const pooled = [...pool.values()];
      pool.clear();
      for (const { lingering } of pooled) clearTimeout(lingering);
      await Promise.all(pooled.map(({ host }) => host.stop()));
    },
  };
}
