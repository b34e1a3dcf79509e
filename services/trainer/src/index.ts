import type { ServiceDefinition } from "@tradewind/kit";
import { build } from "./build.ts";

/** Training jobs in, model files with their cards out. */
export const definition: ServiceDefinition = { name: "trainer", build };

export type { CandleSource } from "./candles/open-candles.ts";
export { families, findFamily } from "./learners/registry.ts";
export { finish, type Finished } from "./train/finish.ts";
export { prepare, type Prepared } from "./train/prepare.ts";
export { completeTraining, instrumentOf, symbolOfFile, type Training, type TrainingWish } from "./train/request.ts";
export type { TrainingResult } from "./train/result.ts";
export { train, type TrainingHooks, type TrainingProgress } from "./train/run.ts";
