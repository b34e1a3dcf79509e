import { periodSpec } from "../../indicators/parameters.ts";
import { DOWN, FLAT, returnAfterCosts, UP } from "../dataset.ts";
import { defineLabel } from "../label.ts";

export const forwardReturn = defineLabel({
  name: "forward_return",
  doc: "Up or down where holding for the horizon would pay for entering and leaving, else flat.",
  parameters: { horizon: periodSpec(5, "Bars held: in at the first one's open, out at the last one's close.") },
  create:
    ({ horizon }, { bars, costPerSide }) =>
    (entry) => {
      const lastRow = entry + horizon - 1;
      if (lastRow >= bars.length) return undefined;
      const move = bars.close[lastRow]! / bars.open[entry]! - 1;
      const longReturn = returnAfterCosts(move, 1, costPerSide);
      const shortReturn = returnAfterCosts(move, -1, costPerSide);
      const label = longReturn > 0 ? UP : shortReturn > 0 ? DOWN : FLAT;
      return { label, lastRow, forwardReturn: move, longReturn, shortReturn };
    },
});
