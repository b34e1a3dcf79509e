/** What one host may take of the memory, as the book has it. */
interface Claim {
  bytes: number;
  /** `loading` and `fresh` (loaded, has answered nobody yet) stay; a `ready` one may be asked to leave; a `leaving` one does. */
  stage: "loading" | "fresh" | "ready" | "leaving";
  rank: Rank;
  pinned: boolean;
  busy: boolean;
  /** Grows with each use. */
  usedAt: number;
}

/** Who is served first. A shadow never takes a champion's place. */
export type Rank = "champion" | "shadow";

export interface Want {
  readonly key: string;
  readonly bytes: number;
  readonly rank: Rank;
  readonly pinned: boolean;
}

/** `granted`: it is in the book. `evict`: ask again when one of these is gone. `wait`: when something changes. */
export type Ruling =
  | { readonly type: "granted" }
  | { readonly type: "evict"; readonly keys: readonly string[] }
  | { readonly type: "wait" }
  /** Whoever leaves, it cannot fit: at most `bytes` can be had. */
  | { readonly type: "never"; readonly bytes: number };

/**
 * The book of the memory that model hosts take. Nothing is granted beyond the limit; a host that turns out larger than
 * it said makes a deficit, which is repaid by eviction before anything else is granted. It knows no processes and no
 * clock: whoever keeps it tells what was measured and who has gone.
 */
export interface Book {
  ask(want: Want): Ruling;
  /** What a host was measured to take at most; it is loaded now. */
  correct(key: string, bytes: number): void;
  /** It has answered: from now on it may be asked to leave. */
  served(key: string): void;
  change(key: string, change: Partial<Pick<Claim, "rank" | "pinned" | "busy">>): void;
  leaving(key: string): void;
  /** Its process is gone. */
  drop(key: string): void;
  /** Who must leave for the deficit, or for a limit that has become smaller; empty when there is none. */
  debtors(): readonly string[];
  setLimit(bytes: number): void;
  /** What one host holds; 0 for one that is not in the book. */
  bytesOf(key: string): number;
  readonly limitBytes: number;
  readonly usedBytes: number;
}

export function createBook(limit: number): Book {
  const claims = new Map<string, Claim>();
  let limitBytes = limit;
  let uses = 0;
  const sum = (of: (claim: Claim) => boolean): number =>
    [...claims.values()].reduce((bytes, claim) => bytes + (of(claim) ? claim.bytes : 0), 0);
  const used = (): number => sum(() => true);
  const mayLeave = (claim: Claim, rank: Rank): boolean => !claim.pinned && (rank === "champion" || claim.rank === "shadow");

  /** Those to ask to leave so that `bytes` more come free than are coming; undefined when not enough may be asked now. */
  function leavers(bytes: number, rank: Rank): string[] | undefined {
    let missing = bytes - sum(({ stage }) => stage === "leaving");
    const able = [...claims].filter(([, claim]) => claim.stage === "ready" && mayLeave(claim, rank)).sort(([, a], [, b]) => byWorth(a, b));
    const chosen: string[] = [];
    for (const [key, claim] of able) {
      if (missing <= 0) break;
      chosen.push(key);
      missing -= claim.bytes;
    }
    return missing <= 0 ? chosen : undefined;
  }

  return {
    ask({ key, bytes, rank, pinned }) {
      if (claims.has(key)) throw new Error(`${key} is in the book already`);
      const most = limitBytes - sum((claim) => !mayLeave(claim, rank));
      if (bytes > most) return { type: "never", bytes: Math.max(0, most) };
      const missing = used() + bytes - limitBytes;
      if (missing <= 0) {
        claims.set(key, { bytes, stage: "loading", rank, pinned, busy: true, usedAt: ++uses });
        return { type: "granted" };
      }
      const keys = leavers(missing, rank);
      return keys === undefined || keys.length === 0 ? { type: "wait" } : { type: "evict", keys };
    },
    correct(key, bytes) {
      const claim = claims.get(key);
      if (claim === undefined) return;
      claim.bytes = bytes;
      if (claim.stage === "loading") claim.stage = "fresh";
    },
    served(key) {
      const claim = claims.get(key);
      if (claim === undefined) return;
      if (claim.stage === "fresh") claim.stage = "ready";
      claim.usedAt = ++uses;
    },
    change: (key, change) => void Object.assign(claims.get(key) ?? {}, change),
    leaving: (key) => void Object.assign(claims.get(key) ?? {}, { stage: "leaving" }),
    drop: (key) => void claims.delete(key),
    debtors() {
      const deficit = used() - limitBytes;
      if (deficit <= 0) return [];
      // What cannot be repaid in full is repaid in part.
      return (
        leavers(deficit, "champion") ?? [...claims].filter(([, claim]) => claim.stage === "ready" && !claim.pinned).map(([key]) => key)
      );
    },
    bytesOf: (key) => claims.get(key)?.bytes ?? 0,
    setLimit: (bytes) => void (limitBytes = bytes),
    get limitBytes() {
      return limitBytes;
    },
    get usedBytes() {
      return used();
    },
  };
}

/** Who goes first: shadows before champions, idle before busy, the least recently used before the others. */
function byWorth(a: Claim, b: Claim): number {
  if (a.rank !== b.rank) return a.rank === "shadow" ? -1 : 1;
  if (a.busy !== b.busy) return a.busy ? 1 : -1;
  return a.usedAt - b.usedAt;
}
