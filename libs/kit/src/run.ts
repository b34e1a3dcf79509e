import { randomBytes } from "node:crypto";
import type { Bus } from "@tradewind/bus";
import type { RunManifest } from "@tradewind/contracts";

/** Of the run's manifest in bucket `run`. */
export const MANIFEST_KEY = "manifest";

/** The run on this bus: the first to ask names it, everybody after takes what is there. */
export async function openRun(bus: Bus, clock: RunManifest["clock"]): Promise<RunManifest> {
  const kv = bus.kv("run");
  const manifest: RunManifest = { run: randomBytes(6).toString("hex"), clock, startedAt: Date.now() };
  if ((await kv.create(MANIFEST_KEY, JSON.stringify(manifest))) !== undefined) return manifest;
  const present = await kv.get(MANIFEST_KEY);
  return present === undefined ? openRun(bus, clock) : (JSON.parse(present.value) as RunManifest);
}
