import type { BuildService } from "@tradewind/kit";

/** Takes one training job after the other. */
export const build: BuildService = async () => {};
