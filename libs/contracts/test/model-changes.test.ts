import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  CHANGES_KEPT,
  championOf,
  decodeModelRecord,
  modelStates,
  shadowsOf,
  VERSIONS_KEPT,
  versionNamed,
  withoutVersion,
  withSettings,
  withState,
  withVersion,
  type ChangeNote,
  type ModelRecord,
  type NewVersion,
} from "../src/index.ts";

const FILES = 30;
const shaOf = (file: number): string => file.toString(16).padStart(2, "0").repeat(32);

const versionOf = (file: number): NewVersion => ({
  sha256: shaOf(file),
  bytes: 100 + file,
  matrix: { timeframes: ["1m"], window: 2, features: [{ name: "momentum" }] },
  featureSchema: "f".repeat(64),
  labels: ["down", "flat", "up"],
  version: String(file),
  notes: { family: "cnn" },
  ...(file % 3 === 0 && { expiresAt: 1_000 * file }),
});
const note = (at: number): ChangeNote => ({ by: "test", reason: `step ${at}`, at });

type Change = (record: ModelRecord | undefined, at: number) => ModelRecord | undefined;

const file = fc.integer({ min: 0, max: FILES - 1 });
const state = fc.constantFrom(...modelStates);
/** A change of a version that is there, found by its place so that most changes meet one. */
const ofVersion =
  (change: (record: ModelRecord, sha256: string, at: number) => ModelRecord | undefined, place: number): Change =>
  (record, at) =>
    record === undefined ? undefined : change(record, record.versions[place % record.versions.length]!.sha256, at);

const change: fc.Arbitrary<Change> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(file, state).map(
      ([one, to]): Change =>
        (record, at) =>
          withVersion(record, "m", versionOf(one), to, note(at)),
    ),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.nat(), state, fc.constantFrom("retired" as const, "shadow" as const))
      .map(([place, to, former]) => ofVersion((record, sha256, at) => withState(record, sha256, to, note(at), former), place)),
  },
  { weight: 1, arbitrary: fc.nat().map((place) => ofVersion((record, sha256, at) => withoutVersion(record, sha256, note(at)), place)) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.boolean(), fc.constantFrom(null, 10, 900), fc.constantFrom("cpu", "cuda:0")).map(
      ([pinned, limitMb, device]): Change =>
        (record) =>
          record && withSettings(record, { pinned, limitMb, device }),
    ),
  },
);

describe("given any changes of a model's record, one after the other", () => {
  test("one version at most is champion, the history says how each got its state, and it reads as it was written", () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
        let record: ModelRecord | undefined;
        for (const [at, make] of changes.entries()) {
          const before = record;
          record = make(before, at);
          if (record === undefined) continue;
          expect(record.versions.filter((one) => one.state === "champion").length).toBeLessThanOrEqual(1);
          expect(new Set(record.versions.map(({ sha256 }) => sha256)).size).toBe(record.versions.length);
          expectHistory(record);
          expectNoneLost(before, record, at);
          expect(decodeModelRecord(JSON.stringify(record))).toEqual(record);
        }
      }),
      { numRuns: 300 },
    );
  });
});

/** The newest entry of a version says its state, each older one is where the next one came from. */
function expectHistory({ versions, history }: ModelRecord): void {
  expect(history.length).toBeLessThanOrEqual(CHANGES_KEPT);
  for (const { sha256, state: now } of versions) {
    const own = history.filter((one) => one.sha256 === sha256);
    if (own.length > 0) expect(own[0]!.to).toBe(now);
    for (const [i, { from }] of own.entries()) if (from !== undefined && i + 1 < own.length) expect(own[i + 1]!.to).toBe(from);
  }
}

/** What speaks is never dropped for room; what is over the bound speaks, or has just come. */
function expectNoneLost(before: ModelRecord | undefined, after: ModelRecord, at: number): void {
  const speaks = (record: ModelRecord): number => [championOf(record), ...shadowsOf(record)].filter((one) => one !== undefined).length;
  expect(after.versions.length).toBeLessThanOrEqual(Math.max(VERSIONS_KEPT, speaks(after) + 1));
  if (before === undefined) return;
  const left = new Set(after.versions.map(({ sha256 }) => sha256));
  const removed = after.history.filter((one) => one.at === at).map(({ sha256 }) => sha256);
  for (const one of [championOf(before), ...shadowsOf(before)])
    if (one !== undefined && !left.has(one.sha256)) expect(removed).toContain(one.sha256);
}

describe("given a champion", () => {
  const first = withVersion(undefined, "m", versionOf(1), "champion", note(1));
  const two = withVersion(first, "m", versionOf(2), "shadow", note(2));

  test("when another takes its place, it retires, or runs on as a shadow where that is asked for", () => {
    const promoted = withState(two, shaOf(2), "champion", note(3));
    expect(championOf(promoted)).toMatchObject({ sha256: shaOf(2), speaksAs: "m" });
    expect(promoted.versions.map((one) => one.state)).toEqual(["champion", "retired"]);
    expect(promoted.history[0]).toEqual({ at: 3, sha256: shaOf(2), from: "shadow", to: "champion", by: "test", reason: "step 3" });
    const watched = withState(two, shaOf(2), "champion", note(3), "shadow");
    expect(shadowsOf(watched)).toMatchObject([{ sha256: shaOf(1), speaksAs: `m--${shaOf(1).slice(0, 8)}` }]);
    expect(championOf(withState(watched, shaOf(1), "champion", note(4)))?.sha256).toBe(shaOf(1));
  });

  test("when its file is registered again with less trust, or what is asked for is so already, nothing changes", () => {
    expect(withVersion(two, "m", versionOf(1), "candidate", note(3))).toBe(two);
    expect(withVersion(two, "m", versionOf(2), "shadow", note(3))).toBe(two);
    expect(withState(two, shaOf(1), "champion", note(3))).toBe(two);
    expect(championOf(withVersion(two, "m", versionOf(2), "champion", note(3)))?.sha256).toBe(shaOf(2));
  });

  test("a version is named by the start of its hash, by what it calls itself, or not at all where it is the only one", () => {
    expect(versionNamed(two, shaOf(2).slice(0, 8)).version).toBe("2");
    expect(versionNamed(two, "1").sha256).toBe(shaOf(1));
    expect(versionNamed(first, undefined).sha256).toBe(shaOf(1));
    expect(() => versionNamed(two, undefined)).toThrow(/several versions/);
    expect(() => versionNamed(two, "0")).toThrow(/more than one/);
    expect(() => versionNamed(two, "77")).toThrow(/no version "77"/);
    expect(() => withState(two, shaOf(9), "shadow", note(3))).toThrow(/no version "09090909"/);
  });

  test("a record with two champions is none", () => {
    const versions = two.versions.map((one) => ({ ...one, state: "champion" }));
    expect(() => decodeModelRecord(JSON.stringify({ ...two, versions }))).toThrow("more than one champion");
  });
});
