import type { PayloadOf } from "@tradewind/contracts";
import type { Prediction } from "@tradewind/core";
import { clockText, type LineStyle } from "./lines.ts";

/** A decision with what each member said, by which probabilities, and how much it counted. */
export function decisionLine(decision: PayloadOf<"decision">, style: LineStyle, predictions: ReadonlyMap<string, Prediction>): string {
  const { variant, instrument, closeTime, action, score, close, votes, reason, regime } = decision;
  const words = votes
    .map(({ source, vote, weight, reason: why }) => {
      const said = predictions.get(source);
      const because = said?.probabilities === undefined ? why : probabilitiesOf(said.probabilities, said.modelHash);
      return `${source} ${vote === null ? "abstains" : signed(vote)} x ${weight.toFixed(2)}${because === "" ? "" : ` (${because})`}`;
    })
    .join(", ");
  const market = regime === undefined ? "" : ` in ${regime}`;
  return `${clockText(closeTime)}  ${variant.padEnd(style.width)}  ${action.padEnd(4)} ${style.symbolOf(variant, instrument)} at ${close}, score ${signed(score)}${market}: ${words || reason}`;
}

function probabilitiesOf(probabilities: NonNullable<Prediction["probabilities"]>, modelHash: string): string {
  const each = Object.entries(probabilities).map(([label, probability]) => `${label} ${probability.toFixed(2)}`);
  return `${each.join(" ")} by ${modelHash.slice(0, 8)}`;
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(2)}`;
}
