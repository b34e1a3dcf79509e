import type { Bus } from "@tradewind/bus";
import type { DesiredVariant } from "@tradewind/contracts";

/** Who asked, of a variant that runs because its file is there. */
const BY_FILE = "file";

/**
 * Switches off the variants that a start of before took from the folder and this one does not. They go on where they
 * were when a later start takes them again. Those that a person started by command stay as they are.
 */
export async function limitTo(bus: Bus, ids: readonly string[], marketMs: number): Promise<void> {
  const kv = bus.kv("variants");
  for (const { key, value, revision } of await kv.entries()) {
    const desired = JSON.parse(value) as DesiredVariant;
    if (!desired.enabled || desired.by !== BY_FILE || ids.includes(desired.id)) continue;
    const off: DesiredVariant = { ...desired, enabled: false, revision: desired.revision + 1, effectiveFrom: marketMs };
    await kv.update(key, JSON.stringify(off), revision);
  }
}
