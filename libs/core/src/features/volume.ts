import { periodSpec } from "../indicators/parameters.ts";
import { StandardDeviation } from "../indicators/stddev.ts";
import { anchorSpec, anchorStart, Vwap } from "../indicators/vwap.ts";
import { defineFeature, statefulFeature } from "./feature.ts";

/** What volume says. */

export const vwapDeviation = defineFeature({
  name: "vwap_deviation",
  doc: "Close / VWAP - 1, the average anchored to the session or the UTC day.",
  parameters: { anchor: anchorSpec },
  warmup: () => 1,
  create: (p, { calendar }) =>
    statefulFeature({ vwap: new Vwap() }, ({ vwap }, bar) => {
      vwap.anchorAt(anchorStart(p.anchor, calendar, bar.openTime));
      return bar.close / vwap.update(bar.high, bar.low, bar.close, bar.volume) - 1;
    }),
});

export const volumeZscore = defineFeature({
  name: "volume_zscore",
  doc: "Standard deviations of the volume from its average; 0 when volume does not vary.",
  parameters: { period: periodSpec(20, "Bars looked at, this one included.", 2) },
  warmup: (p) => p.period,
  create: (p) =>
    statefulFeature({ usual: new StandardDeviation(p.period) }, ({ usual }, bar) => {
      const deviation = usual.update(bar.volume);
      return deviation === 0 ? 0 : (bar.volume - usual.mean) / deviation;
    }),
});
