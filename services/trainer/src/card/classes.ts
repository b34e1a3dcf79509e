import { fixed, html, type Html } from "@tradewind/plots";
import type { CardModel } from "./model.ts";
import { known, shareText } from "./text.ts";

/** What came (down) against what was said (across); shares are of the row. */
export function renderConfusion({ labels, evaluation }: CardModel): Html {
  const { confusion } = evaluation;
  const said = labels.map((_, j) => confusion.reduce((sum, row) => sum + (row[j] ?? 0), 0));
  const rows = labels.map((label, i) => {
    const row = confusion[i] ?? [];
    const total = row.reduce((sum, count) => sum + count, 0);
    const cells = labels.map((_, j) => cell(row[j] ?? 0, total, i === j));
    return html`<tr><th scope="row">${label}</th>${cells}<td class="sum">${fixed(total, 0)}<small>${shareText(share(row[i], total), 0)}<span class="minor"> found</span></small></td></tr>
`;
  });
  const precise = labels.map(
    (_, j) =>
      html`<td class="sum">${fixed(said[j]!, 0)}<small>${shareText(share(confusion[j]?.[j], said[j]!), 0)}<span class="minor"> right</span></small></td>`,
  );
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion of labels"><table class="confusion"><caption>Rows that came (down) as they were said (across)</caption>
<thead><tr><th scope="col"><span class="unseen">Came</span></th>${labels.map((label) => html`<th scope="col">said ${label}</th>`)}<th scope="col">Came</th></tr></thead>
<tbody>${rows}</tbody><tfoot><tr><th scope="row">Said</th>${precise}<td class="sum"></td></tr></tfoot></table></div>`;
}

function cell(count: number, total: number, right: boolean): Html {
  const part = share(count, total);
  return html`<td class="${right ? "right" : "wrong"}" style="--heat:${Math.round((part ?? 0) * 70)}%">${fixed(count, 0)}<small>${shareText(part, 0)}</small></td>`;
}

/** Shares of the labels in what was learnt from and in what was judged. */
export function renderClassShares({ labels, classShares }: CardModel): Html {
  const bar = (name: string, shares: readonly number[]) => {
    const parts = labels.map((label, i) => {
      const part = known(shares[i]) ?? 0;
      const title = `${label} ${shareText(part)}`;
      return html`<span class="${styleOf(i, labels.length)}" style="flex-grow:${(part * 1000).toFixed(0)}" title="${title}">${part > 0.08 ? label : ""}</span>`;
    });
    return html`<div class="mix"><dt>${name}</dt><dd>${parts}</dd></div>`;
  };
  const texts = labels.map(
    (label, i) =>
      html`<span class="key"><i class="box ${styleOf(i, labels.length)}"></i>${label} ${shareText(classShares.training[i])} → ${shareText(classShares.validation[i])}</span>`,
  );
  return html`<dl class="mixes">${bar("Learnt from", classShares.training)}${bar("Judged", classShares.validation)}</dl><p class="legend">${texts}</p>`;
}

/** The first label points down and the last up; what lies between is neither. */
function styleOf(i: number, count: number): string {
  return i === 0 ? "first" : i === count - 1 ? "last" : "middle";
}

function share(part: number | undefined, total: number): number | null {
  return part === undefined || total === 0 ? null : part / total;
}
