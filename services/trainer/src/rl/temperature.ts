import { directionLabels, scoreOf, type Dataset } from "@tradewind/core";
import { softmax } from "./agent.ts";

/** From very sure to hardly more than a coin, by quarters of a power of ten. */
const TRIED = Array.from({ length: 21 }, (_, i) => Number((10 ** (-2 + i / 4)).toPrecision(3)));

/**
 * The temperature at which values of actions, as probabilities, fit the labels of some rows best. Values that know
 * nothing of them become even probabilities, which vote for nothing; which action is best stays.
 */
export function fittedTemperature(dataset: Dataset, rows: Int32Array, values: Float32Array): number {
  let best = { temperature: 1, logLoss: Infinity };
  for (const temperature of TRIED) {
    const { logLoss } = scoreOf(dataset, rows, softmax(values, values.length / directionLabels.length, temperature));
    if (logLoss < best.logLoss) best = { temperature, logLoss };
  }
  return best.temperature;
}
