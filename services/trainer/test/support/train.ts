import { completeTraining, finish, prepare, train, type Finished, type TrainingHooks, type TrainingWish } from "../../src/index.ts";

/** A small training that takes a second or less. */
export function smallWish(file: string, over: Partial<TrainingWish> = {}): TrainingWish {
  return { family: "cnn", source: { kind: "csv", file }, symbol: "BTC/USDT:USDT", folds: 2, length: 2, ...over };
}

/** Trains in this process. */
export async function trainWish(wish: TrainingWish, dir: string, over: Partial<TrainingHooks> = {}): Promise<Finished> {
  const prepared = await prepare(completeTraining(wish), () => undefined);
  const trained = await train(prepared, {
    tell: () => undefined,
    signal: new AbortController().signal,
    dir,
    checkpointEveryMs: 1e9,
    fresh: false,
    ...over,
  });
  return finish(prepared, trained, dir, Date.now());
}
