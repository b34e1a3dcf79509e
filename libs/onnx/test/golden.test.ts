import { describe, expect, test } from "vitest";
import { isFailure } from "@tradewind/core";
import { goldenDifference, inspectModel, metadataKeys, metadataProperties, readMetadata, REFERENCE_LABELS } from "../src/index.ts";
import { fileOf, smallPlan } from "./models.ts";

const golden = {
  rows: 2,
  matrices: Float32Array.from({ length: 12 }, (_, i) => Math.fround(Math.sin(i))),
  probabilities: Float32Array.of(0.1, 0.2, 0.7, 0.3, 0.3, 0.4),
  tolerance: 1e-5,
};
const expiresAt = Date.UTC(2026, 5, 1);
const written = metadataProperties({
  matrix: smallPlan,
  labels: REFERENCE_LABELS,
  version: "1",
  notes: { family: "cnn" },
  golden,
  expiresAt,
});

describe("golden vectors and expiry in a model's metadata", () => {
  test("given both, when the file is read, then every bit comes back, and neither is a note", () => {
    const { metadata } = inspectModel(fileOf({ metadata: written }), "a file");
    expect(metadata).toMatchObject({ golden, expiresAt, notes: { family: "cnn" } });
    expect(Object.keys(metadata.notes)).toEqual(["family"]);
  });

  test.each([
    [metadataKeys.golden, "{", "no JSON"],
    [metadataKeys.golden, "null", "rows"],
    [metadataKeys.golden, JSON.stringify({ rows: 2, matrices: "AAAA", probabilities: "AAAA", tolerance: 1e-5 }), "2 rows of 6 and 3"],
    [metadataKeys.golden, JSON.stringify({ rows: 1, matrices: "", probabilities: "", tolerance: 0 }), "tolerance"],
    [metadataKeys.expiresAt, "tomorrow", "tomorrow"],
  ])("given %s that reads %s, when the file is read, then one line says so", (key, value, part) => {
    try {
      readMetadata({ ...written, [key]: value }, "bad.onnx");
      expect.unreachable();
    } catch (error) {
      if (!isFailure(error)) throw error;
      expect(error.code).toBe("MODEL_METADATA");
      expect(error.message).toMatch(/^bad\.onnx [^\n]+$/);
      expect(error.message).toContain(part);
    }
  });

  test("given what a model gives now, when it is held against them, then the largest difference counts, NaN as the worst", () => {
    const given = golden.probabilities.slice();
    given[4] = 0.5;
    expect(goldenDifference(golden, given)).toBeCloseTo(0.2, 6);
    given[0] = NaN;
    expect(goldenDifference(golden, given)).toBe(Infinity);
    expect(goldenDifference(golden, given.subarray(1))).toBe(Infinity);
  });
});
