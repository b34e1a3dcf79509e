import fc from "fast-check";
import { expect, test } from "vitest";
import { isFailure } from "@tradewind/core";
import { ensembleModel, inspectModel, readModel, referenceModel, writeModel } from "../../src/index.ts";
import { branchingFile, plan, strangersFile, treesFile } from "./files.ts";

const files = {
  reference: referenceModel({ matrix: plan, seed: 3 }),
  trees: treesFile(),
  branches: branchingFile(),
  stranger: strangersFile(),
};

/** Gives what the work gives; a `Failure` of one line is as good. Anything else thrown is not. */
function orOneLine<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!isFailure(error)) throw error;
    expect(error.message).toMatch(/^[^\n]+$/);
    expect(error.message).toContain("bad");
    expect(error.action).toBe("input");
    return undefined;
  }
}

/** Reads it in each way; what passes must be whole enough to be written again, alone and within a joint model. */
function readEachWay(bytes: Uint8Array): void {
  orOneLine(() => inspectModel(bytes, "bad"));
  const model = orOneLine(() => readModel(bytes, "bad"));
  if (model !== undefined) expect(writeModel(model).length).toBeGreaterThan(0);
  orOneLine(() => ensembleModel({ members: [{ name: "bad", file: bytes, weight: 1 }], about: { version: "1", notes: {} } }));
}

test("given a file cut at every length, when it is read, then it is a failure of one line or a whole model", () => {
  for (const file of [files.reference, files.branches, files.stranger])
    for (let length = 0; length < file.length; length++) readEachWay(file.subarray(0, length));
});

const damage = fc.oneof(
  fc.record({ kind: fc.constant("cut" as const), at: fc.nat(), length: fc.nat(200) }),
  fc.record({ kind: fc.constant("flip" as const), at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant("insert" as const), at: fc.nat(), bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }) }),
  fc.record({ kind: fc.constant("repeat" as const), at: fc.nat(), length: fc.nat(200) }),
);
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Uint8Array, done: Damage): Uint8Array {
  const at = done.at % Math.max(1, bytes.length);
  const [before, after] = [bytes.subarray(0, at), bytes.subarray(at)];
  switch (done.kind) {
    case "cut":
      return Buffer.concat([before, after.subarray(done.length)]);
    case "flip":
      return bytes.map((byte, i) => (i === at ? byte ^ done.bits : byte));
    case "insert":
      return Buffer.concat([before, done.bytes, after]);
    case "repeat":
      return Buffer.concat([before, after.subarray(0, done.length), after]);
  }
}

test("given files with bytes lost, flipped, added and repeated, when they are read, then each is a failure of one line or a model", () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(files)), fc.array(damage, { minLength: 1, maxLength: 4 }), (file, all) => {
      readEachWay(all.reduce<Uint8Array>(damaged, file));
    }),
    { numRuns: 3000 },
  );
});
