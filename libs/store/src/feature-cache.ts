import { createProcessCache, FEATURE_TTL_MS } from "./feature-cache-process.ts";
import { createRedisCache } from "./feature-cache-redis.ts";

/**
 * Feature matrices by key, for an hour. A cache and nothing else: whoever misses one makes it again from the candles,
 * to the same bytes. Neither call throws.
 */
export interface FeatureCache {
  /** Keeps a matrix with the hash of what it holds; dropped when the cache is away. Takes a copy. */
  put(key: string, schemaHash: string, values: Float32Array): Promise<void>;
  /** The matrix under a key, if it is there and of that schema. */
  get(key: string, schemaHash: string): Promise<Float32Array | undefined>;
  close(): Promise<void>;
}

export interface FeatureCacheOptions {
  /** redis://host:port; left out, one cache shared by the whole process. */
  readonly url?: string | undefined;
  readonly password?: string | undefined;
  /** Told once when the cache goes away or answers with errors, in one line, and once when it is back. */
  readonly onStatus?: (there: boolean, line: string) => void;
}

/** Opens the cache; one that cannot be reached yet counts as away until it can. */
export function openFeatureCache({ url, password, onStatus = () => undefined }: FeatureCacheOptions): FeatureCache {
  return url === undefined ? createProcessCache() : createRedisCache({ url, password, onStatus, ttlMs: FEATURE_TTL_MS });
}
