import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { openEmbeddedBus } from "@tradewind/bus";
import { startSimulatedVenue } from "@tradewind/venues";
import { measureRecovery } from "../../../services/execution/test/support/recovery.ts";
import type { Figure } from "../figure.ts";

const RESTING_ORDERS = 500;
const ROUNDS = 3;

/** How long it takes until the first order, and until an account with many resting orders trades again. */
export async function startFigures(say: (text: string) => void): Promise<Figure[]> {
  say("bus: start to first order");
  const firstMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) firstMs.push(await firstOrder());
  say("bus: restart with resting orders");
  const recovery = await recovered();
  const counts = { rounds: ROUNDS };
  return [
    { name: "start.first_order", value: firstMs.toSorted((a, b) => a - b)[ROUNDS >> 1]!, unit: "ms", counts },
    {
      name: "start.recovery",
      value: recovery.tradingAfterMs,
      unit: "ms",
      counts: { resting_orders: recovery.orders, entries: recovery.entries },
    },
  ];
}

/** `tradewind start` on a new folder, from the start of the process to the first order it tells of. */
async function firstOrder(): Promise<number> {
  const dir = mkdtempSync(join(tmpdir(), "tradewind-first-order-"));
  const program = join(import.meta.dirname, "../../../tradewind.mjs");
  const began = performance.now();
  const child = spawn(process.execPath, [program, "start", "--data-dir", dir, "--port", "0", "--no-open", "--json"], {
    stdio: ["ignore", "pipe", "ignore"],
  });
  try {
    for await (const line of createInterface(child.stdout))
      if ((JSON.parse(line) as { type?: string }).type === "order") return performance.now() - began;
    throw new Error("tradewind start ended before its first order");
  } finally {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  }
}

async function recovered() {
  const bus = await openEmbeddedBus(":memory:");
  const venue = await startSimulatedVenue();
  try {
    await bus.ensure();
    return await measureRecovery(bus, venue, RESTING_ORDERS);
  } finally {
    await venue.stop();
    await bus.close();
  }
}
