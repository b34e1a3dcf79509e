import type { PayloadOf } from "@tradewind/contracts";
import { clockText, type LineStyle } from "./lines.ts";

/** A decision with what each member said and how much it counted. */
export function decisionLine(decision: PayloadOf<"decision">, style: LineStyle): string {
  const { variant, instrument, closeTime, action, score, close, votes, reason } = decision;
  const words = votes
    .map(
      ({ source, vote, weight, reason: why }) =>
        `${source} ${vote === null ? "abstains" : signed(vote)} x ${weight.toFixed(2)}${why === "" ? "" : ` (${why})`}`,
    )
    .join(", ");
  return `${clockText(closeTime)}  ${variant.padEnd(style.width)}  ${action.padEnd(4)} ${style.symbolOf(variant, instrument)} at ${close}, score ${signed(score)}: ${words || reason}`;
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(2)}`;
}
