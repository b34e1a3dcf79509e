import { createPrng, matrixSize } from "@tradewind/core";
import type { Bus } from "@tradewind/bus";
import type { StartedService } from "@tradewind/kit";
import { ask, matrix } from "./scene.ts";

export interface LoadResult {
  readonly answered: number;
  /** Lines of requests that were refused, with how often. */
  readonly refused: ReadonlyMap<string, number>;
}

const rowSize = matrixSize(matrix);

/** The value of one of the service's counters, over all models. */
export async function counted(service: StartedService, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const metric = (await service.context.metrics.registry.getMetricsAsJSON()).find((one) => one.name === name);
  const matching = (metric?.values ?? []).filter((value) => Object.entries(labels).every(([key, text]) => value.labels[key] === text));
  return matching.reduce((sum, { value }) => sum + value, 0);
}

/** `clients` ask one of the models after the other for a prediction, drawn by seed, until `enough`. */
export async function loadWith(
  bus: Bus,
  models: readonly string[],
  clients: number,
  seed: number,
  enough: () => Promise<boolean>,
): Promise<LoadResult> {
  let answered = 0;
  const over = new AbortController();
  const refused = new Map<string, number>();
  const prng = createPrng(seed);
  async function client(): Promise<void> {
    while (!over.signal.aborted) {
      const rows = 1 + prng.below(4);
      const given = Array.from({ length: rows * rowSize }, () => prng.normal());
      const model = models[prng.below(models.length)]!;
      const reply = await ask(bus, "predict", { model, parameters: { matrix: given, rows } });
      if (reply.ok) {
        const said = (reply.data as { readonly rows: readonly { readonly probabilities: Readonly<Record<string, number>> }[] }).rows;
        const whole = said.every(
          ({ probabilities }) => Math.abs(Object.values(probabilities).reduce((sum, one) => sum + one, 0) - 1) < 1e-3,
        );
        if (said.length !== rows || !whole) throw new Error(`seed ${seed}: ${model} gave ${JSON.stringify(said)} for ${rows} rows`);
        answered += 1;
      } else refused.set(reply.message, (refused.get(reply.message) ?? 0) + 1);
    }
  }
  const all = Promise.all(Array.from({ length: clients }, client));
  while (!(await enough())) await new Promise((resolve) => setTimeout(resolve, 100));
  over.abort();
  await all;
  return { answered, refused };
}
