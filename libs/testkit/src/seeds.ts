/**
 * Runs a check with seeds 1 to `count`, one after the other; an error names the seed. `TEST_SEED=<seed>` runs that one
 * alone.
 */
export async function seeds(count: number, check: (seed: number) => void | Promise<void>): Promise<void> {
  const only = process.env["TEST_SEED"];
  const all = only === undefined ? Array.from({ length: count }, (_, i) => i + 1) : [Number(only)];
  for (const seed of all)
    try {
      await check(seed);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`seed ${seed} (again with TEST_SEED=${seed}): ${reason}`, { cause: error });
    }
}
