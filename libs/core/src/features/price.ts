import { Ema } from "../indicators/ema.ts";
import { periodSpec } from "../indicators/parameters.ts";
import { Roc } from "../indicators/roc.ts";
import { defineFeature, statefulFeature } from "./feature.ts";

/** Moves of the close itself. */

export const logReturn = defineFeature({
  name: "log_return",
  doc: "ln(close / close `period` bars ago).",
  parameters: { period: periodSpec(1, "Bars looked back.") },
  warmup: (p) => p.period + 1,
  create: (p) => statefulFeature({ roc: new Roc(p.period) }, ({ roc }, bar) => Math.log1p(roc.update(bar.close) / 100)),
});

export const emaDistance = defineFeature({
  name: "ema_distance",
  doc: "Close / EMA - 1.",
  parameters: { period: periodSpec(20, "Bars of the average.") },
  warmup: (p) => p.period,
  create: (p) => statefulFeature({ ema: new Ema(p.period) }, ({ ema }, bar) => bar.close / ema.update(bar.close) - 1),
});

export const body = defineFeature({
  name: "body",
  doc: "(close - open) / (high - low), -1..1; 0 for a bar without range.",
  parameters: {},
  warmup: () => 1,
  create: () => statefulFeature({}, (_, bar) => (bar.high > bar.low ? (bar.close - bar.open) / (bar.high - bar.low) : 0)),
});
