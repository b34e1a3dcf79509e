import { fixed, html, raw, timeAxis, tone, type Html } from "@tradewind/plots";
import type { CardFold, CardRange } from "./model.ts";
import { decimalsFor, known, plainText, rangeText, returnText, shareText } from "./text.ts";

/** One line per fold: what it learnt from, the gap, what it was judged by, and how it did there. */
export function renderFolds(folds: readonly CardFold[]): Html {
  if (folds.length === 0) return html`<p class="empty">There are no folds.</p>`;
  const ranges = folds.flatMap(({ training, validation }) => [training, validation]);
  const from = Math.min(...ranges.map((range) => range.from));
  const to = Math.max(...ranges.map((range) => range.to), from + 1);
  const decimals = decimalsFor(folds.map(({ netPct }) => netPct));
  const hasLoss = folds.some(({ loss }) => known(loss) !== null);
  const rows = folds.map((fold, i) => foldRow(fold, i, { from, to, decimals, hasLoss }));
  const gap = folds.some(({ embargoed }) => embargoed !== null) ? "Purged, embargoed" : "Purged";
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Walk-forward folds"><table class="folds"><caption><span class="key"><i class="box learnt"></i>learnt from</span> <span class="key"><i class="box judged"></i>judged by</span></caption>
<thead><tr><th scope="col">Fold</th><th scope="col" class="span"><div class="scale" aria-hidden="true">${raw(timeAxis(from, to, 4))}</div><span class="unseen">Ranges</span></th>
<th scope="col" class="minor">Learnt</th><th scope="col" class="minor">${gap}</th><th scope="col" class="minor">Judged</th>${hasLoss ? html`<th scope="col" class="minor">Loss</th>` : ""}<th scope="col">Accuracy</th><th scope="col">Log loss</th><th scope="col">Net per row</th></tr></thead>
<tbody>${rows}</tbody></table></div>`;
}

interface Shown {
  readonly from: number;
  readonly to: number;
  readonly decimals: number;
  readonly hasLoss: boolean;
}

function foldRow(fold: CardFold, i: number, { from, to, decimals, hasLoss }: Shown): Html {
  const { training, validation, purged, embargoed, loss, accuracy, logLoss, netPct } = fold;
  const left = embargoed === null ? fixed(purged, 0) : `${fixed(purged, 0)}, ${fixed(embargoed, 0)}`;
  const strip = (range: CardRange, style: string) => {
    const start = ((range.from - from) / (to - from)) * 100;
    const width = Math.max(0.6, ((range.to - range.from) / (to - from)) * 100);
    return html`<i class="${style}" style="left:${Math.min(start, 99.4).toFixed(2)}%;width:${width.toFixed(2)}%" title="${rangeText(range)}"></i>`;
  };
  return html`<tr><th scope="row">${i + 1}</th><td class="span"><div class="strip">${strip(training, "learnt")}${strip(validation, "judged")}</div><span class="unseen">learnt ${rangeText(training)}, judged ${rangeText(validation)}</span></td>
<td class="minor">${fixed(training.rows, 0)}</td><td class="minor">${left}</td><td class="minor">${fixed(validation.rows, 0)}</td>${hasLoss ? html`<td class="minor">${plainText(loss)}</td>` : ""}<td>${shareText(accuracy)}</td><td>${plainText(logLoss)}</td><td class="${tone(known(netPct))}">${returnText(netPct, decimals)}</td></tr>
`;
}
