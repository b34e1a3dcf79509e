/** One field of a protobuf message as it stands on the wire. */
export interface WireField {
  readonly number: number;
  /** Of varints; 0 for the others. */
  readonly value: bigint;
  /** Of length-delimited fields, and the 4 or 8 of fixed ones; empty for varints. */
  readonly bytes: Uint8Array;
  readonly kind: "varint" | "bytes" | "fixed";
}

const EMPTY = new Uint8Array(0);
const VARINT_MOST_BYTES = 10;

/** What is wrong with bytes that are not a protobuf message; readers of whole files turn it into a failure of their own. */
export class WireError extends Error {}

/** The fields of one message in order. Throws `WireError` where the bytes end too early or are no protobuf. */
export function* wireFields(bytes: Uint8Array): Generator<WireField> {
  let at = 0;

  function varint(): bigint {
    let value = 0n;
    for (let i = 0; i < VARINT_MOST_BYTES; i++) {
      const byte = bytes[at++];
      if (byte === undefined) throw new WireError("ends inside a number");
      value |= BigInt(byte & 127) << BigInt(7 * i);
      if (byte < 128) return value;
    }
    throw new WireError("holds a number of more than 64 bits");
  }

  function take(length: number): Uint8Array {
    if (at + length > bytes.length) throw new WireError(`ends ${at + length - bytes.length} bytes early`);
    at += length;
    return bytes.subarray(at - length, at);
  }

  while (at < bytes.length) {
    const tag = Number(varint());
    const number = Math.floor(tag / 8);
    if (number === 0) throw new WireError("has a field number 0");
    const type = tag % 8;
    if (type === 0) yield { number, value: varint(), bytes: EMPTY, kind: "varint" };
    else if (type === 2) yield { number, value: 0n, bytes: take(Number(varint())), kind: "bytes" };
    else if (type === 1 || type === 5) yield { number, value: 0n, bytes: take(type === 1 ? 8 : 4), kind: "fixed" };
    else throw new WireError(`has a field of wire type ${type}`);
  }
}

const decoder = new TextDecoder("utf-8", { fatal: true });

/** The text of a field. Throws `WireError` when it is not UTF-8. */
export function textOf(field: WireField): string {
  try {
    return decoder.decode(field.bytes);
  } catch {
    throw new WireError("holds text that is not UTF-8");
  }
}
