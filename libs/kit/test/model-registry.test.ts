import { createHash } from "node:crypto";
import { setImmediate as turn } from "node:timers/promises";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { withSettings, type ChangeNote, type ModelState, type NewVersion } from "@tradewind/contracts";
import { createPrng, type Prng } from "@tradewind/core";
import { seeds } from "@tradewind/testkit";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { dropModel, keepModel, readModel, updateModel } from "../src/index.ts";

let bus: Bus;
beforeEach(async () => {
  bus = await openEmbeddedBus(":memory:");
});
afterEach(() => bus.close());

const note: ChangeNote = { by: "test", reason: "registered", at: 1 };
const fileOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const shaOf = (text: string): string => createHash("sha256").update(text).digest("hex");
const versionOf = (text: string): NewVersion => ({
  sha256: shaOf(text),
  bytes: text.length,
  matrix: { timeframes: ["1m"], window: 2, features: [{ name: "momentum" }] },
  featureSchema: "f".repeat(64),
  labels: ["down", "up"],
  version: text,
  notes: {},
});
const keep = (id: string, text: string, state: ModelState = "candidate") => keepModel(bus, id, versionOf(text), fileOf(text), state, note);
const files = (): Promise<string[]> => bus.blobs("model-files").list();

/** Each call takes some turns, as over a network: by the seed, another order of what many do at once. */
function jittery<T extends object>(target: T, random: Prng): T {
  return new Proxy(target, {
    get(_, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== "function") return value;
      const call = (...args: unknown[]): unknown => value.apply(target, args);
      if (name === "kv" || name === "blobs") return (...args: unknown[]) => jittery(call(...args) as object, random);
      return async (...args: unknown[]) => {
        for (let turns = random.below(12); turns > 0; turns--) await turn();
        return call(...args);
      };
    },
  });
}

describe("the registry of models", () => {
  test("given many who change one record at once, no change is lost", async () => {
    await keep("m", "a", "champion");
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        updateModel(bus, "m", (record) => withSettings(record!, { limitMb: (record!.limitMb ?? 0) + i })),
      ),
    );
    expect((await readModel(bus, "m"))?.limitMb).toBe(190);
  });

  test("given many who register versions at once, all are there with one champion", async () => {
    await Promise.all(Array.from({ length: 8 }, (_, i) => keep("m", `file ${i}`, "champion")));
    const { versions } = (await readModel(bus, "m"))!;
    expect(new Set(versions.map(({ version }) => version)).size).toBe(8);
    expect(versions.filter(({ state }) => state === "champion")).toHaveLength(1);
  });

  test("a file goes, with its card, when no version of any model names it", async () => {
    await keep("m", "shared");
    await keep("m", "own");
    await keep("other", "shared");
    await bus.blobs("model-cards").put(shaOf("own"), fileOf("<p>"));
    expect((await dropModel(bus, "m", shaOf("own"), note))?.versions).toHaveLength(1);
    expect(await files()).toEqual([shaOf("shared")]);
    expect(await bus.blobs("model-cards").list()).toEqual([]);
    expect(await dropModel(bus, "m", undefined, note)).toBeUndefined();
    expect(await files()).toEqual([shaOf("shared")]);
    expect(await dropModel(bus, "other", shaOf("shared"), note)).toBeUndefined();
    expect(await files()).toEqual([]);
    expect(await readModel(bus, "other")).toBeUndefined();
  });

  test("given many who register and take out at once, every file that is named is there, and no other", () =>
    seeds(150, async (seed) => {
      const random = createPrng(seed);
      const busy = jittery(bus, random);
      const [ids, texts] = [
        ["m", "n"],
        ["a", "b"],
      ];
      const some = (list: readonly string[]): string => list[random.below(list.length)]!;
      const works = Array.from({ length: 6 }, () => {
        const [id, text] = [some(ids), some(texts)];
        if (random.chance(0.6)) return keepModel(busy, id, versionOf(text), fileOf(text), "candidate", note);
        return dropModel(busy, id, random.chance(0.5) ? undefined : shaOf(text), note);
      });
      for (const { reason } of (await Promise.allSettled(works)).filter((one) => one.status === "rejected"))
        expect(reason).toMatchObject({ code: expect.stringMatching(/UNKNOWN$/) });
      const records = await Promise.all(ids.map((id) => readModel(bus, id)));
      const named = new Set(records.flatMap((record) => record?.versions.map(({ sha256 }) => sha256) ?? []));
      expect(await files()).toEqual([...named].sort());
    }));

  test("given more versions than are kept, the files of the oldest that do not speak go", async () => {
    await keep("m", "the champion", "champion");
    for (let i = 0; i < 20; i++) await keep("m", `file ${i}`);
    const { versions } = (await readModel(bus, "m"))!;
    expect(versions.map(({ version }) => version)).toContain("the champion");
    expect((await files()).sort()).toEqual(versions.map(({ sha256 }) => sha256).sort());
  });

  test("given a record that nobody can read, it is told by name, taken out all the same, and keeps no other", async () => {
    await keep("m", "a");
    await bus.kv("models").put("bad", "{}");
    await expect(readModel(bus, "bad")).rejects.toMatchObject({ code: "MODEL_RECORD", message: expect.stringContaining("model bad") });
    await dropModel(bus, "m", undefined, note);
    await dropModel(bus, "bad", undefined, note);
    expect(await bus.kv("models").entries()).toEqual([]);
  });

  test("given what is not there, or an id that is none, refuses in one line", async () => {
    await keep("m", "a");
    await expect(dropModel(bus, "none", undefined, note)).rejects.toMatchObject({ code: "MODEL_UNKNOWN" });
    await expect(dropModel(bus, "m", shaOf("b"), note)).rejects.toMatchObject({ code: "MODEL_VERSION_UNKNOWN" });
    for (const id of ["a.b", "", "a--b", "x".repeat(65), "-a", "__proto__", "stats"])
      await expect(keep(id, "a")).rejects.toMatchObject({ code: "BAD_MODEL_ID" });
  });
});
