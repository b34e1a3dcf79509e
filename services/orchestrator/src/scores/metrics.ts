import type { ModelScores } from "@tradewind/contracts";
import { Counter, Gauge, type Registry } from "prom-client";

export interface ScoreMetrics {
  /** Shows the scores of a model's versions, and no others of it. */
  show(scores: ModelScores): void;
  changed(model: string, action: string): void;
  /** Another instance scores the model from now on, or none. */
  forget(model: string): void;
}

export function createScoreMetrics(registry: Registry): ScoreMetrics {
  const registers = [registry];
  const labelNames = ["model", "version", "state"] as const;
  const gauge = (name: string, help: string): Gauge<(typeof labelNames)[number]> => new Gauge({ name, help, labelNames, registers });
  const score = gauge("tradewind_model_score", "Mean result of a version's votes, usual returns per close.");
  const error = gauge("tradewind_model_score_error", "Standard error of that mean.");
  const loss = gauge("tradewind_model_log_loss", "Mean log loss of a version's probabilities.");
  const closes = gauge("tradewind_model_scored_closes", "Closes with a result that are looked back on.");
  const changes = new Counter({
    name: "tradewind_model_changes_total",
    help: "Versions promoted, rolled back to or retired by rule.",
    labelNames: ["model", "action"],
    registers,
  });
  const shown = new Map<string, readonly { model: string; version: string; state: string }[]>();

  function forget(model: string): void {
    for (const labels of shown.get(model) ?? []) for (const each of [score, error, loss, closes]) each.remove(labels);
    shown.delete(model);
  }

  return {
    forget,
    changed: (model, action) => changes.inc({ model, action }),
    show({ model, versions }) {
      forget(model);
      const all = versions.map((version) => {
        const labels = { model, version: version.sha256.slice(0, 8), state: version.state };
        closes.set(labels, version.closes);
        if (version.mean !== undefined) score.set(labels, version.mean);
        if (version.standardError !== undefined) error.set(labels, version.standardError);
        if (version.logLoss !== undefined) loss.set(labels, version.logLoss);
        return labels;
      });
      shown.set(model, all);
    },
  };
}
