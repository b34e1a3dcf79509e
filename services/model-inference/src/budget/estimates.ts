import { bytesOfMib } from "./mib.ts";

/** What hosts took, by their files: a guess at first, then what was measured. */
export interface Estimates {
  /** What a host of this file takes at most while it loads. */
  loading(sha256: string, fileBytes: number): number;
  /** What it was measured to take; undefined so far. */
  measured(sha256: string): number | undefined;
  learn(sha256: string, peakBytes: number): void;
  /** It took more than this while it loaded. */
  exceeded(sha256: string, grantedBytes: number): void;
  /** What a host of this file keeps, which had so much at its peak when it was loaded. */
  serving(sha256: string, settledBytes: number): number;
  /** It ended for want of memory while it served, faster than it could be given more than this. */
  starved(sha256: string, grantedBytes: number): void;
}

/** Of a host with the runtime and a model of no size: its peak is about 80 MiB, of which hosts share 50. */
const BASE_BYTES = bytesOfMib(128);
/** A file is read, parsed and copied into place. */
const PER_FILE_BYTE = 5;
const MARGIN_BYTES = bytesOfMib(24);
const MARGIN_SHARE = 0.05;
/** What a host may grow by without asking, once it is loaded. */
const ROOM_BYTES = bytesOfMib(24);
/** One that was starved gets more by this. */
const STARVED_FACTOR = 1.5;
const KEPT_MOST = 1_000;

export function createEstimates(): Estimates {
  const peaks = new Map<string, number>();
  const beyond = new Map<string, number>();
  const needed = new Map<string, number>();

  function keep(map: Map<string, number>, sha256: string, bytes: number): void {
    map.delete(sha256);
    map.set(sha256, bytes);
    if (map.size > KEPT_MOST) map.delete(map.keys().next().value!);
  }

  return {
    loading(sha256, fileBytes) {
      const peak = peaks.get(sha256);
      const guess = peak === undefined ? BASE_BYTES + PER_FILE_BYTE * fileBytes : peak * (1 + MARGIN_SHARE) + MARGIN_BYTES;
      return Math.max(guess, 2 * (beyond.get(sha256) ?? 0), needed.get(sha256) ?? 0);
    },
    measured: (sha256) => peaks.get(sha256),
    learn(sha256, peakBytes) {
      keep(peaks, sha256, peakBytes);
      beyond.delete(sha256);
    },
    exceeded: (sha256, grantedBytes) => keep(beyond, sha256, grantedBytes),
    serving: (sha256, settledBytes) => Math.max(settledBytes + ROOM_BYTES, needed.get(sha256) ?? 0),
    starved: (sha256, grantedBytes) => keep(needed, sha256, grantedBytes * STARVED_FACTOR),
  };
}
