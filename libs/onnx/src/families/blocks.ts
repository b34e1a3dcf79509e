import { conv1d, layerNorm, lstm } from "../autodiff/layers.ts";
import { linear } from "../autodiff/linear.ts";
import type { Variable } from "../autodiff/tape.ts";
import type { ParameterSource } from "./family.ts";
import { forgetting, glorot, ones, zeros } from "./initial.ts";

/** A layer together with its parameters, which are named `{name}.{part}`. */
export function dense(source: ParameterSource, name: string, x: Variable, width: number): Variable {
  const inner = x.shape.at(-1)!;
  const weight = source.parameter(`${name}.weight`, [inner, width], glorot(inner, width));
  return linear(x, weight, source.parameter(`${name}.bias`, [width], zeros));
}

/** Convolution over time of [batch, time, channels]; `width` steps are seen at once. */
export function convolution(source: ParameterSource, name: string, x: Variable, filters: number, width: number): Variable {
  const channels = x.shape.at(-1)!;
  const initial = glorot(width * channels, width * filters);
  const weight = source.parameter(`${name}.weight`, [width, channels, filters], initial);
  return conv1d(x, weight, source.parameter(`${name}.bias`, [filters], zeros));
}

/** The last hidden state of an LSTM over [batch, time, channels]. */
export function memory(source: ParameterSource, name: string, x: Variable, hidden: number): Variable {
  const channels = x.shape.at(-1)!;
  const gates = 4 * hidden;
  const inputWeight = source.parameter(`${name}.input_weight`, [channels, gates], glorot(channels, gates));
  const hiddenWeight = source.parameter(`${name}.hidden_weight`, [hidden, gates], glorot(hidden, gates));
  return lstm(x, inputWeight, hiddenWeight, source.parameter(`${name}.bias`, [gates], forgetting));
}

export function normed(source: ParameterSource, name: string, x: Variable): Variable {
  const width = x.shape.at(-1)!;
  return layerNorm(x, source.parameter(`${name}.gain`, [width], ones), source.parameter(`${name}.bias`, [width], zeros));
}
