import type { SettingSpecs } from "../learners/learner.ts";

export const settings = {
  epochs: { default: 3, min: 1, max: 1_000, whole: true, doc: "times that each stretch of the market is lived through" },
  episode: { default: 512, min: 8, max: 1_000_000, whole: true, doc: "rows of a stretch, after which the account begins anew" },
  replay_every: { default: 4, min: 1, max: 1_000, whole: true, doc: "rows acted on per batch learnt from" },
  batch: { default: 64, min: 8, max: 4_096, whole: true, doc: "transitions in a batch" },
  memory: { default: 100_000, min: 64, max: 10_000_000, whole: true, doc: "transitions remembered" },
  learning_rate: { default: 0.001, min: 1e-6, max: 1, doc: "of every step" },
  weight_decay: { default: 0.0001, min: 0, max: 1, doc: "share of each weight taken away by a step at rate 1 (AdamW)" },
  clip_norm: { default: 10, min: 0, max: 1e6, doc: "longest gradient; 0 leaves gradients as they are" },
  discount: {
    default: 0.5,
    min: 0,
    max: 0.999,
    doc: "what a reward one row later is worth; prices do not follow the agent, so far ones are noise",
  },
  epsilon_from: { default: 1, min: 0, max: 1, doc: "share of random actions at the beginning" },
  epsilon_to: { default: 0.1, min: 0, max: 1, doc: "share of random actions from the middle on" },
  sync_every: { default: 200, min: 1, max: 1_000_000, whole: true, doc: "batches after which the target net follows" },
  temperature: {
    default: 0,
    min: 0,
    max: 1_000,
    doc: "values, in usual moves of a row, are divided by it to make probabilities; 0 takes what fits the validation rows",
  },
} as const satisfies SettingSpecs;
