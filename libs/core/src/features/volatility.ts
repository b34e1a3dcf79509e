import { Atr } from "../indicators/atr.ts";
import { Bollinger } from "../indicators/bollinger.ts";
import { numberSpec, periodSpec } from "../indicators/parameters.ts";
import { Roc } from "../indicators/roc.ts";
import { StandardDeviation } from "../indicators/stddev.ts";
import { defineFeature, statefulFeature } from "./feature.ts";

/** How far price moves, and where it stands in its usual range. */

export const rangeAtr = defineFeature({
  name: "range_atr",
  doc: "(high - low) / ATR; 0 in a market that does not move.",
  parameters: { period: periodSpec(14, "Bars of the average true range.") },
  warmup: (p) => p.period + 1,
  create: (p) =>
    statefulFeature({ atr: new Atr(p.period) }, ({ atr }, bar) => {
      const usual = atr.update(bar.high, bar.low, bar.close);
      return usual === 0 ? 0 : (bar.high - bar.low) / usual;
    }),
});

export const bollingerPosition = defineFeature({
  name: "bollinger_position",
  doc: "Bollinger %B: 0 on the lower band, 1 on the upper one; 0.5 when price is flat.",
  parameters: {
    period: periodSpec(20, "Bars averaged.", 2),
    deviations: numberSpec(2, 0.01, 100, "Standard deviations from the middle to a band."),
  },
  warmup: (p) => p.period,
  create: (p) =>
    statefulFeature({ bands: new Bollinger(p.period, p.deviations) }, ({ bands }, bar) => {
      bands.update(bar.close);
      return bands.percentB;
    }),
});

export const volatility = defineFeature({
  name: "volatility",
  doc: "Population standard deviation of the one-bar returns.",
  parameters: { period: periodSpec(20, "Returns looked at.", 2) },
  warmup: (p) => p.period + 1,
  create: (p) =>
    statefulFeature({ step: new Roc(1), deviation: new StandardDeviation(p.period) }, ({ step, deviation }, bar) => {
      const percent = step.update(bar.close);
      return percent === percent ? deviation.update(percent / 100) : NaN;
    }),
});
