import type { Bus } from "@tradewind/bus";
import type { SystemConfig } from "@tradewind/config";
import type { RunManifest } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";

const MARKET_KEY = "market";

/** What a run is of; another one cannot go on in its log. */
interface MarketOf {
  readonly feed: string;
  /** Of the simulated market only. */
  readonly seed: number | undefined;
}

/**
 * Whether the bus holds a run already. Throws `ANOTHER_RUN` when that one is of another clock or another market: prices
 * would jump, and its log would be of two things.
 */
export async function continues(bus: Bus, { run, market }: SystemConfig): Promise<boolean> {
  const kv = bus.kv("run");
  const wanted: MarketOf = { feed: market.feed, seed: market.feed === "simulated" ? market.seed : undefined };
  const manifest = await kv.get("manifest");
  const known = await kv.get(MARKET_KEY);
  if (known === undefined) await kv.put(MARKET_KEY, JSON.stringify(wanted));
  if (manifest === undefined) return false;
  const { clock } = JSON.parse(manifest.value) as RunManifest;
  const there = known === undefined ? wanted : (JSON.parse(known.value) as MarketOf);
  const differences = [
    ...(clock === run.clock ? [] : [`its clock is of ${clock}, not of ${run.clock}`]),
    ...(there.feed === wanted.feed ? [] : [`its market is ${there.feed}, not ${wanted.feed}`]),
    ...(there.feed !== wanted.feed || there.seed === wanted.seed ? [] : [`its seed is ${there.seed}, not ${wanted.seed}`]),
  ];
  if (differences.length > 0)
    throw inputFailure(
      "ANOTHER_RUN",
      `the run there is another one: ${differences.join(", ")}; begin a new one with --fresh (it is kept aside), or in another folder with --data-dir DIR`,
    );
  return true;
}
