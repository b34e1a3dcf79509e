import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, test } from "vitest";
import { LEDGER, readAll, type MakeWorld } from "./world.ts";

const writer = join(import.meta.dirname, "../support/writer.ts");
const ACKED = 3000;

/** Runs the writer until it has been promised `count` messages, kills it, and gives the sequences and numbers promised. */
async function killedWriter(address: readonly string[], count: number): Promise<Map<number, number>> {
  const child = spawn(process.execPath, [writer, ...address], { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  child.stderr.on("data", (chunk: Buffer) => (complaint += chunk.toString()));
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const promised = new Map<number, number>();
  for await (const line of createInterface({ input: child.stdout })) {
    const [seq, n] = line.split(" ").map(Number);
    promised.set(seq!, n!);
    if (promised.size === count) child.kill("SIGKILL");
  }
  await ended;
  if (promised.size < count) throw new Error(`the writer ended by itself: ${complaint}`);
  return promised;
}

export const testKill = (make: MakeWorld): void => {
  describe("a writer killed in the middle of appends", () => {
    test("loses nothing it was promised, leaves no gap, and the next one goes on", async () => {
      await using world = await make();
      await world.bus.close();
      const promised = await killedWriter(world.address, ACKED);
      const bus = await world.connect();
      const kept = await readAll(bus, LEDGER);
      expect(kept.map(({ seq }) => seq)).toEqual(Array.from(kept, (_, i) => i + 1));
      const numberOf = (at: number): number => (JSON.parse(kept[at]!.data) as { n: number }).n;
      expect([...promised].filter(([seq, n]) => numberOf(seq - 1) !== n)).toEqual([]);
      expect((await bus.append(LEDGER, "next", { expectLast: kept.length })).seq).toBe(kept.length + 1);
    });

    test("has its ids known still: the same messages again are duplicates", async () => {
      await using world = await make();
      await world.bus.close();
      const promised = await killedWriter(world.address, 200);
      const bus = await world.connect();
      for (const [seq, n] of [...promised].slice(0, 20))
        expect(await bus.append(LEDGER, "again", { id: `n/${n}` })).toEqual({ seq, duplicate: true });
    });
  });
};
