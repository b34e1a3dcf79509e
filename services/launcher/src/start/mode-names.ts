/** What `start --mode` takes. */
export const modes = ["web", "trade", "orchestrator", "backtest", "train", "test"] as const;
export type StartMode = (typeof modes)[number];
