import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeSnapshot, encodeSnapshot } from "../src/snapshot.ts";

const leaf = fc.oneof(
  fc.double(),
  fc.constantFrom(NaN, Infinity, -Infinity, -0, 0, 5e-324, Number.MAX_VALUE, undefined, null),
  fc.bigInt(),
  fc.string({ unit: "binary" }),
  fc.boolean(),
  fc.float64Array(),
  fc.float32Array(),
  fc.uint8Array(),
  fc.uint8ClampedArray(),
  fc.int16Array(),
  fc.bigInt64Array(),
);
const key = fc.oneof(fc.string(), fc.constantFrom("$n", "$o", "$", "__proto__", "constructor", "0"));
const plain = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie("value")),
    fc.dictionary(key, tie("value"), { noNullPrototype: true }),
    fc.array(fc.tuple(leaf, tie("value"))).map((entries) => new Map(entries)),
    fc.array(tie("value")).map((items) => new Set(items)),
  ),
})).value;

test("every plain value comes back exactly, and its text is the same again", () => {
  fc.assert(
    fc.property(plain, (value) => {
      const text = encodeSnapshot(value);
      const back = decodeSnapshot(text);
      expect(isDeepStrictEqual(back, value)).toBe(true);
      expect(encodeSnapshot(back)).toBe(text);
    }),
    { numRuns: 500 },
  );
});

test("typed arrays keep every bit, also those of NaN, and only their own part of a larger buffer", () => {
  const bits = new BigUint64Array([0x7ff8_0000_dead_beefn, 0xffff_ffff_ffff_ffffn, 0x8000_0000_0000_0000n, 7n]);
  const back = decodeSnapshot(encodeSnapshot(new Float64Array(bits.buffer).subarray(0, 3))) as Float64Array;
  expect(back).toBeInstanceOf(Float64Array);
  expect(back.buffer.byteLength).toBe(24);
  expect([...new BigUint64Array(back.buffer)]).toEqual([...bits.subarray(0, 3)]);
});

test("undefined fields and the order of keys are kept", () => {
  const back = decodeSnapshot(encodeSnapshot({ b: undefined, a: -0 })) as Record<string, unknown>;
  expect(Object.keys(back)).toEqual(["b", "a"]);
  expect(Object.is(back["a"], -0)).toBe(true);
});

test("what plain data cannot hold is refused with its place", () => {
  const cycle: unknown[] = [];
  cycle.push({ again: cycle });
  const bad = [
    () => 0,
    Symbol("s"),
    new (class Thing {
      readonly part = 1;
    })(),
    /x/,
    cycle,
    new DataView(new ArrayBuffer(1)),
  ];
  for (const value of bad) expect(() => encodeSnapshot({ deep: [value] })).toThrow(expect.objectContaining({ code: "SNAPSHOT_VALUE" }));
  expect(() => encodeSnapshot({ deep: [1, () => 0] })).toThrow(".deep.1");
  const twice = { n: 1 };
  expect(decodeSnapshot(encodeSnapshot([twice, twice]))).toEqual([twice, twice]);
});

test("a damaged text is refused", () => {
  const damaged = [
    "",
    "{",
    '{"$x":1}',
    '{"$b":"1.5"}',
    '{"$n":"x"}',
    '{"$t":["Float64Array","AAAA"]}',
    '{"$t":["Date","AAAA"]}',
    '{"$t":["Uint8Array","A*=="]}',
    '{"$m":[[1]]}',
    '{"$s":3}',
  ];
  for (const text of damaged) expect(() => decodeSnapshot(text)).toThrow(expect.objectContaining({ code: "BAD_SNAPSHOT" }));
});
