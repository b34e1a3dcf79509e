import type { ServiceDefinition } from "@tradewind/kit";
import { build } from "./build.ts";

/** Training jobs in, model files with their cards out. */
export const definition: ServiceDefinition = { name: "trainer", build };
