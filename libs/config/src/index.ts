export {
  allCombinations,
  assetClassesOf,
  checkCombination,
  modes,
  type Combination,
  type CombinationCheck,
  type Mode,
} from "./combinations.ts";
export { defaults } from "./defaults.ts";
export { canonicalJson, configHash, sha256 } from "./hash.ts";
export type { BrokerDefinition, Market, Terms } from "./instruments/broker.ts";
export { brokers } from "./instruments/registry.ts";
export { resolveInstrument, type InstrumentOverride } from "./instruments/resolve.ts";
export { parseSymbol, type ParsedSymbol } from "./instruments/symbol.ts";
export { variantJsonSchema } from "./json-schema.ts";
export { effectiveLeverage, leverageBound, liquidationRatio, type LeverageLimit } from "./leverage.ts";
export { listVariants, loadVariant, parseVariant, type LoadedVariant, type LoadOptions, type StrategyFile } from "./load-variant.ts";
export { parametersSchema } from "./parameters.ts";
export type { Notice } from "./report.ts";
export { resolveSecrets, type CredentialReferences, type Credentials, type Environment } from "./secrets.ts";
export { nearest } from "./nearest.ts";
export { loadSystem, systemSchema, type SystemConfig } from "./system.ts";
export { variantSchema, type VariantConfig } from "./variant-schema.ts";
export { loadDefinitions, type DefinitionOf } from "./strategy-file.ts";
