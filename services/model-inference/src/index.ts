import type { ServiceDefinition } from "@tradewind/kit";
import { build, buildWith, type InferenceOptions } from "./build.ts";

export { registerModel } from "./registration.ts";
export { trialHost } from "./host/trial-host.ts";
export type { InferenceStats, ModelStats } from "./stats.ts";

export const definition: ServiceDefinition = { name: "model-inference", build };

/** Model inference with a feature cache of one's own, for tests. */
export function inferenceWith(options: InferenceOptions): ServiceDefinition {
  return { name: definition.name, build: (context, stack) => buildWith(options, context, stack) };
}
