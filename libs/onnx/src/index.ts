export type { ModelAbout } from "./about.ts";
export { propertiesOf, withMetadata } from "./add-metadata.ts";
export { ensembleModel, weightedVote, type VotingMember } from "./compose/ensemble.ts";
export type { JointAbout } from "./compose/joint-graph.ts";
export type { MemberFile } from "./compose/members.ts";
export { applyMetaHead, metaHeadHash, type MetaHead } from "./compose/meta-head.ts";
export { metaModel } from "./compose/meta-model.ts";
export { metaDefaults, trainMeta, type MetaFigures, type MetaOptions, type MetaReport, type MetaSettings } from "./compose/train-meta.ts";
export { fitVoteWeights } from "./compose/vote-weights.ts";
export {
  parametersOf,
  settingsOf,
  type FamilySetting,
  type InputShape,
  type NetFamily,
  type Objective,
  type ParameterSpec,
} from "./families/family.ts";
export { netFamilies, type NetFamilyName } from "./families/registry.ts";
export { goldenDifference, type Golden } from "./golden.ts";
export { graphBuilder, type GraphBuilder } from "./graph-builder.ts";
export { inspectModel, type InspectedModel, type Signature } from "./inspect.ts";
export { featureSchemaOf, metadataKeys, metadataProperties, readMetadata, type ModelMetadata } from "./metadata.ts";
export * from "./model.ts";
export { readModelHeader, supportedOpsets, type HeaderValue, type ModelHeader } from "./read-header.ts";
export { readModel } from "./read-model.ts";
export { REFERENCE_LABELS, referenceModel, referenceWeights, type ReferenceModelOptions } from "./reference-model.ts";
export { openModelSession, providerOf, type ModelSession } from "./session.ts";
export type {
  ExportAbout,
  NetTrainer,
  NetTrainerOptions,
  Normaliser,
  OptimiserOptions,
  ReplayBatch,
  TrainerSnapshot,
} from "./training/net-trainer.ts";
export { openNetTrainer } from "./training/open-net-trainer.ts";
export { openGbdt, trainGbdt, type Gbdt, type GbdtOptions, type GbdtRound, type GbdtSnapshot, type LabelledRows } from "./trees/boost.ts";
export { completeGbdtSettings, gbdtSettings, type GbdtSettingName, type GbdtSettings } from "./trees/settings.ts";
export { verdictOf, type Verdict } from "./verdict.ts";
export { versionFacts, type VersionFacts } from "./version-facts.ts";
export { writeModel } from "./write-model.ts";
