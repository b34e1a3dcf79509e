import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { defaultMatrixPlan } from "@tradewind/core";
import { referenceModel } from "@tradewind/onnx";
import { variantText, walkCsv, workplace, type Workplace } from "./support.ts";

let place: Workplace;
let file: string;
let data: string;
beforeAll(() => {
  place = workplace();
  file = place.write("modelled.json", variantText({ models: [{ id: "ref", weight: 5 }] }));
  data = place.write("candles.csv", walkCsv(600));
  writeFileSync(join(place.path, "ref.onnx"), referenceModel({ matrix: defaultMatrixPlan, seed: 2 }));
  writeFileSync(join(place.path, "bad.onnx"), "no model");
});
afterAll(() => place.dispose());

async function result(...argv: string[]): Promise<{ fills: number; ledger_hash: string; notices: string[] }> {
  const { code, out, err } = await place.cli("backtest", file, "--data", data, "--no-save", "--json", ...argv);
  expect(code, err).toBe(0);
  return JSON.parse(out) as Awaited<ReturnType<typeof result>>;
}

it("given a model's file, when a variant runs with it, then its votes change the ledger, the same twice", async () => {
  const without = await result();
  const first = await result("--model", "ref=ref.onnx");
  const again = await result("--model", "ref=ref.onnx");
  expect(first.ledger_hash).toBe(again.ledger_hash);
  expect(first.ledger_hash).not.toBe(without.ledger_hash);
  expect(first.fills).toBeGreaterThan(0);
  expect(JSON.stringify(without.notices)).toContain("--model ref=FILE");
  expect(JSON.stringify(first.notices)).not.toContain("--model");
});

it.each([["ref"], ["ref="], ["other=ref.onnx"], ["ref=absent.onnx"], ["ref=bad.onnx"]])(
  "given --model %s, when the backtest starts, then one line says what is wrong",
  async (given) => {
    const { code, out, err } = await place.cli("backtest", file, "--data", data, "--no-save", "--model", given);
    expect([code, out]).toEqual([2, ""]);
    expect(err.trim().split("\n")).toHaveLength(1);
  },
);

it("given data finer than the variant's exits, when it is tested, then the result says that other orders are made live", async () => {
  const notices = async (timeframes: readonly string[]): Promise<string> => {
    const variant = place.write("coarse.json", variantText({ timeframes }));
    const { code, out, err } = await place.cli("backtest", variant, "--data", data, "--no-save", "--json");
    expect(code, err).toBe(0);
    return (JSON.parse(out) as { notices: string[] }).notices.join("\n");
  };
  expect(await notices(["5m"])).toContain('set timeframes ["5m", "1m"]');
  expect(await notices(["5m", "1m"])).not.toContain("set timeframes");
});
