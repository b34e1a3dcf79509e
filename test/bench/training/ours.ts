import { openNetTrainer } from "@tradewind/onnx";
import { BATCH, initialParametersOf, LABELS, RATE, shape, type NetName, type Side } from "./task.ts";

export async function ourSide(net: NetName): Promise<Side> {
  const trainer = await openNetTrainer({
    family: net,
    shape,
    labels: LABELS,
    normaliser: { mean: new Float32Array(shape.features), deviation: new Float32Array(shape.features).fill(1) },
    batch: BATCH,
    seed: 1,
    optimiser: { learningRate: RATE },
  });
  const theta = Float32Array.from(initialParametersOf(net).flatMap(({ values }) => [...values]));
  trainer.restore({ theta, m: new Float32Array(theta.length), v: new Float32Array(theta.length), steps: 0 });
  return { step: ({ x, labels }) => trainer.step(x, labels) };
}
