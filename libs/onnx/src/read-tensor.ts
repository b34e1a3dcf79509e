import { dataTypes, type DataType, type Tensor } from "./model.ts";
import { aligned, append, countOf, doublesOf, floatsOf, messageOf, signedOf, varintsOf } from "./read-numbers.ts";
import { textOf, WireError, type WireField } from "./wire-reader.ts";

type Data = Tensor["data"];

interface Storage {
  readonly bytes: number;
  readonly view: (raw: ArrayBuffer) => Data;
  /** From the lists of numbers that a file may hold instead of raw bytes. */
  readonly from: (lists: Lists) => Data;
}

/** The lists by which `TensorProto` holds elements; small types share the one of int32. */
interface Lists {
  readonly floats: readonly number[];
  readonly doubles: readonly number[];
  readonly whole: readonly bigint[];
}

const small = ({ whole }: Lists): number[] => whole.map((value) => Number(BigInt.asIntN(32, value)));

const storages: Readonly<Partial<Record<DataType, Storage>>> = {
  float: { bytes: 4, view: (raw) => new Float32Array(raw), from: ({ floats }) => Float32Array.from(floats) },
  double: { bytes: 8, view: (raw) => new Float64Array(raw), from: ({ doubles }) => Float64Array.from(doubles) },
  int8: { bytes: 1, view: (raw) => new Int8Array(raw), from: (lists) => Int8Array.from(small(lists)) },
  int16: { bytes: 2, view: (raw) => new Int16Array(raw), from: (lists) => Int16Array.from(small(lists)) },
  int32: { bytes: 4, view: (raw) => new Int32Array(raw), from: (lists) => Int32Array.from(small(lists)) },
  int64: { bytes: 8, view: (raw) => new BigInt64Array(raw), from: ({ whole }) => BigInt64Array.from(whole, signedOf) },
  uint8: { bytes: 1, view: (raw) => new Uint8Array(raw), from: (lists) => Uint8Array.from(small(lists)) },
  uint16: { bytes: 2, view: (raw) => new Uint16Array(raw), from: (lists) => Uint16Array.from(small(lists)) },
  uint32: { bytes: 4, view: (raw) => new Uint32Array(raw), from: (lists) => Uint32Array.from(small(lists)) },
  uint64: { bytes: 8, view: (raw) => new BigUint64Array(raw), from: ({ whole }) => BigUint64Array.from(whole) },
  bool: { bytes: 1, view: (raw) => new Uint8Array(raw), from: (lists) => Uint8Array.from(small(lists)) },
  float16: { bytes: 2, view: (raw) => new Uint16Array(raw), from: (lists) => Uint16Array.from(small(lists)) },
  bfloat16: { bytes: 2, view: (raw) => new Uint16Array(raw), from: (lists) => Uint16Array.from(small(lists)) },
};

/** Our name of an element type, or undefined where we have none. */
export function typeNumbered(number: bigint): DataType | undefined {
  return (Object.keys(dataTypes) as DataType[]).find((name) => BigInt(dataTypes[name]) === number);
}

/** What the file has and we cannot hold: whole, but not for us. */
export class UnsupportedError extends Error {}

/** A constant (`TensorProto`). Throws `WireError` when it is not whole, `UnsupportedError` for elements we do not hold. */
export function readTensor(tensor: WireField): Tensor {
  const dimensions: number[] = [];
  const floats: number[] = [];
  const doubles: number[] = [];
  const whole: bigint[] = [];
  let name = "";
  let typeNumber = 0n;
  let raw: Uint8Array | undefined;
  for (const field of messageOf(tensor)) {
    if (field.number === 1) for (const length of varintsOf(field)) dimensions.push(countOf({ ...field, kind: "varint", value: length }));
    else if (field.number === 2) typeNumber = field.value;
    else if (field.number === 4) append(floats, floatsOf(field));
    else if (field.number === 5 || field.number === 7 || field.number === 11) append(whole, varintsOf(field));
    else if (field.number === 8) name = textOf(field);
    else if (field.number === 9) raw = field.bytes;
    else if (field.number === 10) append(doubles, doublesOf(field));
    else if (field.number === 14 && field.value !== 0n) throw new UnsupportedError(`keeps its constant "${name}" in another file`);
  }
  const type = typeNumbered(typeNumber);
  const storage = type && storages[type];
  if (storage === undefined) throw new UnsupportedError(`has a constant "${name}" of elements of type ${type ?? typeNumber}`);
  if (raw !== undefined && raw.length % storage.bytes !== 0) throw new WireError(`ends inside the constant "${name}"`);
  const data = raw === undefined ? storage.from({ floats, doubles, whole }) : storage.view(aligned(raw));
  const size = dimensions.reduce((product, length) => product * length, 1);
  if (size !== data.length) throw new WireError(`has ${data.length} numbers in its constant "${name}" of [${dimensions.join(", ")}]`);
  return { name, type: type!, dimensions, data };
}
