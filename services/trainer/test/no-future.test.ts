import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import {
  buildDataset,
  calendarNamed,
  sliceColumns,
  walkMatrices,
  type CandleColumns,
  type DatasetPlan,
  type MatrixPlan,
} from "@tradewind/core";
import { inspectModel, openModelSession } from "@tradewind/onnx";
import { loadCsv } from "@tradewind/store";
import { describe, expect, test } from "vitest";
import { noiseAfter } from "../../../libs/core/test/support/future.ts";
import { families } from "../src/learners/registry.ts";
import { completeSettings } from "../src/learners/settings.ts";
import type { Lesson } from "../src/learners/learner.ts";
import { instrumentOf, planted } from "./rl-support.ts";

const real = fileURLToPath(new URL("../../../../shared/data/candles/bybit_BTC-USDT_1m_2022-12-13.csv", import.meta.url));
if (!existsSync(real)) console.warn(`recorded market data not found at ${real}: models are scored on made-up candles only`);

const matrix: MatrixPlan = {
  timeframes: ["1m", "5m"],
  window: 4,
  features: [{ name: "log_return" }, { name: "range_atr", parameters: { period: 5 } }, { name: "volume_zscore" }],
};
const small: Readonly<Record<string, Record<string, number>>> = {
  cnn: { epochs: 1 },
  lstm: { epochs: 1 },
  transformer: { epochs: 1 },
  gbdt: { rounds: 5 },
  dqn: { epochs: 1, first_width: 8, second_width: 8 },
};

const instrument = instrumentOf("linear");
const calendar = calendarNamed(instrument.calendar);
const plan: DatasetPlan = {
  instrument,
  matrix,
  label: { name: "triple_barrier", parameters: { horizon: 5, volatility: 10 } },
  costs: { spreadBps: 1, slippageBps: 1 },
};

/** What there is to learn from by `time`: rows whose label is over by then. */
function lessonBy(columns: CandleColumns, time: number): Lesson {
  const dataset = buildDataset(plan, columns, { calendar });
  const known = Int32Array.from({ length: dataset.rows }, (_, row) => row).filter((row) => dataset.labelEnd[row]! <= time);
  const cut = Math.floor(known.length * 0.8);
  return { dataset, columns, instrument, train: known.subarray(0, cut), validation: known.subarray(cut) };
}

/** The file's own probabilities of every matrix up to `time`, as a hash. */
async function scored(file: Uint8Array, columns: CandleColumns, time: number): Promise<string> {
  const session = await openModelSession(inspectModel(file, "model"));
  const matrices: Float32Array[] = [];
  walkMatrices(matrix, columns, calendar, (ready) => {
    if (ready.candle.closeTime <= time) matrices.push(ready.matrix);
  });
  const hash = createHash("sha256").update(String(matrices.length));
  for (const one of matrices) {
    const said = await session.run(one, 1);
    hash.update(new Uint8Array(said.buffer, said.byteOffset, said.byteLength));
  }
  await session.release();
  expect(matrices.length).toBeGreaterThan(100);
  return hash.digest("hex");
}

function candles(): { name: string; columns: CandleColumns }[] {
  const made = { name: "made-up candles", columns: planted(900, 51) };
  if (!existsSync(real)) return [made];
  return [made, { name: "real candles", columns: sliceColumns(loadCsv({ file: real, instrument }).columns[0]!, 0, 900) }];
}

describe("a model at time t", () => {
  for (const { name, columns } of candles())
    for (const family of Object.values(families).filter(({ composed }) => composed !== true))
      test(`given ${name} and the future as noise, when ${family.name} is trained and scored at t, then weights, file and predictions are the same bytes`, async () => {
        const time = columns.closeTime[599]!;
        const results: string[][] = [];
        for (const market of [columns, noiseAfter(columns, time, 1), noiseAfter(columns, time, 2), sliceColumns(columns, 0, 600)]) {
          const lesson = lessonBy(market, time);
          const learner = await family.open(lesson, { settings: completeSettings(family, small[family.name] ?? {}), seed: 2, members: [] });
          await learner.fit(() => Promise.resolve());
          const file = await learner.export({ matrix, version: "v", notes: {} });
          results.push([learner.weightsHash(), createHash("sha256").update(file).digest("hex"), await scored(file, market, time)]);
          await learner.release();
        }
        for (const other of results.slice(1)) expect(other).toEqual(results[0]);
      });
});
