import type { FeatureCache } from "./feature-cache.ts";

interface Kept {
  readonly schemaHash: string;
  readonly values: Float32Array;
  readonly until: number;
}

/** About 64 MiB; the oldest go first. */
const MOST_NUMBERS = 16_777_216;
/** How long a matrix is kept. */
export const FEATURE_TTL_MS = 3_600_000;

/** What every service of this process sees. */
const shared = createShelf(MOST_NUMBERS, FEATURE_TTL_MS, Date.now);

/** The cache of this process: every call gives a handle on the same one. */
export function createProcessCache(shelf: Shelf = shared): FeatureCache {
  return {
    put: async (key, schemaHash, values) => shelf.put(key, schemaHash, values),
    get: async (key, schemaHash) => shelf.get(key, schemaHash),
    close: async () => undefined,
  };
}

export interface Shelf {
  put(key: string, schemaHash: string, values: Float32Array): void;
  get(key: string, schemaHash: string): Float32Array | undefined;
}

/** Keeps up to `mostNumbers` float32 for `ttlMs`. */
export function createShelf(mostNumbers: number, ttlMs: number, now: () => number): Shelf {
  const kept = new Map<string, Kept>();
  let numbers = 0;

  function drop(key: string): void {
    numbers -= kept.get(key)?.values.length ?? 0;
    kept.delete(key);
  }

  return {
    put(key, schemaHash, values) {
      drop(key);
      if (values.length > mostNumbers) return;
      kept.set(key, { schemaHash, values: values.slice(), until: now() + ttlMs });
      numbers += values.length;
      // In order of insertion, which is the order of their ends.
      for (const [oldest, { until }] of kept) {
        if (numbers <= mostNumbers && until > now()) break;
        drop(oldest);
      }
    },
    get(key, schemaHash) {
      const found = kept.get(key);
      return found !== undefined && found.schemaHash === schemaHash && found.until > now() ? found.values.slice() : undefined;
    },
  };
}
