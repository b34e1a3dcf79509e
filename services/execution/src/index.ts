import type { ServiceDefinition } from "@tradewind/kit";
import { build, buildExecution, type ExecutionOptions } from "./build.ts";

/** Execution as the launcher and tests start it. */
export const definition: ServiceDefinition = { name: "execution", build };

/** Execution with options that only tests take. */
export function executionWith(options: ExecutionOptions): ServiceDefinition {
  return { name: "execution", build: buildExecution(options) };
}
export type { ExecutionOptions } from "./build.ts";
