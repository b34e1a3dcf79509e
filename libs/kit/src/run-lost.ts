import type { Bus } from "@tradewind/bus";
import { Failure, isFailure } from "@tradewind/core";
import type { RunManifest } from "@tradewind/contracts";
import { MANIFEST_KEY } from "./run.ts";

const LOOK_EVERY_MS = 500;
/** A server that has just started may not know its streams at once; one that does not know them for so long has none. */
const LOOKS = 10;

/**
 * For a bus that has come back: why this process must end, when the server has come back without the run's store or
 * with another one. What is in memory stands for nothing then, and whoever waited would wait for ever.
 */
export async function runLost(bus: Bus, { run }: RunManifest, signal: AbortSignal): Promise<Failure | undefined> {
  const kv = bus.kv("run");
  for (let look = 1; look <= LOOKS && bus.connected && !signal.aborted; look++) {
    try {
      const manifest = await kv.get(MANIFEST_KEY);
      const there = manifest === undefined ? undefined : (JSON.parse(manifest.value) as RunManifest).run;
      return there === run ? undefined : lost(run, there === undefined ? "no run" : `run ${there}`);
    } catch (error) {
      if (!isFailure(error) || error.action !== "retry") return undefined;
      if (error.code === "BUS_NOT_READY" && look === LOOKS) return lost(run, "no run");
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  return undefined;
}

function lost(run: string, there: string): Failure {
  return new Failure(
    "service",
    "RUN_LOST",
    `the bus came back with ${there} where run ${run} was: its store is another one; bring the old store back, or start again to begin a new run`,
  );
}
