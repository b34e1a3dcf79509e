import { fixed, html, plural, raw, valueTicks, type Html } from "@tradewind/plots";
import type { CardCalibrationBin, CardValidation } from "./model.ts";
import { known, shareText } from "./text.ts";

/** How often it was right against how sure it was, with the number of rows below; on the diagonal is honest. */
export function renderCalibration({ calibration, rows }: CardValidation): Html {
  const filled = calibration.filter(
    ({ count, confidence, frequency }) => count > 0 && known(confidence) !== null && known(frequency) !== null,
  );
  if (filled.length === 0) return html`<p class="empty">No rows to judge by.</p>`;
  const least = filled[0]!.from;
  const across = (confidence: number) => ((confidence - least) / (1 - least || 1)) * 100;
  const most = filled.reduce((size, { count }) => Math.max(size, count), 1);
  const points = filled.map((bin) => point(bin, across, most));
  const bars = filled.map((bin) => {
    const height = (bin.count / most) * 100;
    return html`<rect x="${across(bin.from).toFixed(2)}%" width="${(across(bin.to) - across(bin.from)).toFixed(2)}%" y="${(100 - height).toFixed(2)}%" height="${height.toFixed(2)}%"><title>${binText(bin)}</title></rect>`;
  });
  const values = [0, 0.25, 0.5, 0.75, 1].map((value) => raw(`<i style="top:${100 - value * 100}%"><b>${value * 100}%</b></i>`));
  const times = valueTicks(least, 1, 5).map((value) =>
    raw(`<i style="left:${across(value).toFixed(2)}%"><b>${fixed(value * 100, 0)}%</b></i>`),
  );
  const summary = `Share that was right by confidence: ${filled.map(binText).join("; ")}.`;
  return html`<figure class="plot still reliability"><figcaption><span class="muted">Right, by confidence; with 95 % of chance. Dots on the dashed line keep what they promise.</span></figcaption>
<div class="stage"><div class="panel" style="height:250px"><div class="values">${values}</div>
<svg class="marks" role="img" aria-label="${summary}"><line class="diagonal" x1="0%" y1="${100 - least * 100}%" x2="100%" y2="0%"/>${points}</svg></div>
<div class="panel counts" style="height:64px"><div class="values"><i style="top:0%"><b>${fixed(most, 0)}</b></i></div><svg class="marks" role="img" aria-label="${plural(rows, "row")} by confidence">${bars}</svg></div>
<div class="times">${times}</div></div></figure>`;
}

function point(bin: CardCalibrationBin, across: (confidence: number) => number, most: number): Html {
  const x = across(bin.confidence!).toFixed(2);
  const frequency = bin.frequency!;
  const y = (share: number) => (100 - Math.max(0, Math.min(1, share)) * 100).toFixed(2);
  const spread = wilson(frequency, bin.count);
  const radius = (3 + 7 * Math.sqrt(bin.count / most)).toFixed(1);
  return html`<line class="chance" x1="${x}%" x2="${x}%" y1="${y(spread[0])}%" y2="${y(spread[1])}%"/><circle class="bin" cx="${x}%" cy="${y(frequency)}%" r="${radius}"><title>${binText(bin)}</title></circle>`;
}

/** The 95 % score interval of a share. Source: E. B. Wilson, "Probable Inference", JASA 22, 1927. */
function wilson(share: number, count: number): [number, number] {
  const z = 1.96;
  const centre = (share + (z * z) / (2 * count)) / (1 + (z * z) / count);
  const reach = (z * Math.sqrt((share * (1 - share)) / count + (z * z) / (4 * count * count))) / (1 + (z * z) / count);
  return [centre - reach, centre + reach];
}

function binText({ confidence, frequency, count }: CardCalibrationBin): string {
  return `${shareText(confidence, 0)} sure, ${shareText(frequency, 0)} right of ${plural(count, "row")}`;
}
