import type { ServiceDefinition } from "@tradewind/kit";
import { build } from "./build.ts";

/** Candles in, one signal or abstention per strategy member and close out. */
export const definition: ServiceDefinition = { name: "strategy", build };
