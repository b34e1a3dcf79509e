import type { FeatureCache } from "./feature-cache.ts";
import { createProcessCache, FEATURE_TTL_MS } from "./feature-cache-process.ts";
import { createRedisCache } from "./feature-cache-redis.ts";

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
