import { connectNats, type Bus } from "@tradewind/bus";
import { startNats, startRedis } from "@tradewind/testkit";
import { desire } from "./embedded.ts";
import { startProcess, type ServiceName, type ServiceProcess } from "./processes.ts";
import type { Workspace } from "./workspace.ts";

export const roadNames = [
  "market-data",
  "strategy",
  "model-inference",
  "orchestrator",
  "execution",
] as const satisfies readonly ServiceName[];

/** The road as processes on a real nats-server and redis-server. */
export interface Cluster {
  readonly bus: Bus;
  readonly nats: Awaited<ReturnType<typeof startNats>>;
  readonly redis: Awaited<ReturnType<typeof startRedis>>;
  readonly services: Map<string, ServiceProcess>;
  /** Kills a service with SIGKILL and starts it anew. */
  bounce(name: ServiceName): Promise<void>;
  /** The ends of all services' standard error. */
  output(): string;
  stop(): Promise<void>;
}

/** Starts servers, then asks for the workspace, prepares the bus, then starts the services. */
export async function startCluster(
  workspaceOn: (natsUrl: string, redisUrl: string) => Workspace,
  names: readonly ServiceName[] = roadNames,
  prepare?: (bus: Bus) => Promise<void>,
): Promise<Cluster> {
  const nats = await startNats();
  const redis = await startRedis();
  const workspace = workspaceOn(nats.url, redis.url);
  const bus = await connectNats({ servers: nats.url, name: "test" });
  await bus.ensure();
  await desire(bus, workspace);
  await prepare?.(bus);
  const services = new Map(names.map((name) => [name as string, startProcess(name, workspace.configDir, {})]));
  return {
    bus,
    nats,
    redis,
    services,
    async bounce(name) {
      await services.get(name)!.kill("SIGKILL");
      services.set(name, startProcess(name, workspace.configDir, {}));
    },
    output: () => [...services.values()].map((service) => `${service.name}: ${service.output().slice(-800)}`).join("\n"),
    async stop() {
      await Promise.all([...services.values()].map((service) => service.kill("SIGTERM")));
      await bus.close();
      await nats.stop();
      await redis.stop();
    },
  };
}
