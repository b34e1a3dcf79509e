import type { Figure } from "../figure.ts";
import { measureLatency, median } from "./latency.ts";
import { startRoad } from "./road.ts";
import { startFigures } from "./starts.ts";
import { timesOf } from "./times.ts";

const SUSTAINED_CANDLES = 20_000;
/** Candles between two trades while throughput is measured: about as busy as a lively strategy. */
const SUSTAINED_EVERY = 50;

/** What the road costs over five processes and a real nats-server, beside bare JetStream hops. */
export async function busFigures(say: (text: string) => void): Promise<Figure[]> {
  const rounds = await measureLatency(say);
  const bare = { p50: median(rounds, "bareMs", 0.5), p99: median(rounds, "bareMs", 0.99) };
  const road = { p50: median(rounds, "roadMs", 0.5), p99: median(rounds, "roadMs", 0.99) };
  const counts = { rounds: rounds.length, intents: rounds[0]!.roadMs.length };
  say("bus: sustained");
  const memory = Object.entries(rounds.at(-1)!.memoryMb);
  return [
    { name: "bus.bare_hops_p50", value: bare.p50, unit: "ms", counts },
    { name: "bus.bare_hops_p99", value: bare.p99, unit: "ms" },
    { name: "bus.candle_to_intent_p50", value: road.p50, unit: "ms", against: "bus.bare_hops_p50", ratio: road.p50 / bare.p50, counts },
    { name: "bus.candle_to_intent_p99", value: road.p99, unit: "ms", against: "bus.bare_hops_p99", ratio: road.p99 / bare.p99 },
    await sustained(),
    ...(await startFigures(say)),
    ...memory.map(([service, mb]) => ({ name: `memory.${service}`, value: mb, unit: "MiB resident" })),
  ];
}

/** From the first candle on the log to the last entry of the ledger, everything as fast as it goes. */
async function sustained(): Promise<Figure> {
  const road = await startRoad({ candles: SUSTAINED_CANDLES, every: SUSTAINED_EVERY });
  try {
    await road.worked(300_000);
    const [first] = await timesOf(road.nc, "MARKET");
    const last = Math.max(
      ...[...(await timesOf(road.nc, "DECISIONS")), ...(await timesOf(road.nc, "LEDGER"))].slice(-2).map(({ atMs }) => atMs),
    );
    const seconds = (last - first!.atMs) / 1000;
    return {
      name: "bus.sustained",
      value: SUSTAINED_CANDLES / seconds,
      unit: "candles/s",
      counts: { candles: SUSTAINED_CANDLES },
    };
  } finally {
    await road.stop();
  }
}
