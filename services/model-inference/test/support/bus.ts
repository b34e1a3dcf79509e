import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { tempDir } from "@tradewind/testkit";

/** What a test that broke off has left running; it ends before its bus. */
export const toStop: (() => Promise<void>)[] = [];

/** A new bus on a file of its own for each test; `renew` gives one in the middle of it. */
export function eachTestHasABus(): { bus(): Bus; renew(): Promise<void> } {
  let bus: Bus | undefined;
  async function end(): Promise<void> {
    await Promise.all(toStop.splice(0).map((stop) => stop()));
    await bus?.close();
  }
  async function renew(): Promise<void> {
    await end();
    bus = await openEmbeddedBus(join(tempDir(), "bus.sqlite"));
    await bus.ensure();
  }
  beforeEach(renew);
  afterEach(end);
  return { bus: () => bus!, renew };
}
