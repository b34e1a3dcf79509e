// Never votes, so that the models of a variant alone decide: "strategy": "custom", "strategy_file": "../strategies/models-only.js".
export default (kit) => ({
  name: "models_only",
  doc: "Abstains on every close: the models of the variant decide.",
  parameters: {},
  warmup: () => 0,
  create: () => kit.strategy({}, () => undefined),
});
