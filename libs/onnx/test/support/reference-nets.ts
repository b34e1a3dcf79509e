import { netFamilies, parametersOf, type InputShape, type NetFamilyName, type Normaliser } from "../../src/index.ts";

/**
 * The families' forward passes in plain float64 loops, written from their definitions and not from the graphs: what both
 * the trainer and the exported files are held against.
 */

type Rows = number[][];
type Weights = (name: string) => ArrayLike<number>;

export interface ReferenceNet {
  readonly family: NetFamilyName;
  readonly shape: InputShape;
  readonly outputs: number;
  readonly normaliser: Normaliser;
  readonly theta: Float32Array;
}

/** Scores of one raw matrix [timeframes, window, features], before any softmax. */
export function referenceScores({ family, shape, outputs, normaliser, theta }: ReferenceNet, matrix: ArrayLike<number>): number[] {
  const parts = new Map<string, Float32Array>();
  let offset = 0;
  for (const { name, shape: lengths } of parametersOf(netFamilies[family], shape, outputs)) {
    const size = lengths.reduce((product, length) => product * length, 1);
    parts.set(name, theta.subarray(offset, (offset += size)));
  }
  const weights: Weights = (name) => parts.get(name)!;
  const x = normalisedSteps(shape, normaliser, matrix);
  return nets[family](weights, x);
}

export function softmaxOf(scores: readonly number[], temperature = 1): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.exp((score - largest) / temperature));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

function normalisedSteps({ timeframes, window, features }: InputShape, { mean, deviation }: Normaliser, matrix: ArrayLike<number>): Rows {
  return Array.from({ length: window }, (_, step) =>
    Array.from({ length: timeframes * features }, (_, column) => {
      const [timeframe, feature] = [Math.floor(column / features), column % features];
      const raw = matrix[(timeframe * window + step) * features + feature]!;
      return Math.min(10, Math.max(-10, (raw - mean[column]!) / (deviation[column]! || 1)));
    }),
  );
}

const nets: Readonly<Record<NetFamilyName, (weights: Weights, x: Rows) => number[]>> = {
  cnn: (weights, x) => dense(weights, "head", [overTime(convolved(weights, "second", convolved(weights, "first", x)))])[0]!,
  lstm: (weights, x) => dense(weights, "head", [remembered(weights, "memory", x)])[0]!,
  transformer: (weights, x) => {
    const position = weights("position");
    let h = dense(weights, "embed", x).map((row, step) => row.map((value, i) => value + position[step * row.length + i]!));
    for (const block of ["block0", "block1"]) {
      h = sum(h, attended(weights, `${block}.attention`, normed(weights, `${block}.attention_norm`, h)));
      const inner = rectified(dense(weights, `${block}.inner`, normed(weights, `${block}.inner_norm`, h)));
      h = sum(h, dense(weights, `${block}.outer`, inner));
    }
    return dense(weights, "head", [overTime(normed(weights, "final_norm", h))])[0]!;
  },
  dqn: (weights, x) => {
    const first = rectified(dense(weights, "first", [x.flat()]));
    return dense(weights, "values", rectified(dense(weights, "second", first)))[0]!;
  },
};

function times(x: Rows, weight: ArrayLike<number>, columns: number): Rows {
  return x.map((row) =>
    Array.from({ length: columns }, (_, column) => row.reduce((total, value, i) => total + value * weight[i * columns + column]!, 0)),
  );
}

function dense(weights: Weights, name: string, x: Rows): Rows {
  const bias = weights(`${name}.bias`);
  return times(x, weights(`${name}.weight`), bias.length).map((row) => row.map((value, i) => value + bias[i]!));
}

/** Three steps at a time; beyond both ends there are zeros. */
function convolved(weights: Weights, name: string, x: Rows): Rows {
  const nothing = x[0]!.map(() => 0);
  const neighbours = x.map((row, step) => [...(x[step - 1] ?? nothing), ...row, ...(x[step + 1] ?? nothing)]);
  return rectified(dense(weights, name, neighbours));
}

function remembered(weights: Weights, name: string, x: Rows): number[] {
  const bias = weights(`${name}.bias`);
  const hidden = bias.length / 4;
  const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
  let h: number[] = Array(hidden).fill(0);
  const cell: number[] = Array(hidden).fill(0);
  for (const step of x) {
    const fromInput = times([step], weights(`${name}.input_weight`), 4 * hidden)[0]!;
    const fromHidden = times([h], weights(`${name}.hidden_weight`), 4 * hidden)[0]!;
    h = cell.map((before, unit) => {
      const gate = (index: number): number => {
        const at = index * hidden + unit;
        return fromInput[at]! + fromHidden[at]! + bias[at]!;
      };
      const [input, output, forget] = [sigmoid(gate(0)), sigmoid(gate(1)), sigmoid(gate(2))];
      cell[unit] = forget * before + input * Math.tanh(gate(3));
      return output * Math.tanh(cell[unit]);
    });
  }
  return h;
}

function attended(weights: Weights, name: string, x: Rows, heads = 4): Rows {
  const [query, key, value] = ["query", "key", "value"].map((part) => dense(weights, `${name}.${part}`, x)) as [Rows, Rows, Rows];
  const width = x[0]!.length / heads;
  const mixed = x.map((_, step) =>
    Array.from({ length: heads * width }, (_, column) => {
      const from = Math.floor(column / width) * width;
      const likeness = key.map((row) => {
        let product = 0;
        for (let i = from; i < from + width; i++) product += query[step]![i]! * row[i]!;
        return product / Math.sqrt(width);
      });
      return softmaxOf(likeness).reduce((total, share, other) => total + share * value[other]![column]!, 0);
    }),
  );
  return dense(weights, `${name}.mix`, mixed);
}

function normed(weights: Weights, name: string, x: Rows): Rows {
  const [gain, bias] = [weights(`${name}.gain`), weights(`${name}.bias`)];
  return x.map((row) => {
    const mean = row.reduce((total, value) => total + value, 0) / row.length;
    const variance = row.reduce((total, value) => total + (value - mean) ** 2, 0) / row.length;
    return row.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-5)) * gain[i]! + bias[i]!);
  });
}

function rectified(x: Rows): Rows {
  return x.map((row) => row.map((value) => Math.max(0, value)));
}

function sum(a: Rows, b: Rows): Rows {
  return a.map((row, step) => row.map((value, i) => value + b[step]![i]!));
}

function overTime(x: Rows): number[] {
  return x[0]!.map((_, i) => x.reduce((total, row) => total + row[i]!, 0) / x.length);
}
