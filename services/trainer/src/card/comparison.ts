import { compact, fixed, html, NONE, raw, valueTicks, type Html } from "@tradewind/plots";
import type { CardEstimate, CardStrategy, CardValidation } from "./model.ts";
import { decimalsFor, known, plainText, returnText, shareText } from "./text.ts";

/** What is drawn of the intervals: from `low` to `high` percent across the column. */
interface Scale {
  readonly low: number;
  readonly high: number;
}

/** Every way of acting with its interval on one scale, and below them the difference that the verdict rests on. */
export function renderComparison(evaluation: CardValidation): Html {
  const { comparison, against } = evaluation;
  const estimates = [...comparison.map(({ net }) => net), against.difference];
  const scale = scaleOf(estimates);
  // The model is what is looked at; where it never acts its error is none.
  const own = known(comparison[0]?.net.standardErrorPct);
  const decimals = decimalsFor(own ? [own] : estimates.map(({ standardErrorPct }) => standardErrorPct));
  const rows = comparison.map((one, i) => strategyRow(one, scale, decimals, i === 0));
  const difference: CardStrategy = { name: `model less ${against.baseline}`, net: against.difference, acted: NaN, accuracy: null };
  const heads = ["Way of acting", "Net per row", "Std. error", "95 % interval"];
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Net result by way of acting"><table class="ways"><caption>Mean net return per row over ${fixed(evaluation.rows, 0)} unseen rows, each position paid for with ${plainText(evaluation.roundTripCostPct)} % a round trip. Intervals: ${evaluation.intervalMethod}.</caption>
<thead><tr>${heads.map((head, i) => html`<th scope="col" class="${i >= 2 ? "minor" : ""}">${head}</th>`)}<th scope="col" class="line"><span class="unseen">Interval drawn</span></th><th scope="col" class="minor">Positions</th><th scope="col" class="minor">Accuracy</th></tr></thead>
<tbody>${rows}</tbody><tbody class="verdict-row">${strategyRow(difference, scale, decimals, false)}</tbody>
<tfoot><tr><td></td><td></td><td class="minor"></td><td class="minor"></td><td class="line" aria-hidden="true"><div class="scale">${axis(scale)}</div></td><td class="minor"></td><td class="minor"></td></tr></tfoot></table></div>`;
}

function strategyRow({ name, net, acted, accuracy }: CardStrategy, scale: Scale, decimals: number, isModel: boolean): Html {
  const { meanPct, standardErrorPct, lowPct, highPct } = net;
  const interval = known(lowPct) === null ? NONE : `${returnText(lowPct, decimals)} to ${returnText(highPct, decimals)}`;
  return html`<tr${isModel ? raw(' class="model"') : ""}><th scope="row">${name}</th><td class="${side(known(lowPct), known(highPct))}">${returnText(meanPct, decimals)}</td>
<td class="minor">${plainText(standardErrorPct, decimals)}</td><td class="minor">${interval}</td><td class="line" aria-hidden="true">${drawn(net, scale)}</td>
<td class="minor">${plainText(acted, 0)}</td><td class="minor">${shareText(accuracy)}</td></tr>
`;
}

function drawn({ meanPct, lowPct, highPct }: CardEstimate, scale: Scale): Html {
  const [mean, low, high] = [known(meanPct), known(lowPct), known(highPct)];
  const whisker =
    low !== null && high !== null
      ? html`<i class="whisker" style="left:${place(low, scale)}%;right:${(100 - Number(place(high, scale))).toFixed(2)}%"></i>`
      : "";
  const dot = mean === null ? "" : html`<i class="dot" style="left:${place(mean, scale)}%"></i>`;
  return html`<div class="track ${side(low, high)}"><i class="zero" style="left:${place(0, scale)}%"></i>${whisker}${dot}</div>`;
}

/** Coloured only where the whole interval lies on one side of zero. */
function side(low: number | null, high: number | null): string {
  if (low !== null && low > 0) return "up";
  return high !== null && high < 0 ? "down" : "open";
}

function scaleOf(estimates: readonly CardEstimate[]): Scale {
  const values = estimates.flatMap(({ meanPct, lowPct, highPct }) => [meanPct, lowPct, highPct]).flatMap((x) => known(x) ?? []);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const air = (high - low) * 0.07 || 1;
  return { low: low - air, high: high + air };
}

function place(value: number, { low, high }: Scale): string {
  return (((value - low) / (high - low)) * 100).toFixed(2);
}

function axis(scale: Scale): Html[] {
  return valueTicks(scale.low, scale.high, 4).map((value) =>
    raw(`<i${value === 0 ? "" : ' class="minor"'} style="left:${place(value, scale)}%"><b>${compact(value)}%</b></i>`),
  );
}
