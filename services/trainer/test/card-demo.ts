import { defaultMatrixPlan } from "@tradewind/core";
import type { CardEstimate, CardModel, CardValidation, Verdict } from "../src/card/model.ts";

const DAY = 86_400_000;
const START = Date.UTC(2025, 0, 6);

const hash = (digit: string) => digit.repeat(64).replace(/./g, (one, i: number) => ((parseInt(one, 16) + i * 7) % 16).toString(16));
const estimate = (meanPct: number, standardErrorPct: number): CardEstimate => ({
  meanPct,
  standardErrorPct,
  lowPct: meanPct - 1.96 * standardErrorPct,
  highPct: meanPct + 1.96 * standardErrorPct,
});

const sentences: Readonly<Record<Verdict, string>> = {
  yes: "Acting on it earned 0.048 % more per row after fees than always flat, the best naive way; the 95 % interval leaves out zero.",
  no: "Acting on it earned 0.061 % less per row after fees than always flat, the best naive way; the 95 % interval leaves out zero.",
  "not distinguishable":
    "Acting on it earned 0.011 % more per row after fees than always flat, the best naive way, but the 95 % interval of \u22120.028 % to 0.050 % holds zero: chance explains it.",
};

function evaluationOf(edge: number): CardValidation {
  return {
    rows: 11_400,
    accuracy: 0.433,
    logLoss: 1.029,
    baselineLogLoss: 1.041,
    confusion: [
      [610, 1240, 441],
      [702, 4620, 1484],
      [402, 1196, 705],
    ],
    calibration: [0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9].map((from, i) => ({
      from,
      to: Number((from + 0.1).toFixed(1)),
      confidence: from + 0.052,
      frequency: from + 0.03 - 0.02 * i,
      count: [2100, 4300, 2900, 1500, 470, 110, 20][i]!,
    })),
    calibrationError: 0.038,
    comparison: [
      { name: "model", net: estimate(edge, 0.0199), acted: 4344, accuracy: 0.433 },
      { name: "always flat", net: estimate(0, 0), acted: 0, accuracy: 0.597 },
      { name: "always long", net: estimate(-0.148, 0.021), acted: 11_400, accuracy: 0.202 },
      { name: "buy and hold", net: estimate(-0.018, 0.021), acted: 11_400, accuracy: null },
      { name: "majority", net: estimate(0, 0), acted: 0, accuracy: 0.597 },
      { name: "persistence", net: estimate(-0.082, 0.015), acted: 4590, accuracy: 0.471 },
    ],
    against: { baseline: "always flat", difference: estimate(edge, 0.0199) },
    roundTripCostPct: 0.14,
    intervalMethod: "block bootstrap, 1,000 draws of blocks of 23 rows",
  };
}

/** A card of made-up figures: only its shapes matter. */
export function demoCard(verdict: Verdict = "not distinguishable"): CardModel {
  const edge = { yes: 0.048, no: -0.061, "not distinguishable": 0.011 }[verdict];
  const epochs = Array.from({ length: 40 }, (_, i) => i);
  const range = (from: number, to: number, rows: number) => ({ from: START + from * DAY, to: START + to * DAY, rows });
  const folds = [0, 1, 2, 3, 4].map((i) => ({
    training: range(0, 120 + i * 24, 11_000 + i * 2304),
    validation: range(121 + i * 24, 144 + i * 24, 2280),
    purged: 24,
    embargoed: null,
    loss: 1.031 - i * 0.004,
    accuracy: 0.412 + 0.011 * ((i * 3) % 5),
    logLoss: 1.044 - 0.006 * ((i * 2) % 5),
    netPct: edge + 0.03 * (((i * 3) % 5) - 2),
  }));
  return {
    name: "btc-direction",
    family: "cnn",
    verdict,
    sentence: sentences[verdict],
    cautions: [
      { code: "SIMULATED_DATA", detail: "The candles come from the simulated market: they say nothing about a real one." },
      { code: "CLASS_IMBALANCE", detail: "62.1 % of the rows are flat; accuracy alone says little." },
    ],
    venue: "simulated",
    instruments: ["BTC-USDT-PERP"],
    timeframe: "15m",
    matrix: { ...defaultMatrixPlan, timeframes: ["15m"] },
    labels: ["down", "flat", "up"],
    labelDefinition: "forward_return, 4 closes ahead, after costs",
    classShares: { training: [0.188, 0.621, 0.191], validation: [0.201, 0.597, 0.202] },
    training: range(0, 216, 20_216),
    validation: range(121, 240, 11_400),
    folds,
    curve: {
      step: "epoch",
      objective: "Cross entropy (nats)",
      training: epochs.map((i) => 0.94 + 0.18 * Math.exp(-i / 9) - i * 0.0009),
      validation: epochs.map((i) => 0.975 + 0.14 * Math.exp(-i / 6) + Math.max(0, i - 18) * 0.0016 + 0.004 * Math.sin(i * 2.1)),
      kept: 17,
    },
    evaluation: evaluationOf(edge),
    importance: null,
    seed: 7,
    settings: { filters: 16, kernel: 3, dropout: 0.1, learning_rate: 0.001, weight_decay: 0.01, batch: 256, epochs: 40, patience: 12 },
    parameters: 4_227,
    dataHash: hash("3"),
    weightsHash: hash("9"),
    fileHash: hash("c"),
    fileBytes: 21_344,
    codeVersion: "0.1.0",
    expiresAt: START + 300 * DAY,
    trainedAt: START + 241 * DAY,
    trainingMs: 48_000,
    peakMemoryBytes: 312 * 1024 ** 2,
  };
}

/** A card with as little in it as there can be. */
export function bareCard(): CardModel {
  const card = demoCard("not distinguishable");
  const nothing: CardEstimate = { meanPct: NaN, standardErrorPct: NaN, lowPct: NaN, highPct: NaN };
  return {
    ...card,
    cautions: [],
    folds: [],
    classShares: { training: [], validation: [] },
    curve: { step: "epoch", objective: "Cross entropy", training: [], validation: [], kept: null },
    evaluation: {
      ...card.evaluation,
      rows: 0,
      accuracy: NaN,
      logLoss: null,
      baselineLogLoss: null,
      confusion: [],
      calibration: [{ from: 0.3, to: 0.4, confidence: NaN, frequency: NaN, count: 0 }],
      calibrationError: null,
      comparison: [{ name: "model", net: nothing, acted: 0, accuracy: NaN }],
      against: { baseline: "always flat", difference: nothing },
    },
    settings: {},
    parameters: null,
    expiresAt: null,
    peakMemoryBytes: null,
  };
}
