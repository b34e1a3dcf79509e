import { Macd } from "../indicators/macd.ts";
import { Mfi } from "../indicators/mfi.ts";
import { periodSpec } from "../indicators/parameters.ts";
import { Rsi } from "../indicators/rsi.ts";
import { defineFeature, statefulFeature } from "./feature.ts";

/** The oscillators, brought to about the size of 1. */

export const rsi = defineFeature({
  name: "rsi",
  doc: "Relative strength index (Wilder) / 100, 0..1.",
  parameters: { period: periodSpec(14, "Bars of the index.") },
  warmup: (p) => p.period + 1,
  create: (p) => statefulFeature({ rsi: new Rsi(p.period) }, (state, bar) => state.rsi.update(bar.close) / 100),
});

export const mfi = defineFeature({
  name: "mfi",
  doc: "Money flow index / 100, 0..1.",
  parameters: { period: periodSpec(14, "Bars of the index.") },
  warmup: (p) => p.period + 1,
  create: (p) =>
    statefulFeature({ mfi: new Mfi(p.period) }, (state, bar) => state.mfi.update(bar.high, bar.low, bar.close, bar.volume) / 100),
});

export const macdHistogram = defineFeature({
  name: "macd_histogram",
  doc: "MACD histogram / close.",
  parameters: {
    fast: periodSpec(12, "Bars of the fast average; fewer than the slow one."),
    slow: periodSpec(26, "Bars of the slow average.", 2),
    signal: periodSpec(9, "Bars of the signal average."),
  },
  warmup: (p) => p.slow + p.signal - 1,
  create: (p) =>
    statefulFeature({ macd: new Macd(p.fast, p.slow, p.signal) }, ({ macd }, bar) => {
      macd.update(bar.close);
      return macd.histogram / bar.close;
    }),
});
