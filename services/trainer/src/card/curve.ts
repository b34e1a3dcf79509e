import { fixed, html, layerPath, panelView, raw, valueAxis, valueTicks, type Html, type Panel } from "@tradewind/plots";
import type { CardCurve } from "./model.ts";
import { known, plainText } from "./text.ts";

const panel: Panel = {
  layers: [
    { kind: "line", keys: ["training"], style: "training" },
    { kind: "line", keys: ["validation"], style: "validation" },
  ],
  unit: "amount",
  height: 260,
  base: null,
};

/** Loss by step, on what was learnt from and on what was held back; the step that was kept is marked. */
export function renderCurve(curve: CardCurve): Html {
  const column = (values: readonly (number | null)[]) => values.map((value) => known(value) ?? NaN);
  const series = { training: column(curve.training), validation: column(curve.validation) };
  const measured = [...series.training, ...series.validation].filter(Number.isFinite);
  if (curve.training.length < 2 || measured.length === 0) return html`<p class="empty">${oneStep(curve)}</p>`;
  const steps = curve.training.map((_, i) => i + 1);
  const last = steps.length;
  const view = panelView(panel, steps, series, 1, last, false);
  const place = (step: number) => (((step - 1) / (last - 1)) * 100).toFixed(2);
  const marks = valueTicks(1, last, 10).filter((step) => Number.isInteger(step) && step >= 1);
  const paths = panel.layers.map(
    (layer) => html`<path class="line ${layer.style}" d="${raw(layerPath(view, panel, layer, steps, series))}"/>`,
  );
  const kept = curve.kept === null ? "" : keptMark(curve.kept + 1, place, curve.step);
  const hasValidation = series.validation.some(Number.isFinite);
  return html`<figure class="plot still"><figcaption><span class="legend">${key("training", `Learnt from ${plainText(lastOf(series.training))}`)}${
    hasValidation ? key("validation", `Held back to stop by ${plainText(lastOf(series.validation))}`) : ""
  }</span><span class="muted">${curve.objective} by ${curve.step}</span></figcaption>
<div class="stage"><div class="panel" style="height:${panel.height}px"><div class="values">${raw(valueAxis(view, panel))}</div>
<svg class="lines" viewBox="0 0 1000 ${panel.height}" preserveAspectRatio="none" role="img" aria-label="${summary(curve, series)}">${paths}</svg><div class="over">${kept}</div></div>
<div class="times">${marks.map((step) => raw(`<i style="left:${place(step)}%"><b>${step}</b></i>`))}</div></div></figure>`;
}

function key(style: string, name: string): Html {
  return html`<span class="key"><i class="${style}"></i>${name}</span>`;
}

function keptMark(step: number, place: (step: number) => string, word: string): Html {
  const flip = Number(place(step)) > 75 ? " flip" : "";
  return html`<div class="keptline${flip}" style="left:${place(step)}%"><b>kept: ${word} ${step}</b></div>`;
}

function oneStep({ training, validation, objective }: CardCurve): string {
  if (training.length === 0) return "This family is not trained in steps.";
  return `One step: ${objective} ${plainText(training[0])} where it learnt, ${plainText(validation[0])} where it was held back.`;
}

function summary(curve: CardCurve, series: { readonly training: readonly number[]; readonly validation: readonly number[] }): string {
  const span = (values: readonly number[]) => {
    const first = values.find(Number.isFinite);
    return first === undefined ? "not measured" : `${plainText(first)} to ${plainText(lastOf(values))}`;
  };
  return `${curve.objective} over ${fixed(curve.training.length, 0)} steps (${curve.step}): learnt from ${span(series.training)}, held back ${span(series.validation)}.`;
}

function lastOf(values: readonly number[]): number | null {
  return values.findLast(Number.isFinite) ?? null;
}
