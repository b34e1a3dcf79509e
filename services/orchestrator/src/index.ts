import type { ServiceDefinition } from "@tradewind/kit";
import { build } from "./build.ts";

/** Closes, signals and predictions in, one decision per variant, instrument and close out, and the scores of models. */
export const definition: ServiceDefinition = { name: "orchestrator", build };
