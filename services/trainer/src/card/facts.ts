import { dateTime, fixed, html, plural, renderList, type Html } from "@tradewind/plots";
import type { CardModel } from "./model.ts";
import { bytesText, plainText, rangeText, shareText } from "./text.ts";

/** Features shown. */
const IMPORTANCES = 16;

/** What each feature is worth, as bars; the list of features where none is worth anything. */
export function renderImportance({ importance, matrix }: CardModel): Html {
  const names = matrix.features.map(({ name, parameters }) => name + parametersText(parameters));
  const seen = `${matrix.window} rows of ${matrix.timeframes.join(", ")}`;
  if (importance === null || importance.length === 0)
    return html`<p class="muted">Sees ${seen} of ${plural(names.length, "feature")}. On rows it had not seen it says nothing worse without any one of them.</p><ul class="chips">${names.map((name) => html`<li>${name}</li>`)}</ul>`;
  const most = importance.reduce((size, { share }) => Math.max(size, share), 1e-12);
  const shown = importance.slice(0, IMPORTANCES);
  const rows = shown.map(
    ({
      feature,
      share,
    }) => html`<tr><th scope="row">${feature}</th><td>${shareText(share)}</td><td class="bar" aria-hidden="true"><i style="width:${((share / most) * 100).toFixed(1)}%"></i></td></tr>
`,
  );
  const rest = importance.length - shown.length;
  return html`<table class="importance"><caption>How much worse its log loss on unseen rows becomes when a feature is shuffled, as shares of all; over ${seen}${rest > 0 ? `; ${rest} more below these` : ""}</caption>
<thead class="unseen"><tr><th scope="col">Feature</th><th scope="col">Share</th><th scope="col">Drawn</th></tr></thead><tbody>${rows}</tbody></table>`;
}

function parametersText(parameters: Readonly<Record<string, unknown>> | undefined): string {
  const values = Object.values(parameters ?? {});
  return values.length === 0 ? "" : ` (${values.join(", ")})`;
}

/** Everything that is needed to train it again, and to see that it is the same. */
export function renderFacts(model: CardModel): Html {
  const { matrix, settings } = model;
  const about: readonly (readonly [string, string | Html, string])[] = [
    ["Label", model.labelDefinition, model.labels.join(", ")],
    ["Learnt from", rangeText(model.training), "by close, UTC; the weights in the file"],
    ["Judged by", rangeText(model.validation), judgedText(model.folds.length)],
    ["Instruments", model.instruments.join(", "), `${model.timeframe}, ${model.venue}`],
    ["Matrix", `${matrix.timeframes.length} x ${matrix.window} x ${matrix.features.length}`, "timeframes x rows x features"],
    ["Round trip", `${plainText(model.evaluation.roundTripCostPct)} %`, "fees and slippage, in labels and results"],
    ["Seed", String(model.seed), "of weights, order and draws"],
    ["Trained", `${dateTime(model.trainedAt)} UTC`, `code ${model.codeVersion}`],
    ["File", bytesText(model.fileBytes), `${fixed(model.fileBytes, 0)} bytes`],
  ];
  const chosen = Object.entries(settings).map(([name, value]) => [name, settingText(value), ""] as const);
  const hashes: readonly (readonly [string, string])[] = [
    ["data", model.dataHash],
    ["weights", model.weightsHash],
    ["file", model.fileHash],
  ];
  return html`<div class="about">${renderList(about)}</div><h3>Settings of ${model.family}</h3>${chosen.length > 0 ? renderList(chosen) : html`<p class="empty">It has none.</p>`}
<h3>SHA-256</h3><dl class="sums">${hashes.map(([name, hash]) => html`<div><dt>${name}</dt><dd><code>${hash}</code></dd></div>`)}</dl>`;
}

/** Later folds learn from the rows that earlier ones were judged by. */
function judgedText(folds: number): string {
  return folds > 1
    ? `${plural(folds, "fold")}, each judged by weights learnt before it; the file holds those of the last`
    : "not seen in training";
}

function settingText(value: string | number | boolean): string {
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}
