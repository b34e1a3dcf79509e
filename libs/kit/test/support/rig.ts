import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openEmbeddedBus, type Bus, type EmbeddedOptions } from "@tradewind/bus";
import { loadSystem, type SystemConfig } from "@tradewind/config";
import { decodeMessage, encodeMessage, type DesiredVariant, type Envelope, type Kind, type PayloadOf } from "@tradewind/contracts";
import { startService, type ServiceContext, type ServiceDefinition } from "@tradewind/kit";
import { mortal, tempDir } from "@tradewind/testkit";

/** A service on the rig, with a handle of its own on the bus. */
export interface Running {
  readonly context: ServiceContext;
  readonly failed: Promise<never>;
  stop(): Promise<void>;
  /** Cuts it off from the bus without a word, as a killed process is. */
  kill(): void;
}

/** How a rig differs from the usual one. */
export interface RigOptions extends EmbeddedOptions {
  /** Further lines of system.yaml. */
  readonly settings?: string;
  /** A handle on another bus than an embedded one. */
  readonly connect?: () => Promise<Bus>;
}

/** Services on one bus, embedded unless told otherwise, in a folder of their own. */
export interface Rig {
  readonly bus: Bus;
  readonly configDir: string;
  readonly config: SystemConfig;
  start(definition: ServiceDefinition, through?: (bus: Bus) => Bus): Promise<Running>;
  /** Asks for a variant as the control plane does; a second time it is the next revision. */
  desire(id: string, variant: unknown, over?: Partial<DesiredVariant>): Promise<DesiredVariant>;
  close(): Promise<void>;
}

export async function openRig(clock: "events" | "wall", { settings = "", connect, ...options }: RigOptions = {}): Promise<Rig> {
  const configDir = tempDir("tradewind-rig-");
  mkdirSync(join(configDir, "variants"));
  writeFileSync(join(configDir, "system.yaml"), `run: { clock: ${clock} }\nlog: { level: fatal }\n${settings}`);
  const config = loadSystem(configDir, {});
  const file = join(configDir, "bus.sqlite");
  const bus = await (connect?.() ?? openEmbeddedBus(file, options));
  await bus.ensure();
  const services = new Set<Running>();
  const revisions = new Map<string, number>();

  return {
    bus,
    configDir,
    config,
    async start(definition, through = (own) => own) {
      const own = await (connect?.() ?? openEmbeddedBus(file));
      const { bus: handle, kill } = mortal(own);
      const service = await startService(definition, { bus: through(handle), config, configDir, processMetrics: false });
      const running: Running = {
        context: service.context,
        failed: service.failed,
        async stop() {
          await service.stop();
          await own.close();
        },
        kill() {
          kill();
          services.delete(running);
        },
      };
      services.add(running);
      return running;
    },
    async desire(id, variant, over = {}) {
      const revision = (revisions.get(id) ?? 0) + 1;
      revisions.set(id, revision);
      const text = JSON.stringify(variant);
      const desired: DesiredVariant = { id, revision, effectiveFrom: 0, enabled: true, text, configHash: "", by: "test", ...over };
      await bus.kv("variants").put(id, JSON.stringify(desired));
      return desired;
    },
    async close() {
      await Promise.all([...services].map((service) => service.stop()));
      await bus.close();
    },
  };
}

/** The text of a message as another service would have sent it. */
export function messageOf<K extends Kind>(kind: K, id: string, time: number, data: PayloadOf<K>): string {
  return encodeMessage(kind, { id, time, published: 0, source: "test", run: "test", data });
}

/** What the log has of a subject, as it was sent; what is no message of its kind is left out. */
export async function logged<K extends Kind>(bus: Bus, kind: K, filter: string): Promise<Envelope<PayloadOf<K>>[]> {
  const found: Envelope<PayloadOf<K>>[] = [];
  for await (const { data } of bus.read(filter, { after: 0 }))
    if (decodeMessage(kind, data).ok) found.push(JSON.parse(data) as Envelope<PayloadOf<K>>);
  return found;
}
