import { brand, date, dateTime, fixed, html, NONE, plural, tone, type Figure, type Html } from "@tradewind/plots";
import type { CardModel, Verdict } from "./model.ts";
import { bytesText, decimalsFor, known, plainText, returnText, shareText, timeTaken } from "./text.ts";

const answers: Readonly<Record<Verdict, { readonly word: string; readonly style: string }>> = {
  yes: { word: "Yes", style: "up" },
  no: { word: "No", style: "down" },
  "not distinguishable": { word: "Not distinguishable", style: "open" },
};

/** The verdict, then what was judged. */
export function renderHeader(model: CardModel): Html {
  const { word, style } = answers[model.verdict];
  const { instruments } = model;
  const shown = instruments.length > 4 ? [...instruments.slice(0, 4), `and ${instruments.length - 4} more`] : instruments;
  return html`<header>
${brand("model card")}
<h1>${model.name}</h1>
<p class="facts">${[model.family, shown.join(", "), model.timeframe, model.venue].filter((one) => one !== "").join(" · ")}</p>
<div class="answer ${style}"><p class="asked">Does it earn more after fees than the best way that needs no model?</p>
<p class="word">${word}</p><p>${model.sentence}</p></div>
</header>
`;
}

/** What there is to know at a glance. */
export function keyFigures(model: CardModel): Figure[] {
  const { evaluation, validation, training } = model;
  const { difference, baseline } = evaluation.against;
  const decimals = decimalsFor([difference.standardErrorPct]);
  const best = bestAccuracy(model);
  const worse = (known(evaluation.logLoss) ?? 0) > (known(evaluation.baselineLogLoss) ?? Infinity);
  const plain = "flat";
  return [
    {
      name: "Against the best naive way",
      value: returnText(difference.meanPct, decimals),
      note:
        known(difference.standardErrorPct) === null
          ? baseline
          : `per row, ±${plainText(difference.standardErrorPct, decimals)} s.e., ${baseline}`,
      tone: model.verdict === "not distinguishable" ? plain : tone(known(difference.meanPct)),
    },
    {
      name: "Accuracy",
      value: shareText(evaluation.accuracy),
      note: best === null ? "no baseline names labels" : `${best.name} ${shareText(best.accuracy)}`,
      tone: plain,
    },
    {
      name: "Log loss",
      value: plainText(evaluation.logLoss),
      note: `${plainText(evaluation.baselineLogLoss)} from class shares alone`,
      tone: worse ? "down" : plain,
    },
    { name: "Calibration error", value: shareText(evaluation.calibrationError), note: "confidence against frequency", tone: plain },
    {
      name: "Rows judged",
      value: fixed(evaluation.rows, 0),
      note: `${plural(model.folds.length, "fold")}, ${date(validation.from)} to ${date(validation.to)}`,
      tone: plain,
    },
    { name: "Rows learnt from", value: fixed(training.rows, 0), note: `${date(training.from)} to ${date(training.to)}`, tone: plain },
    {
      name: "Parameters",
      value: model.parameters === null ? NONE : fixed(model.parameters, 0),
      note: `file of ${bytesText(model.fileBytes)}`,
      tone: plain,
    },
    { name: "Training took", value: timeTaken(model.trainingMs), note: `seed ${model.seed}`, tone: plain },
    { name: "Peak memory", value: bytesText(model.peakMemoryBytes), note: "resident, while training", tone: plain },
    {
      name: "Speaks until",
      value: model.expiresAt === null ? "no end" : date(model.expiresAt),
      note: `trained ${dateTime(model.trainedAt)} UTC`,
      tone: plain,
    },
  ];
}

function bestAccuracy({ evaluation }: CardModel): { readonly name: string; readonly accuracy: number } | null {
  let best: { readonly name: string; readonly accuracy: number } | null = null;
  for (const { name, accuracy } of evaluation.comparison.slice(1)) {
    const value = known(accuracy);
    if (value !== null && value > (best?.accuracy ?? -1)) best = { name, accuracy: value };
  }
  return best;
}
