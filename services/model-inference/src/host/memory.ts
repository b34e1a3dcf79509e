import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/** Proportional set size of a process in bytes: what it would free by ending. Undefined where the system does not tell. */
export async function pssBytes(pid: number): Promise<number | undefined> {
  try {
    return bytesOf("Pss", await readFile(`/proc/${pid}/smaps_rollup`, "utf8"));
  } catch {
    return undefined;
  }
}

/** The most a process has had in memory at any time, shared pages in full: never less than its Pss was. */
export function peakBytes(pid: number): number | undefined {
  return statusOf(pid, "VmHWM");
}

/** From now on the peak is that of what comes. Where the system does not do that, it stays. */
export function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // An older kernel, or a container that forbids it: the host keeps a larger share than it needs.
  }
}

/**
 * Has the kernel refuse the process more than `bytes` of writable memory beyond what it has mapped now. Gives the bound
 * of `mappedBytes`; undefined where that cannot be done, and its peak has to be watched.
 */
export function limitGrowth(pid: number, bytes: number): Promise<number | undefined> {
  const mapped = mappedBytes(pid);
  if (mapped === undefined) return Promise.resolve(undefined);
  const bound = Math.max(0, Math.floor(mapped + bytes));
  return new Promise((resolve) => {
    execFile("prlimit", ["--pid", String(pid), `--data=${bound}:`], (error) => resolve(error === null ? bound : undefined));
  });
}

/** Writable memory that a process has mapped, used or not. */
export function mappedBytes(pid: number): number | undefined {
  return statusOf(pid, "VmData");
}

function statusOf(pid: number, field: string): number | undefined {
  try {
    return bytesOf(field, readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return undefined;
  }
}

function bytesOf(field: string, text: string): number | undefined {
  const match = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text);
  return match === null ? undefined : Number(match[1]) * 1024;
}
