import { Redis } from "ioredis";
import type { FeatureCache } from "./feature-cache.ts";

export interface RedisCacheOptions {
  readonly url: string;
  readonly password: string | undefined;
  readonly onStatus: (there: boolean, line: string) => void;
  readonly ttlMs: number;
}

const PREFIX = "tw:feature:";
/** Longer than this a matrix is made anew in less time. */
const ANSWER_MS = 250;
const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 1_000;

/** One key per matrix: the schema's hash as 64 letters, then raw little-endian float32. */
export function createRedisCache({ url, password, onStatus, ttlMs }: RedisCacheOptions): FeatureCache {
  const redis = new Redis(url, {
    ...(password !== undefined && { password }),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: ANSWER_MS,
    connectTimeout: 2_000,
    retryStrategy: (attempt) => Math.min(RETRY_FIRST_MS * 2 ** Math.min(attempt, 8), RETRY_MOST_MS),
  });
  const where = new URL(url).host;
  let away = false;
  let closed = false;

  function failed(error: Error): void {
    if (away || closed) return;
    away = true;
    onStatus(false, `feature cache ${where} is away (${reasonOf(error)}); features are made anew until it is back`);
  }
  function answered(): void {
    if (!away || closed) return;
    away = false;
    onStatus(true, `feature cache ${where} is back`);
  }

  redis.on("error", failed);
  redis.on("close", () => failed(new Error("the connection closed")));
  redis.on("ready", () => void redis.ping().then(answered, failed));

  /** The answer, or undefined when there is none to be had. */
  async function ask<T>(command: () => Promise<T>): Promise<T | undefined> {
    if (redis.status !== "ready") return undefined;
    try {
      const answer = await command();
      answered();
      return answer;
    } catch (error) {
      failed(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  return {
    async put(key, schemaHash, values) {
      const bytes = Buffer.concat([Buffer.from(schemaHash), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]);
      await ask(() => redis.set(PREFIX + key, bytes, "PX", ttlMs));
    },
    async get(key, schemaHash) {
      const bytes = await ask(() => redis.getBuffer(PREFIX + key));
      const guard = Buffer.from(schemaHash);
      if (!bytes || !bytes.subarray(0, guard.length).equals(guard) || (bytes.length - guard.length) % 4 !== 0) return undefined;
      // A copy that starts on a boundary of four bytes, as a Float32Array must.
      return new Float32Array(Uint8Array.from(bytes.subarray(guard.length)).buffer);
    },
    async close() {
      closed = true;
      redis.disconnect();
    },
  };
}

function reasonOf(error: Error): string {
  const code = "code" in error && typeof error.code === "string" ? error.code : undefined;
  return code ?? error.message.replaceAll(/\s+/g, " ");
}
