import { Failure } from "@tradewind/core";
import type { DesiredVariant } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";

/** The desired variants as the bus has them. Every write is compare-and-set: nobody's change is lost. */
export interface DesiredStore {
  /** As last told by the bus. */
  all(): ReadonlyMap<string, DesiredVariant>;
  /** Asks `decide` with what is there until its answer can be written; undefined writes nothing. Gives what is there then. */
  change(id: string, decide: (current: DesiredVariant | undefined) => DesiredVariant | undefined): Promise<DesiredVariant | undefined>;
  stop(): void;
}

const TRIES = 20;

export async function openDesiredStore(context: ServiceContext): Promise<DesiredStore> {
  const kv = context.bus.kv("variants");
  const mirror = new Map<string, DesiredVariant>();
  const watch = await kv.watch(({ key, value }) => {
    const record = value === undefined ? undefined : parse(value);
    if (record === undefined) mirror.delete(key);
    else mirror.set(key, record);
  });
  return {
    all: () => mirror,
    async change(id, decide) {
      for (let i = 0; i < TRIES; i++) {
        const entry = await kv.get(id);
        const current = entry && parse(entry.value);
        const next = decide(current);
        if (next === undefined) return current;
        const text = JSON.stringify(next);
        const written = entry === undefined ? await kv.create(id, text) : await kv.update(id, text, entry.revision);
        if (written === undefined) continue;
        mirror.set(id, next);
        return next;
      }
      throw new Failure("retry", "VARIANT_BUSY", `variant ${id} is being changed by others without pause; ask again`);
    },
    stop: () => watch.stop(),
  };
}

/** What somebody else wrote may be anything. */
function parse(value: string): DesiredVariant | undefined {
  try {
    const record = JSON.parse(value) as DesiredVariant;
    return typeof record.id === "string" && typeof record.text === "string" && typeof record.revision === "number" ? record : undefined;
  } catch {
    return undefined;
  }
}
