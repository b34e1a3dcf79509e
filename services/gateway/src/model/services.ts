import type { ServiceState } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";
import type { ServiceView } from "../views.ts";

/** What service instances say of themselves. */
export interface Services {
  all(): readonly ServiceView[];
  /** Services of the road that have no running instance. */
  missing(): readonly string[];
  stop(): void;
}

/** Without one of these nothing is traded. */
const road = ["market-data", "strategy", "orchestrator", "execution"];
const POLL_MS = 1_000;
/** An instance writes every second. */
const SILENT_MS = 4_000;

/** Polls, for the bus does not tell of what expires. */
export async function openServices(context: ServiceContext): Promise<Services> {
  const kv = context.bus.kv("states");
  let views: readonly ServiceView[] = [];
  const poll = async (): Promise<void> => {
    const entries = await kv.entries().catch(() => undefined);
    if (entries === undefined) return;
    views = entries
      .flatMap(({ value }) => viewOf(value))
      .sort((a, b) => order(a.service) - order(b.service) || (a.instance < b.instance ? -1 : 1));
  };
  await poll();
  const timer = setInterval(() => void poll(), POLL_MS);
  return {
    all: () => views,
    missing: () => road.filter((name) => !views.some(({ service, state }) => service === name && state !== "silent")),
    stop: () => clearInterval(timer),
  };
}

function order(service: string): number {
  const at = road.indexOf(service);
  return at < 0 ? road.length : at;
}

function viewOf(text: string): ServiceView[] {
  try {
    const { service, instance, state, since, at, partitions, notes, pid, memoryMb } = JSON.parse(text) as ServiceState;
    const silent = Date.now() - at > SILENT_MS;
    return [
      { service, instance, state: silent ? "silent" : state, since, at, partitions: [...partitions], notes: [...notes], pid, memoryMb },
    ];
  } catch {
    return [];
  }
}
