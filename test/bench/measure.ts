/** What one round of a piece of work took, ms. */
interface Round {
  readonly wallMs: number;
  readonly cpuMs: number;
}

/** Medians over the rounds, and what the last round gave. */
export interface Measured<T> extends Round {
  readonly result: T;
}

export type Work = Readonly<Record<string, () => unknown>>;
type Results<W extends Work> = { readonly [K in keyof W]: Measured<Awaited<ReturnType<W[K]>>> };

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * Runs every piece of work `warmups` times, then `rounds` times, one after the other within each round, so that a
 * busy spell of the machine falls on all of them alike.
 */
export async function alternate<W extends Work>(work: W, rounds: number, warmups: number): Promise<Results<W>> {
  const taken = new Map<string, Round[]>();
  const results = new Map<string, unknown>();
  for (let round = -warmups; round < rounds; round++)
    for (const [name, run] of Object.entries(work)) {
      const cpu = process.cpuUsage();
      const start = performance.now();
      results.set(name, await run());
      const wallMs = performance.now() - start;
      const { user, system } = process.cpuUsage(cpu);
      if (round >= 0) taken.set(name, [...(taken.get(name) ?? []), { wallMs, cpuMs: (user + system) / 1000 }]);
    }
  return Object.fromEntries(
    Object.keys(work).map((name) => {
      const own = taken.get(name)!;
      return [
        name,
        { wallMs: median(own.map((round) => round.wallMs)), cpuMs: median(own.map((round) => round.cpuMs)), result: results.get(name) },
      ];
    }),
  ) as Results<W>;
}
