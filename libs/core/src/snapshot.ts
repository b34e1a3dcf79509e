import { Failure } from "./errors.ts";

/**
 * Snapshots as text: JSON for plain data that also carries, exactly, what JSON loses. Whatever JSON can say is
 * written as JSON says it; the rest is an object with one `$` key:
 *
 *     {"$n":"NaN"}   NaN, Infinity, -Infinity, -0        {"$m":[[key,value]]}          Map, in order
 *     {"$b":"12"}    bigint                              {"$s":[value]}                Set, in order
 *     {"$u":0}       undefined                           {"$t":["Float64Array","..."]} bytes in base64
 *     {"$o":[[key,value]]}   an object whose own keys start with "$"
 *
 * The order of keys is kept, so equal values built in the same order give equal text.
 */

const typedArrays = {
  Float64Array,
  Float32Array,
  Int8Array,
  Int16Array,
  Int32Array,
  Uint8Array,
  Uint8ClampedArray,
  Uint16Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
} as const;
type TypedArrayName = keyof typeof typedArrays;

const BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const CODE_OF = new Map([...BASE64].map((letter, code) => [letter, code]));

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += 3) {
    const group = (bytes[i]! << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += BASE64[group >> 18]! + BASE64[(group >> 12) & 63]!;
    text += i + 1 < bytes.length ? BASE64[(group >> 6) & 63]! : "=";
    text += i + 2 < bytes.length ? BASE64[group & 63]! : "=";
  }
  return text;
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const padding = text.endsWith("==") ? 2 : text.endsWith("=") ? 1 : 0;
  if (text.length % 4 !== 0) throw broken("base64 of a wrong length");
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  const code = (at: number) => {
    if (at >= text.length - padding) return 0;
    const found = CODE_OF.get(text[at]!);
    if (found === undefined) throw broken(`"${text[at]}" is not base64`);
    return found;
  };
  for (let i = 0, at = 0; i < bytes.length; i += 3, at += 4) {
    const group = (code(at) << 18) | (code(at + 1) << 12) | (code(at + 2) << 6) | code(at + 3);
    bytes[i] = group >> 16;
    bytes[i + 1] = (group >> 8) & 255;
    bytes[i + 2] = group & 255;
  }
  return bytes;
}

function broken(detail: string): Failure {
  return new Failure("service", "BAD_SNAPSHOT", `snapshot cannot be read: ${detail}; delete it so that the state is rebuilt from the log`);
}

function refused(what: string, path: string): Failure {
  return new Failure("bug", "SNAPSHOT_VALUE", `${path || "the value"} is ${what}; a snapshot takes plain data only`);
}

function encodeTyped(value: ArrayBufferView): { $t: [TypedArrayName, string] } | undefined {
  for (const name of Object.keys(typedArrays) as TypedArrayName[])
    if (value instanceof typedArrays[name])
      return { $t: [name, toBase64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength))] };
  return undefined;
}

/** `inside` holds the objects on the way down, to refuse cycles. */
function encode(value: unknown, path: string, inside: Set<object>): unknown {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $n: Object.is(value, -0) ? "-0" : String(value) };
    case "bigint":
      return { $b: String(value) };
    case "undefined":
      return { $u: 0 };
    case "string":
    case "boolean":
      return value;
    case "object":
      return value === null ? null : encodeObject(value, path, inside);
    default:
      throw refused(`a ${typeof value}`, path);
  }
}

function encodeObject(value: object, path: string, inside: Set<object>): unknown {
  if (inside.has(value)) throw refused("part of itself", path);
  inside.add(value);
  const text = encodeContent(value, path, inside);
  inside.delete(value);
  return text;
}

function encodeContent(value: object, path: string, inside: Set<object>): unknown {
  const item = (part: unknown, name: unknown) => encode(part, `${path}.${String(name)}`, inside);
  if (Array.isArray(value)) return Array.from(value, item);
  if (value instanceof Map) return { $m: Array.from(value, ([key, part]) => [item(key, "key"), item(part, key)]) };
  if (value instanceof Set) return { $s: Array.from(value, item) };
  if (ArrayBuffer.isView(value)) {
    const typed = encodeTyped(value);
    if (typed) return typed;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw refused("an object of a class", path);
  const entries = Object.entries(value).map(([name, part]): [string, unknown] => [name, item(part, name)]);
  return entries.some(([name]) => name.startsWith("$")) ? { $o: entries } : Object.fromEntries(entries);
}

function decodeTyped(name: unknown, text: unknown): unknown {
  if (typeof name !== "string" || !Object.hasOwn(typedArrays, name) || typeof text !== "string")
    throw broken(`unknown array type ${JSON.stringify(name)}`);
  const type = typedArrays[name as TypedArrayName];
  const bytes = fromBase64(text);
  if (bytes.length % type.BYTES_PER_ELEMENT !== 0) throw broken(`${bytes.length} bytes do not make a ${name}`);
  return new type(bytes.buffer);
}

function decodePairs(content: unknown): [unknown, unknown][] {
  return decodeList(content).map((pair) => {
    if (!Array.isArray(pair) || pair.length !== 2) throw broken("a pair is expected");
    return pair as [unknown, unknown];
  });
}

function decodeList(content: unknown): unknown[] {
  if (!Array.isArray(content)) throw broken("a list is expected");
  return content.map(decode);
}

function decodeTagged(tag: string, content: unknown): unknown {
  switch (tag) {
    case "$n":
      if (!["NaN", "Infinity", "-Infinity", "-0"].includes(String(content))) throw broken(`"${String(content)}" is not a special number`);
      return Number(content);
    case "$b":
      if (!/^-?\d+$/.test(String(content))) throw broken(`"${String(content)}" is not a whole number`);
      return BigInt(String(content));
    case "$u":
      return undefined;
    case "$m":
      return new Map(decodePairs(content));
    case "$s":
      return new Set(decodeList(content));
    case "$t":
      return Array.isArray(content) ? decodeTyped(content[0], content[1]) : decodeTyped(content, content);
    case "$o":
      return Object.fromEntries(decodePairs(content) as [string, unknown][]);
    default:
      throw broken(`unknown mark "${tag}"`);
  }
}

function decode(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(decode);
  const entries = Object.entries(value);
  const [first] = entries;
  if (entries.length === 1 && first![0].startsWith("$")) return decodeTagged(first![0], first![1]);
  return Object.fromEntries(entries.map(([name, part]) => [name, decode(part)]));
}

/**
 * Plain data as text that `decodeSnapshot` gives back exactly: numbers, strings, booleans, null, undefined, bigint,
 * arrays, plain objects, Map, Set and typed arrays (bytes of the machine, little-endian wherever Node runs).
 * Throws `SNAPSHOT_VALUE` on functions, symbols, objects of other classes and cycles.
 */
export function encodeSnapshot(value: unknown): string {
  return JSON.stringify(encode(value, "", new Set()));
}

/** The value that `encodeSnapshot` wrote. Throws `BAD_SNAPSHOT`. */
export function decodeSnapshot(text: string): unknown {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw broken(error instanceof Error ? error.message : String(error));
  }
  return decode(parsed);
}
