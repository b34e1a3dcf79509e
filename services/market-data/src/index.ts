import type { ServiceDefinition } from "@tradewind/kit";
import { build } from "./build.ts";

/** Market data as the launcher and tests start it. */
export const definition: ServiceDefinition = { name: "market-data", build };
