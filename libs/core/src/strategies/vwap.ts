import { numberSpec } from "../indicators/parameters.ts";
import { anchorSpec, anchorStart, Vwap } from "../indicators/vwap.ts";
import { defineStrategy, statefulStrategy } from "./define.ts";
import { SignChange } from "./gates.ts";
import { buy, confidenceBeyond, HOLD, sell } from "./views.ts";

/**
 * Follows the side of the volume-weighted average price: BUY once when the close has crossed above it by `threshold`
 * percent, SELL once when it has crossed below by as much. The next BUY needs the close on the other side of the
 * average in between, or a new session. On bars as long as the session the average is the bar's own typical price.
 */
export const vwap = defineStrategy({
  name: "vwap",
  doc: "Close crossing the volume-weighted average price of the session by a percentage.",
  parameters: {
    anchor: anchorSpec,
    threshold: numberSpec(0.2, 0, 100, "Least distance of the close from the average, percent."),
  },
  warmup: () => 1,
  create: (p, context) =>
    statefulStrategy({ vwap: new Vwap(), crossing: new SignChange(p.threshold, true) }, (state, candle) => {
      if (state.vwap.anchorAt(anchorStart(p.anchor, context.calendar, candle.openTime))) state.crossing.reset();
      const average = state.vwap.update(candle.high, candle.low, candle.close, candle.volume);
      const deviation = 100 * (candle.close / average - 1);
      const direction = state.crossing.update(deviation);
      if (direction === 0) return HOLD;
      const reason = `vwap: close ${candle.close} is ${deviation.toFixed(3)}% from ${average.toPrecision(8)}, threshold ${p.threshold}%`;
      const options = { confidence: confidenceBeyond(deviation, p.threshold) };
      return direction > 0 ? buy(reason, options) : sell(reason, options);
    }),
});
