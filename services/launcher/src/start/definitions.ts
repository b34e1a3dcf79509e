import { definition as execution } from "@tradewind/execution";
import { definition as gateway } from "@tradewind/gateway";
import type { ServiceDefinition } from "@tradewind/kit";
import { definition as marketData } from "@tradewind/market-data";
import { definition as modelInference } from "@tradewind/model-inference";
import { definition as orchestrator } from "@tradewind/orchestrator";
import { definition as strategy } from "@tradewind/strategy";
import { definition as trainer } from "@tradewind/trainer";

/** Every service, in the order they start in one process: the market sets the clock that the others wait for. */
export const definitions: readonly ServiceDefinition[] = [marketData, execution, orchestrator, strategy, modelInference, trainer, gateway];
