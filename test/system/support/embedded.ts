import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { loadSystem } from "@tradewind/config";
import { definition as execution } from "@tradewind/execution";
import { startService, type ServiceDefinition, type StartedService } from "@tradewind/kit";
import { definition as marketData } from "@tradewind/market-data";
import { definition as modelInference } from "@tradewind/model-inference";
import { definition as orchestrator } from "@tradewind/orchestrator";
import { definition as strategy } from "@tradewind/strategy";
import type { Workspace } from "./workspace.ts";

/** Everything on the road from candle to ledger, without the gateway. */
export const road: readonly ServiceDefinition[] = [marketData, strategy, modelInference, orchestrator, execution];

/** The variants of a workspace become the ones desired on a bus. */
export async function desire(bus: Bus, workspace: Workspace): Promise<void> {
  await Promise.all(workspace.desired.map((variant) => bus.kv("variants").put(variant.id, JSON.stringify(variant))));
}

export interface Embedded {
  readonly bus: Bus;
  readonly services: readonly StartedService[];
  stop(): Promise<void>;
}

/** All services in this process on an embedded bus. `wrap` may come between a service and its bus. */
export async function startEmbedded(workspace: Workspace, file: string, wrap: (bus: Bus) => Bus = (bus) => bus): Promise<Embedded> {
  const bus = await openEmbeddedBus(file);
  await bus.ensure();
  await desire(bus, workspace);
  const services = await startRoad(workspace, bus, wrap);
  return {
    bus,
    services,
    async stop() {
      for (const service of services.toReversed()) await service.stop();
      await bus.close();
    },
  };
}

/** Starts every service of the road in this process. */
export async function startRoad(workspace: Workspace, bus: Bus, wrap: (bus: Bus) => Bus = (it) => it): Promise<StartedService[]> {
  const config = loadSystem(workspace.configDir, {});
  const services: StartedService[] = [];
  for (const definition of road)
    services.push(await startService(definition, { bus: wrap(bus), config, configDir: workspace.configDir, processMetrics: false }));
  return services;
}
