import type { Finished, TrainingProgress } from "@tradewind/trainer";
import { shownPath } from "../settings.ts";
import { show } from "../support.ts";

/** One training in one line that overwrites itself. */
export function progressText(name: string, { phase, share, loss, validationLoss, accuracy }: TrainingProgress, seconds: number): string {
  const left = share > 0.02 ? `, ${Math.ceil((seconds / share) * (1 - share))} s left` : "";
  const figures = [
    loss === undefined ? [] : [`loss ${loss.toFixed(4)}`],
    validationLoss === undefined ? [] : [`validation ${validationLoss.toFixed(4)}`],
    accuracy === undefined ? [] : [`right ${(100 * accuracy).toFixed(1)} %`],
  ].flat();
  return `${name} ${Math.floor(100 * share)} %  ${phase}  ${figures.join("  ")}${left}`;
}

/** What came out, for a person. */
export function resultText({ result, files }: Finished, seconds: number, cwd: string): string {
  const { data, metrics, baseline, folds } = result;
  const day = (iso: string): string => iso.slice(0, 16).replace("T", " ");
  const foldLines = folds.map(
    (fold, i) =>
      `  ${String(i + 1).padStart(4)}  ${day(fold.validation.from)}  ${day(fold.validation.to)}  ${String(fold.training.rows).padStart(8)}  ${String(fold.validation.rows).padStart(8)}  ${(100 * fold.accuracy).toFixed(1).padStart(6)} %  ${fold.log_loss.toFixed(4).padStart(8)}  ${signed(fold.net_pct).padStart(9)} %`,
  );
  return `${result.name}: ${result.family} on ${data.symbol} ${result.matrix.timeframes.join(", ")}, ${show(data.rows, 0)} rows from ${day(data.from)} to ${day(data.to)}, ${seconds.toFixed(1)} s

  fold  judged from       to                 learnt    judged   accuracy  log loss  net a row
${foldLines.join("\n")}

  accuracy ${(100 * metrics.accuracy).toFixed(1)} %   log loss ${metrics.log_loss.toFixed(4)} (always the classes' shares: ${metrics.naive_log_loss.toFixed(4)})
  ${baseline.sentence}
${result.cautions.map(({ code, detail }) => `  ${code}: ${detail}\n`).join("")}
  weights_hash ${result.weights_hash}
  data_hash    ${result.data_hash}
  model        ${shownPath(files.model, cwd)} (${show(result.file_bytes / 1024, 0)} KiB)
  card         ${shownPath(files.card, cwd)}
  result       ${shownPath(files.result, cwd)}
`;
}

export function signed(value: number, digits = 4): string {
  const text = value.toFixed(digits);
  return Number(text) === 0 ? (0).toFixed(digits) : value > 0 ? `+${text}` : text;
}

/** Several models of the same candles beside each other. */
export function comparisonText(finished: readonly Finished[], seconds: readonly number[], next: string): string {
  const lines = finished.map(({ result: { name, metrics, baseline } }, i) => {
    const net = `${signed(metrics.net.mean_pct)} %`;
    const figures = [`${(100 * metrics.accuracy).toFixed(1)} %`, metrics.log_loss.toFixed(4), metrics.naive_log_loss.toFixed(4), net];
    return `  ${name.padEnd(32)}${figures.map((text) => text.padStart(12)).join("")}${String(metrics.acted).padStart(8)}  ${baseline.beats_naive.padEnd(20)}${seconds[i]!.toFixed(1).padStart(6)} s`;
  });
  const titles = ["accuracy", "log loss", "naive", "net a row"].map((text) => text.padStart(12)).join("");
  const said = finished.map(({ result: { name, baseline } }) => `  ${name}: ${baseline.sentence}`);
  const first = finished[0]!;
  const cautions = first.result.cautions.map(({ code, detail }) => `  ${code}: ${detail}`);
  const rows = `${show(first.result.data.rows, 0)} rows of ${first.result.data.symbol} ${first.result.matrix.timeframes.join(", ")}`;
  return `
${rows}; naive: log loss of always naming the classes' shares; beats naive: earns more after costs than the best naive way

  ${"model".padEnd(32)}${titles}${"acted".padStart(8)}  ${"beats naive".padEnd(20)}
${lines.join("\n")}

${said.join("\n")}
${cautions.length === 0 ? "" : `\n${cautions.join("\n")}\n`}
  cards: ${finished.map(({ files }) => files.card).join("\n         ")}
  next:  ${next}
`;
}
