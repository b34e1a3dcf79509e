import type { ServedModel } from "@tradewind/contracts";
import type { Budget } from "./budget/budget.ts";
import { mibOf } from "./budget/mib.ts";
import { lineOf } from "@tradewind/kit";
import { pssBytes } from "./host/memory.ts";
import type { Hosted } from "./hosts.ts";
import type { MemoryNow } from "./metrics.ts";

/** What hosts take, by the name each model speaks under; those of one file share a host, and each has its line. */
export interface InferenceStats {
  readonly total_limit_mb: number;
  readonly models: Readonly<Record<string, ModelStats>>;
  readonly total_used_mb: number;
  readonly total_free_mb: number;
  readonly utilization_percent: number;
}

export interface ModelStats {
  /** What it holds of the limit: the most its process has had since it was loaded, and some room. */
  readonly memory_mb: number;
  readonly device: string;
  /** The rest is of hosts of the instance that answers. */
  readonly state?: string;
  readonly version?: string;
  readonly pid?: number;
  /** Proportional set size of its process. */
  readonly pss_mb?: number;
  readonly pinned?: boolean;
  /** Why it does not run on the device that its record names. */
  readonly fall_back?: string;
  /** Why it is left alone, and until when. */
  readonly quarantine?: { readonly reason: string; readonly until: string | undefined };
  readonly waiting?: number;
}

/** Of this instance in full; of the others what they hold. */
export async function statsOf({ book, shares, limitBytes }: Budget, hosted: readonly Hosted[]): Promise<InferenceStats> {
  const models: Record<string, ModelStats> = {};
  let usedBytes = book.usedBytes;
  for (const { bytes, models: theirs } of Object.values(shares.others())) {
    usedBytes += bytes;
    Object.assign(models, theirs);
  }
  for (const one of hosted)
    for (const served of one.served) models[served.speaksAs] = await modelStats(one.host, served, book.bytesOf(one.key));
  const used = mibOf(usedBytes);
  const limit = mibOf(limitBytes);
  return {
    total_limit_mb: limit,
    models,
    total_used_mb: used,
    total_free_mb: Math.max(0, Math.round((limit - used) * 10) / 10),
    utilization_percent: Math.round((1_000 * used) / limit) / 10,
  };
}

async function modelStats(host: Hosted["host"], served: ServedModel, bytes: number): Promise<ModelStats> {
  const process = host.running();
  const { state, quarantine, waiting } = host.state();
  const pss = process === undefined ? undefined : await pssBytes(process.pid);
  return {
    memory_mb: mibOf(bytes),
    device: process?.device ?? "none",
    state,
    version: served.sha256.slice(0, 8),
    ...(process !== undefined && { pid: process.pid }),
    ...(pss !== undefined && { pss_mb: mibOf(pss) }),
    pinned: served.pinned,
    ...(process?.fallBack !== undefined && { fall_back: process.fallBack }),
    ...(quarantine !== undefined && { quarantine: { reason: lineOf(quarantine.error), until: timeOf(quarantine.until) } }),
    waiting,
  };
}

function timeOf(until: number): string | undefined {
  return until === Infinity ? undefined : new Date(Math.round(until)).toISOString();
}

/** The same for the metrics. */
export async function memoryNow({ book }: Budget, hosted: readonly Hosted[]): Promise<MemoryNow> {
  const hosts = await Promise.all(
    hosted.map(async ({ host, served }) => {
      const process = host.running();
      const memoryBytes = process === undefined ? 0 : ((await pssBytes(process.pid)) ?? 0);
      const quarantined = host.state().state === "quarantined";
      return { model: served[0]!.speaksAs, device: process?.device ?? "none", memoryBytes, quarantined };
    }),
  );
  return { limitBytes: book.limitBytes, usedBytes: book.usedBytes, hosts };
}
