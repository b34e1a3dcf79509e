import { WireError, wireFields, type WireField } from "./wire-reader.ts";

const SIGNED_BITS = 64;

/** A varint of a signed type. */
export function signedOf(value: bigint): bigint {
  return BigInt.asIntN(SIGNED_BITS, value);
}

/** A length or position. Throws `WireError` for what is negative or beyond exact whole numbers. */
export function countOf(field: WireField): number {
  const value = Number(signedOf(field.value));
  if (field.kind !== "varint" || !Number.isSafeInteger(value) || value < 0) throw new WireError(`has a length of ${signedOf(field.value)}`);
  return value;
}

/** What a repeated field of a varint type adds: one value, or all of them where the writer packed them. */
export function varintsOf(field: WireField): bigint[] {
  return field.kind === "varint" ? [field.value] : field.kind === "bytes" ? [...packedVarints(field.bytes)] : wrongKind();
}

/** What a repeated float field adds, packed or one by one. */
export function floatsOf(field: WireField): Float32Array {
  if (field.kind === "varint" || field.bytes.length % Float32Array.BYTES_PER_ELEMENT !== 0) return wrongKind();
  return new Float32Array(aligned(field.bytes));
}

/** What a repeated double field adds, packed or one by one. */
export function doublesOf(field: WireField): Float64Array {
  if (field.kind === "varint" || field.bytes.length % Float64Array.BYTES_PER_ELEMENT !== 0) return wrongKind();
  return new Float64Array(aligned(field.bytes));
}

/** Adds any number of values; a spread of very many would not fit the stack. */
export function append<T>(list: T[], values: Iterable<T>): void {
  for (const value of values) list.push(value);
}

/** A copy of its own, as views of larger elements need. */
export function aligned(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** The fields of a message within a message. */
export function messageOf(field: WireField): Generator<WireField> {
  return field.kind === "bytes" ? wireFields(field.bytes) : wrongKind();
}

function* packedVarints(bytes: Uint8Array): Generator<bigint> {
  let value = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    value |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte >= 128) {
      if (shift >= 70n) throw new WireError("holds a number of more than 64 bits");
      continue;
    }
    yield BigInt.asUintN(SIGNED_BITS, value);
    value = 0n;
    shift = 0n;
  }
  if (shift !== 0n) throw new WireError("ends inside a number");
}

function wrongKind(): never {
  throw new WireError("has a field of another kind than ONNX says");
}
