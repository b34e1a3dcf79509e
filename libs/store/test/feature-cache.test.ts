import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Redis } from "ioredis";
import { eventually, startRedis, type RedisServer } from "@tradewind/testkit";
import { openFeatureCache, type FeatureCache } from "../src/index.ts";
import { createProcessCache, createShelf } from "../src/feature-cache-process.ts";

const schema = "a".repeat(64);
const other = "b".repeat(64);
const matrix = Float32Array.from({ length: 160 }, (_, i) => Math.fround(Math.sin(i) * 10 ** ((i % 7) - 3)));
const PASSWORD = "correct horse";

let server: RedisServer;
beforeAll(async () => {
  server = await startRedis({ password: PASSWORD });
});
afterAll(() => server.stop());

/** A cache that can be reached, and what it said. */
async function redisCache(password = PASSWORD): Promise<{ cache: FeatureCache; said: string[] }> {
  const said: string[] = [];
  const cache = openFeatureCache({
    url: server.url,
    password,
    onStatus: (there, line) => said.push(`${there ? "there" : "away"}: ${line}`),
  });
  return { cache, said };
}

const works = (cache: FeatureCache): Promise<boolean> =>
  eventually(async () => {
    await cache.put("probe", schema, matrix);
    return (await cache.get("probe", schema)) !== undefined;
  });

const adapters: Record<string, () => Promise<FeatureCache>> = {
  "in the process": async () => openFeatureCache({}),
  "on Redis": async () => {
    const { cache } = await redisCache();
    await works(cache);
    return cache;
  },
};

describe.each(Object.keys(adapters))("a feature cache %s", (name) => {
  let cache: FeatureCache;
  beforeAll(async () => {
    cache = await adapters[name]!();
  });
  afterAll(() => cache.close());

  test("given a matrix, then the same bytes come back, to whoever asks here", async () => {
    await cache.put("bybit/BTC-USDT/aaaaaaaa/1", schema, matrix);
    expect(await cache.get("bybit/BTC-USDT/aaaaaaaa/1", schema)).toEqual(matrix);
    const second = await adapters[name]!();
    expect(await second.get("bybit/BTC-USDT/aaaaaaaa/1", schema)).toEqual(matrix);
    await second.close();
  });

  test("given numbers that text would lose, then they come back to the bit", async () => {
    const values = Float32Array.of(-0, 1e-45, 3.4028235e38, Number.NaN, Infinity, 0.1);
    await cache.put("odd", schema, values);
    expect(new Uint8Array((await cache.get("odd", schema))!.buffer)).toEqual(new Uint8Array(values.buffer));
  });

  test("given a part of a larger buffer, then only that part is kept, and later changes do not show", async () => {
    const whole = Float32Array.from(matrix);
    await cache.put("part", schema, whole.subarray(3, 10));
    whole.fill(7);
    expect(await cache.get("part", schema)).toEqual(matrix.slice(3, 10));
  });

  test("given an unknown key or another schema, then a miss", async () => {
    await cache.put("guarded", schema, matrix);
    expect(await cache.get("guarded", other)).toBeUndefined();
    expect(await cache.get("nothing", schema)).toBeUndefined();
  });

  test("given a key again, then the newest", async () => {
    await cache.put("again", schema, matrix);
    await cache.put("again", other, matrix.slice(0, 5));
    expect(await cache.get("again", schema)).toBeUndefined();
    expect(await cache.get("again", other)).toEqual(matrix.slice(0, 5));
  });
});

describe("the cache in the process", () => {
  test("given more than it may hold, then the oldest go", async () => {
    const cache = createProcessCache(createShelf(400, 1000, () => 0));
    for (const key of ["a", "b", "c"]) await cache.put(key, schema, matrix);
    expect(await Promise.all(["a", "b", "c"].map(async (key) => (await cache.get(key, schema)) !== undefined))).toEqual([
      false,
      true,
      true,
    ]);
    await cache.put("huge", schema, new Float32Array(401));
    expect(await cache.get("huge", schema)).toBeUndefined();
  });

  test("given the hour is over, then a miss", async () => {
    let now = 0;
    const cache = createProcessCache(createShelf(400, 1000, () => now));
    await cache.put("a", schema, matrix);
    now = 999;
    expect(await cache.get("a", schema)).toEqual(matrix);
    now = 1000;
    expect(await cache.get("a", schema)).toBeUndefined();
  });
});

describe("the cache on Redis", () => {
  test("given a value that is no matrix, then a miss", async () => {
    const { cache } = await redisCache();
    await works(cache);
    const plain = new Redis(server.url, { password: PASSWORD });
    await plain.set("tw:feature:garbage", "hello");
    await plain.set("tw:feature:cut", `${schema}abc`);
    expect(await cache.get("garbage", schema)).toBeUndefined();
    expect(await cache.get("cut", schema)).toBeUndefined();
    plain.disconnect();
    await cache.close();
  });

  test("given a matrix, then it goes after an hour; given FLUSHALL, then a miss and the next one is kept", async () => {
    const { cache, said } = await redisCache();
    await works(cache);
    const plain = new Redis(server.url, { password: PASSWORD });
    await cache.put("timed", schema, matrix);
    const left = await plain.pttl("tw:feature:timed");
    expect(left).toBeGreaterThan(3_590_000);
    expect(left).toBeLessThanOrEqual(3_600_000);
    await plain.flushall();
    expect(await cache.get("timed", schema)).toBeUndefined();
    await cache.put("timed", schema, matrix);
    expect(await cache.get("timed", schema)).toEqual(matrix);
    expect(said).toEqual([]);
    plain.disconnect();
    await cache.close();
  });

  test("given Redis is killed and comes back, then puts are dropped and gets miss meanwhile, with one word on each turn", async () => {
    const own = await startRedis({ password: PASSWORD });
    const said: boolean[] = [];
    const cache = openFeatureCache({ url: own.url, password: PASSWORD, onStatus: (there) => said.push(there) });
    await works(cache);
    await own.kill();
    await eventually(() => said.length > 0);
    for (let i = 0; i < 20; i++) {
      await cache.put("down", schema, matrix);
      expect(await cache.get("down", schema)).toBeUndefined();
    }
    await own.restart();
    await works(cache);
    expect(said).toEqual([false, true]);
    await cache.close();
    await own.stop();
  });

  test("given nobody listens, then it opens all the same and says so once", async () => {
    const own = await startRedis();
    const { url } = own;
    await own.kill();
    const said: string[] = [];
    const cache = openFeatureCache({ url, onStatus: (_, line) => said.push(line) });
    await eventually(() => said.length > 0);
    await cache.put("a", schema, matrix);
    expect(await cache.get("a", schema)).toBeUndefined();
    await own.restart();
    await works(cache);
    expect(said).toHaveLength(2);
    await cache.close();
    await own.stop();
  });

  test("given a wrong password, then misses, one line, and not a letter of the password in it", async () => {
    const { cache, said } = await redisCache("battery staple");
    await eventually(() => said.length > 0);
    for (let i = 0; i < 5; i++) expect(await cache.get("a", schema)).toBeUndefined();
    await cache.put("a", schema, matrix);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatch(/^away: feature cache [\w.]+:\d+ is away/);
    expect(said[0]).not.toMatch(/battery|staple/);
    await cache.close();
  });
});
