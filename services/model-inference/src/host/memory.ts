import { readFile } from "node:fs/promises";

/** Proportional set size of a process in bytes: what it would free by ending. Undefined where the system does not tell. */
export async function pssBytes(pid: number): Promise<number | undefined> {
  try {
    const match = /^Pss:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/smaps_rollup`, "utf8"));
    return match === null ? undefined : Number(match[1]) * 1024;
  } catch {
    return undefined;
  }
}
