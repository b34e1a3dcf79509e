import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  divide,
  formatExact,
  formatFixed,
  fromComputed,
  fromNumber,
  parseExact,
  parseFixed,
  snap,
  toMoney,
  toNumber,
  type Exact,
  type Money,
  type Price,
} from "../src/domain/fixed.ts";
import { isFailure } from "../src/errors.ts";
import { d } from "./support/builders.ts";

const code = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
  return "none";
};
/** Decimals of up to 12 places whose value a float64 tells apart from its neighbours: at most 15 digits in all. */
const someDecimal = fc
  .tuple(fc.boolean(), fc.integer({ min: 0, max: 999_999_999_999_999 }), fc.integer({ min: 0, max: 12 }))
  .map(([negative, digits, places]) => {
    const text = String(digits).padStart(places + 1, "0");
    const decimal = places === 0 ? text : `${text.slice(0, -places)}.${text.slice(-places)}`;
    return negative ? `-${decimal}` : decimal;
  });

describe("decimal text", () => {
  it("goes through fixed-point and back unchanged, at 12 and at 24 decimals", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }), (value) => {
        expect(parseFixed(formatFixed(value as Money))).toBe(value);
        expect(parseExact(formatExact(value as Exact))).toBe(value);
      }),
    );
  });

  it.each([
    ["1", "1"],
    ["-0.5", "-0.5"],
    ["+3.10", "3.1"],
    ["007.250", "7.25"],
    ["0.000000000001", "0.000000000001"],
    ["1.0000000000000000000000", "1"],
    ["-0", "0"],
    ["123456789012345678901234567890.000000000001", "123456789012345678901234567890.000000000001"],
  ])("reads %s as %s", (text, canonical) => {
    expect(formatFixed(parseFixed<Money>(text))).toBe(canonical);
  });

  it.each([
    ["0.0000000000001", "TOO_MANY_DECIMALS"],
    ["", "BAD_NUMBER"],
    [".5", "BAD_NUMBER"],
    ["5.", "BAD_NUMBER"],
    ["1e5", "BAD_NUMBER"],
    ["1,000", "BAD_NUMBER"],
    [" 1", "BAD_NUMBER"],
    ["NaN", "BAD_NUMBER"],
    ["Infinity", "BAD_NUMBER"],
    ["0x10", "BAD_NUMBER"],
    ["--1", "BAD_NUMBER"],
  ])("refuses %j as %s", (text, expected) => {
    expect(code(() => parseFixed(text))).toBe(expected);
  });

  it("names what it refused and shows it", () => {
    expect(() => parseFixed("12x", "stop price")).toThrow('stop price: "12x"');
  });
});

describe("fromNumber", () => {
  it.each([
    [0.09946999000000001, "0.09946999"],
    [0.1 + 0.2, "0.3"],
    [663.5844999999999, "663.5845"],
    [1e-7, "0.0000001"],
    [1.5e-10, "0.00000000015"],
    [1e-12, "0.000000000001"],
    [1e21, "1000000000000000000000"],
    [-1.25e22, "-12500000000000000000000"],
    [-0, "0"],
    [Number.MAX_SAFE_INTEGER, "9007199254740991"],
    [123456789.12345679, "123456789.12345679"],
    [46448.1, "46448.1"],
  ])("reads %d as %s", (number, text) => {
    // 663.5844999999999 has 13 decimals: the noise beyond the twelfth is rounded away.
    expect(formatFixed(fromNumber<Money>(number))).toBe(number === 663.5844999999999 ? "663.5845" : text);
  });

  it.each([
    [Number.NaN, "NOT_FINITE"],
    [Number.POSITIVE_INFINITY, "NOT_FINITE"],
    [Number.NEGATIVE_INFINITY, "NOT_FINITE"],
    [1.23456789e-8, "TOO_MANY_DECIMALS"],
    [1e-13, "TOO_MANY_DECIMALS"],
    [Number.MIN_VALUE, "TOO_MANY_DECIMALS"],
    [-0.00001234567890123, "TOO_MANY_DECIMALS"],
  ])("refuses %d as %s", (number, expected) => {
    expect(code(() => fromNumber(number))).toBe(expected);
  });

  it("is undone by toNumber for every decimal of up to 12 places", () => {
    fc.assert(
      fc.property(someDecimal, (text) => {
        const number = Number(text);
        expect(toNumber(fromNumber<Money>(number)) === number).toBe(true);
        expect(formatFixed(fromNumber<Money>(number))).toBe(formatFixed(parseFixed<Money>(text)));
      }),
      { numRuns: 20_000 },
    );
  });

  it("moves a number by less than 1e-9 of it, or refuses it", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }), (number) => {
        const said = code(() => fromNumber(number));
        if (said === "none") expect(Math.abs(toNumber(fromNumber<Money>(number)) - number)).toBeLessThanOrEqual(1e-9 * Math.abs(number));
        else expect(said).toBe("TOO_MANY_DECIMALS");
      }),
      { numRuns: 5_000 },
    );
  });
});

describe("fromComputed", () => {
  it.each([
    [0.1 * 82, "8.2"],
    [8.2 * 0.1, "0.82"],
    [100 * (1 - 0.0003), "99.97"],
    [46448.1 * 1.0005, "46471.32405"],
    [1.23456789e-5 * 0.99, "0.000012222222"],
    [2 / 3, "0.666666666667"],
    [1e-30, "0"],
    [6.02e23, "602000000000000000000000"],
  ])("takes %d as %s", (number, text) => {
    expect(formatFixed(fromComputed<Money>(number))).toBe(text);
  });

  it("refuses what is not finite", () => {
    expect([code(() => fromComputed(Number.NaN)), code(() => fromComputed(1 / 0))]).toEqual(["NOT_FINITE", "NOT_FINITE"]);
  });
});

describe("rounding", () => {
  it.each([
    // value, down, up, halfEven, all over 10
    [25n, 2n, 3n, 2n],
    [35n, 3n, 4n, 4n],
    [-25n, -2n, -3n, -2n],
    [-35n, -3n, -4n, -4n],
    [26n, 2n, 3n, 3n],
    [-26n, -2n, -3n, -3n],
    [4n, 0n, 1n, 0n],
    [-4n, 0n, -1n, 0n],
    [30n, 3n, 3n, 3n],
    [0n, 0n, 0n, 0n],
  ])("%d / 10 is %d down, %d up, %d half-even", (value, down, up, halfEven) => {
    expect([divide(value, 10n, "down"), divide(value, 10n, "up"), divide(value, 10n, "halfEven")]).toEqual([down, up, halfEven]);
  });

  it("never leaves more than half a unit (half-even) or a whole one (down, up)", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), fc.bigInt({ min: 1n, max: 10n ** 15n }), (value, divisor) => {
        const size = (rest: bigint) => (rest < 0n ? -rest : rest);
        expect(2n * size(value - divide(value, divisor, "halfEven") * divisor) <= divisor).toBe(true);
        expect(size(divide(value, divisor, "down") * divisor) <= size(value)).toBe(true);
        expect(size(divide(value, divisor, "up") * divisor) >= size(value)).toBe(true);
        expect(size(value - divide(value, divisor, "up") * divisor) < divisor).toBe(true);
      }),
    );
  });

  it("narrows 24 decimals to 12 by name", () => {
    const value = parseExact("1.0000000000005");
    expect([toMoney(value, "down"), toMoney(value, "up"), toMoney(value, "halfEven")].map((money) => formatFixed(money))).toEqual([
      "1",
      "1.000000000001",
      "1",
    ]);
  });

  it.each([
    ["46448.13", "0.5", "46448", "46448.5", "46448"],
    ["0.25", "0.5", "0", "0.5", "0"],
    ["0.75", "0.5", "0.5", "1", "1"],
    ["-0.3", "0.25", "-0.25", "-0.5", "-0.25"],
    ["100", "0.01", "100", "100", "100"],
    ["7", "3", "6", "9", "6"],
  ])("snaps %s to %s", (value, increment, down, up, halfEven) => {
    const snapped = (["down", "up", "halfEven"] as const).map((rounding) =>
      formatFixed(snap(d<Price>(value), d<Price>(increment), rounding)),
    );
    expect(snapped).toEqual([down, up, halfEven]);
  });
});
