import { readFileSync } from "node:fs";
import { html, renderCautions, renderKeyFigures, renderPage, section } from "@tradewind/plots";
import { renderCalibration } from "./calibration.ts";
import { renderClassShares, renderConfusion } from "./classes.ts";
import { renderComparison } from "./comparison.ts";
import { renderCurve } from "./curve.ts";
import { renderFacts, renderImportance } from "./facts.ts";
import { renderFolds } from "./folds.ts";
import { keyFigures, renderHeader } from "./header.ts";
import type { CardModel } from "./model.ts";

const styleSheet = readFileSync(new URL("./assets/card.css", import.meta.url), "utf8");

/**
 * The card as one self-contained HTML page without a script: no request leaves it (its content security policy forbids
 * any), and the same model gives the same bytes.
 */
export function renderCard(model: CardModel): string {
  const body = html`<main>
${renderHeader(model)}${renderCautions(model.cautions)}${renderKeyFigures(keyFigures(model))}
${section("Net result against the naive ways", renderComparison(model.evaluation))}
${section("Learning", renderCurve(model.curve))}
<div class="pair">${section("Calibration", renderCalibration(model.evaluation))}
${section("Confusion", renderConfusion(model))}</div>
${section("Walk-forward folds", renderFolds(model.folds))}
<div class="pair">${section("Classes", renderClassShares(model))}
${section("Features", renderImportance(model))}</div>
${section("Data, settings and hashes", renderFacts(model))}
<footer>Past results say little about future ones. File <code>${model.fileHash.slice(0, 16)}</code>, weights <code>${model.weightsHash.slice(0, 16)}</code>, data <code>${model.dataHash.slice(0, 16)}</code>.</footer>
</main>`;
  return renderPage({ title: `${model.name} · model card`, body, style: styleSheet });
}
