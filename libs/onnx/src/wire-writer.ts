/** Writes protobuf wire format: https://protobuf.dev/programming-guides/encoding */
export interface WireWriter {
  /** A whole number of any int type; negative ones take ten bytes, as int64 does. */
  int(field: number, value: number | bigint): WireWriter;
  float(field: number, value: number): WireWriter;
  bytes(field: number, value: Uint8Array): WireWriter;
  text(field: number, value: string): WireWriter;
  message(field: number, value: WireWriter): WireWriter;
  /** The bytes so far; valid until the next write. */
  finish(): Uint8Array;
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const VARINT_MOST_BYTES = 10;

const encoder = new TextEncoder();

export function wireWriter(): WireWriter {
  let buffer = new Uint8Array(256);
  let length = 0;

  function reserve(more: number): void {
    if (length + more <= buffer.length) return;
    const larger = new Uint8Array(Math.max(buffer.length * 2, length + more));
    larger.set(buffer.subarray(0, length));
    buffer = larger;
  }

  function varint(value: number | bigint): void {
    reserve(VARINT_MOST_BYTES);
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 127n; rest >>= 7n) buffer[length++] = Number(rest & 127n) | 128;
    buffer[length++] = Number(rest);
  }

  const tag = (field: number, type: number): void => varint(field * 8 + type);

  const writer: WireWriter = {
    int(field, value) {
      tag(field, VARINT);
      varint(value);
      return writer;
    },
    float(field, value) {
      tag(field, FIXED32);
      reserve(4);
      new DataView(buffer.buffer).setFloat32(length, value, true);
      length += 4;
      return writer;
    },
    bytes(field, value) {
      tag(field, LENGTH_DELIMITED);
      varint(value.length);
      reserve(value.length);
      buffer.set(value, length);
      length += value.length;
      return writer;
    },
    text: (field, value) => writer.bytes(field, encoder.encode(value)),
    message: (field, value) => writer.bytes(field, value.finish()),
    finish: () => buffer.subarray(0, length),
  };
  return writer;
}
