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
