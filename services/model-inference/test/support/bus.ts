import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { tempDir } from "@tradewind/testkit";

/** A new bus on a file of its own for each test. */
export function eachTestHasABus(): { bus: () => Bus } {
  let bus: Bus | undefined;
  beforeEach(async () => {
    bus = await openEmbeddedBus(join(tempDir(), "bus.sqlite"));
    await bus.ensure();
  });
  afterEach(() => bus?.close());
  return { bus: () => bus! };
}
