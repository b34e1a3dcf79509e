import type { ServiceDefinition } from "@tradewind/kit";
import { build } from "./build.ts";

export { registerModel, unregisterModel } from "./registration.ts";

export const definition: ServiceDefinition = { name: "model-inference", build };
