import { Failure } from "@tradewind/core";
import type { Attribute, DataType, Dimension, Graph, GraphNode, Tensor, Value } from "../model.ts";

/** A tensor that will exist when the graph runs: its name there, and its shape, known in advance. */
export interface Variable {
  readonly tape: Tape;
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: DataType;
}

/** Given dL/d(output) for each output, gives dL/d(input) for each input; undefined where nothing flows back. */
export type Backward = (gradients: readonly Variable[]) => readonly (Variable | undefined)[];

/** One step of a computation, in the order in which it was written down. */
export interface TapeEntry {
  readonly inputs: readonly Variable[];
  readonly outputs: readonly Variable[];
  readonly backward: Backward;
}

/**
 * How layers are written down: `training` in elementary operators that have gradients, `serving` as the runtime's own
 * layers (Conv, LSTM, LayerNormalization), which are quicker and easier to read in a viewer.
 */
export type TapeForm = "training" | "serving";

/** A graph in the making. Operations write operators onto it and remember how gradients flow back through them. */
export interface Tape {
  readonly form: TapeForm;
  readonly entries: readonly TapeEntry[];
  /** `dimensions` is what the file declares where it differs from `shape`, such as a batch with a name. */
  input(
    name: string,
    shape: readonly number[],
    options?: { readonly type?: DataType; readonly dimensions?: readonly Dimension[] },
  ): Variable;
  /** Equal scalars and lists of whole numbers are kept once. */
  constant(shape: readonly number[], data: Tensor["data"], type?: DataType): Variable;
  /** The numbers of a constant; undefined for anything else. */
  constantOf(variable: Variable): Tensor | undefined;
  /** Writes one operator down. The type of its outputs is that of its first input. */
  emit(operator: string, inputs: readonly Variable[], shapes: readonly (readonly number[])[], options?: EmitOptions): Variable[];
  remember(entry: TapeEntry): void;
  output(name: string, from: Variable, dimensions?: readonly Dimension[]): void;
  /** The graph of what the outputs need; everything else is left out. */
  finish(): Graph;
}

export interface EmitOptions {
  readonly attributes?: Readonly<Record<string, Attribute>>;
  readonly type?: DataType;
  /** Outputs that come before the ones wanted and are left out. */
  readonly skipOutputs?: number;
}

export function openTape(graphName: string, form: TapeForm = "training"): Tape {
  const inputs: Value[] = [];
  const outputs: Value[] = [];
  const nodes: GraphNode[] = [];
  const entries: TapeEntry[] = [];
  const constants = new Map<string, Tensor>();
  const known = new Map<string, Variable>();

  function addConstant(shape: readonly number[], data: Tensor["data"], type: DataType): Variable {
    const name = `c${constants.size}`;
    constants.set(name, { name, type, dimensions: shape, data });
    return { tape, name, shape, type };
  }

  const tape: Tape = {
    form,
    entries,
    input(name, shape, { type = "float", dimensions = shape } = {}) {
      inputs.push({ name, type, shape: dimensions });
      return { tape, name, shape, type };
    },
    constant(shape, data, type = "float") {
      if (shape.length > 0 && type !== "int64") return addConstant(shape, data, type);
      const key = `${type}[${shape.join()}] ${data.join()}`;
      const found = known.get(key) ?? addConstant(shape, data, type);
      known.set(key, found);
      return found;
    },
    constantOf: ({ name }) => constants.get(name),
    emit(operator, from, shapes, { attributes = {}, type = from[0]!.type, skipOutputs = 0 } = {}) {
      for (const variable of from)
        if (variable.tape !== tape)
          throw new Failure("bug", "TAPE_MIXED", `${operator} of "${graphName}" takes "${variable.name}" of another tape`);
      const made = shapes.map((shape, i) => ({
        tape,
        name: `${operator.toLowerCase()}_${nodes.length}${i > 0 ? `_${i}` : ""}`,
        shape,
        type,
      }));
      const names = [...Array<string>(skipOutputs).fill(""), ...made.map(({ name }) => name)];
      nodes.push({ operator, inputs: from.map(({ name }) => name), outputs: names, attributes });
      return made;
    },
    remember: (entry) => void entries.push(entry),
    output(name, from, dimensions = from.shape) {
      nodes.push({ operator: "Identity", inputs: [from.name], outputs: [name] });
      outputs.push({ name, type: from.type, shape: dimensions });
    },
    finish() {
      const live = new Set(outputs.map(({ name }) => name));
      const kept: GraphNode[] = [];
      for (const node of nodes.toReversed()) {
        if (!node.outputs.some((name) => name !== "" && live.has(name))) continue;
        kept.push(node);
        for (const name of node.inputs) live.add(name);
      }
      return {
        name: graphName,
        inputs,
        outputs,
        constants: [...constants.values()].filter(({ name }) => live.has(name)),
        nodes: kept.toReversed(),
      };
    },
  };
  return tape;
}

/** Writes down an operator with one output and its gradient: `backward` gets dL/d(output) and the output. */
export function apply(
  operator: string,
  inputs: readonly Variable[],
  shape: readonly number[],
  backward: (gradient: Variable, output: Variable) => readonly (Variable | undefined)[],
  attributes: Readonly<Record<string, Attribute>> = {},
): Variable {
  const { tape } = inputs[0]!;
  const output = tape.emit(operator, inputs, [shape], { attributes })[0]!;
  tape.remember({ inputs, outputs: [output], backward: ([gradient]) => backward(gradient!, output) });
  return output;
}

/** A list of whole numbers for operators that take shapes or axes as an input. */
export function wholes(tape: Tape, values: readonly number[]): Variable {
  return tape.constant([values.length], BigInt64Array.from(values, BigInt), "int64");
}

/** A number of the same type as `like`. */
export function scalar(like: Variable, value: number): Variable {
  return numbers(like.tape, [], [value], like.type);
}

/** A constant in the precision asked for: float, float16 or double. */
export function numbers(tape: Tape, shape: readonly number[], values: ArrayLike<number>, type: DataType): Variable {
  if (type === "float16") return tape.constant(shape, new Uint16Array(Float16Array.from(values).buffer), type);
  if (type === "double") return tape.constant(shape, Float64Array.from(values), type);
  return tape.constant(shape, Float32Array.from(values), type);
}
