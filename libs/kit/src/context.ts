import type { Bus } from "@tradewind/bus";
import type { SystemConfig } from "@tradewind/config";
import type { RunManifest } from "@tradewind/contracts";
import type { Logger } from "pino";
import type { MarketClock } from "./clock.ts";
import type { Metrics } from "./metrics.ts";
import type { StateBoard } from "./state-board.ts";

/** Everything a service is given. `build(context, stack)` wires it; what it opens it leaves to `stack`, closed in reverse. */
export interface ServiceContext {
  /** Name of the service, as in `tw.command.{service}.{verb}`. */
  readonly service: string;
  /** Unique among the running instances. */
  readonly instance: string;
  readonly bus: Bus;
  readonly config: SystemConfig;
  /** Folder of `system.yaml` and `variants/`. */
  readonly configDir: string;
  readonly run: RunManifest;
  readonly clock: MarketClock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly state: StateBoard;
  /** Aborts when the service is to end. */
  readonly signal: AbortSignal;
  /** Ends the service: what cannot go on is told here, from anywhere. */
  readonly fail: (error: unknown) => void;
}

export type BuildService = (context: ServiceContext, stack: AsyncDisposableStack) => Promise<void>;

/** A service as the launcher and its own `main.ts` start it. */
export interface ServiceDefinition {
  readonly name: string;
  readonly build: BuildService;
}
