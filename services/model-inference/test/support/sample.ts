import { readdirSync, readFileSync } from "node:fs";
import { pssBytes } from "../../src/host/memory.ts";

/** The host processes that this one has started. */
export function hostPids(): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const parent = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, "utf8"))?.[1];
      if (Number(parent) !== process.pid) return [];
      return /host\/main\.ts|tradewind model host/.test(readFileSync(`/proc/${name}/cmdline`, "utf8")) ? [Number(name)] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

function statusBytes(pid: number, field: string): number {
  try {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return match === null ? 0 : Number(match[1]) * 1024;
  } catch {
    return 0;
  }
}

export interface Samples {
  readonly count: number;
  /** Largest sum over all hosts alive at one look, bytes. */
  readonly pssMost: number;
  readonly peaksMost: number;
  readonly hostsMost: number;
}

const EVERY_MS = 50;

/** Looks at every host process each 50 ms until `stop`. */
export function sampleHosts(): { stop(): Promise<Samples> } {
  const end = new AbortController();
  const samples = { count: 0, pssMost: 0, peaksMost: 0, hostsMost: 0 };
  const done = (async () => {
    while (!end.signal.aborted) {
      const from = performance.now();
      const pids = hostPids();
      const peaks = pids.reduce((sum, pid) => sum + statusBytes(pid, "VmHWM"), 0);
      const pss = (await Promise.all(pids.map(pssBytes))).reduce<number>((sum, bytes) => sum + (bytes ?? 0), 0);
      samples.count += 1;
      samples.pssMost = Math.max(samples.pssMost, pss);
      samples.peaksMost = Math.max(samples.peaksMost, peaks);
      samples.hostsMost = Math.max(samples.hostsMost, pids.length);
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, EVERY_MS - (performance.now() - from))));
    }
  })();
  return {
    async stop() {
      end.abort();
      await done;
      return samples;
    },
  };
}
