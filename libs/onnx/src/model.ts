/** Element types by their number in ONNX's `TensorProto.DataType`. */
export const dataTypes = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
} as const;

export type DataType = keyof typeof dataTypes;

/** A length, or a name for one that is known only at run time, such as the batch. */
export type Dimension = number | string;

/**
 * A constant of a graph, row-major. The element type of `data` must be that of `type`; float16 and bfloat16 stand as
 * their bits in Uint16Array, bool as 0 and 1 in Uint8Array.
 */
export interface Tensor {
  readonly name: string;
  readonly type: DataType;
  readonly dimensions: readonly number[];
  readonly data:
    | Float32Array
    | Float64Array
    | Int8Array
    | Int16Array
    | Int32Array
    | BigInt64Array
    | Uint8Array
    | Uint16Array
    | Uint32Array
    | BigUint64Array;
}

/** Whole numbers (bigint beyond 2^53) and lists of them are written plainly; everything else says what it is. */
export type Attribute =
  | number
  | bigint
  | readonly (number | bigint)[]
  | string
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly texts: readonly string[] }
  | { readonly tensor: Tensor }
  | { readonly graph: Graph };

/** One operator: `inputs` and `outputs` are names of values; an empty input leaves an optional one out. */
export interface GraphNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, Attribute>>;
  /** Operator set; the standard one by default. */
  readonly domain?: string;
}

/** A named value that goes into or comes out of a graph; those of graphs within graphs may leave the runtime to find out the rest. */
export interface Value {
  readonly name: string;
  readonly type?: DataType;
  /** Absent: of any number of axes. */
  readonly shape?: readonly Dimension[];
}

/** Nodes stand in an order in which each finds its inputs made. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly Value[];
  readonly outputs: readonly Value[];
  readonly constants: readonly Tensor[];
  readonly nodes: readonly GraphNode[];
}

export interface Model {
  readonly graph: Graph;
  /** Version of the standard operator set. */
  readonly opset: number;
  /** Versions of further operator sets, by domain. */
  readonly opsets?: Readonly<Record<string, number>>;
  readonly producer: string;
  readonly producerVersion: string;
  /** `metadata_props`. */
  readonly metadata: Readonly<Record<string, string>>;
}
