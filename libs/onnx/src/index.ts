export { graphBuilder, type GraphBuilder } from "./graph-builder.ts";
export { inspectModel, type InspectedModel, type Signature } from "./inspect.ts";
export { featureSchemaOf, metadataKeys, metadataProperties, readMetadata, type ModelMetadata } from "./metadata.ts";
export * from "./model.ts";
export { readModelHeader, supportedOpsets, type HeaderValue, type ModelHeader } from "./read-header.ts";
export { REFERENCE_LABELS, referenceModel, referenceWeights, type ReferenceModelOptions } from "./reference-model.ts";
export { openModelSession, type ModelSession } from "./session.ts";
export { verdictOf, type Verdict } from "./verdict.ts";
export { writeModel } from "./write-model.ts";
