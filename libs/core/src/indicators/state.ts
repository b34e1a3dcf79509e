import { Failure } from "../errors.ts";

/** A thing whose state can be taken out as plain data and put back, after which it continues bit for bit. */
export interface Stateful {
  snapshot(): unknown;
  restore(state: unknown): void;
}

type FloatArray = Float64Array | Float32Array;
type Fields = Record<string, unknown>;

function isStateful(value: unknown): value is Stateful {
  return typeof value === "object" && value !== null && "snapshot" in value && typeof value.snapshot === "function" && "restore" in value;
}

function isFloatArray(value: unknown): value is FloatArray {
  return value instanceof Float64Array || value instanceof Float32Array;
}

function mismatch(detail: string): Failure {
  return new Failure("service", "SNAPSHOT_MISMATCH", `${detail}; delete the checkpoint so that the state is rebuilt from candles`);
}

function capture(value: unknown, name: string): unknown {
  if (typeof value === "function" || typeof value === "symbol")
    throw new Failure(
      "bug",
      "SNAPSHOT_VALUE",
      `field "${name}" is a ${typeof value}; keep it in a closure or a # field, outside the state`,
    );
  if (typeof value !== "object" || value === null) return value;
  if (isStateful(value)) return value.snapshot();
  if (isFloatArray(value)) return value.slice();
  if (Array.isArray(value)) return value.map((item, i) => capture(item, `${name}[${i}]`));
  if (Object.getPrototypeOf(value) === Object.prototype) return captureState(value);
  throw new Failure("bug", "SNAPSHOT_VALUE", `field "${name}" is neither plain data nor has snapshot() and restore()`);
}

/**
 * The state of an object as plain data: every enumerable field is state, so no field can be forgotten.
 * Fields are numbers, strings, booleans, float arrays, other stateful objects, or lists and plain objects of these.
 * What is not state (a calendar, a callback) belongs in a `#` field or a closure.
 */
export function captureState(target: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(target).map(([name, value]) => [name, capture(value, name)]));
}

function restored(current: unknown, saved: unknown, name: string): unknown {
  if (isStateful(current)) {
    current.restore(saved);
    return current;
  }
  if (isFloatArray(current)) {
    if (!isFloatArray(saved) || saved.constructor !== current.constructor || saved.length !== current.length)
      throw mismatch(`snapshot field "${name}" does not hold ${current.length} values`);
    current.set(saved);
    return current;
  }
  if (Array.isArray(current) && current.some(isStateful)) {
    if (!Array.isArray(saved) || saved.length !== current.length)
      throw mismatch(`snapshot field "${name}" does not hold ${current.length} items`);
    return current.map((item, i) => restored(item, saved[i], `${name}[${i}]`));
  }
  if (typeof current === "object" && current !== null && !Array.isArray(current)) {
    restoreState(current, saved);
    return current;
  }
  return capture(saved, name);
}

/**
 * Puts back what `captureState` took. `fixed` names the fields that configure the object (a period): a snapshot
 * that differs in one of them is another object's. Throws `SNAPSHOT_MISMATCH`.
 */
export function restoreState(target: object, saved: unknown, ...fixed: readonly string[]): void {
  const fields = target as Fields;
  const names = Object.keys(fields);
  if (typeof saved !== "object" || saved === null || Object.keys(saved).join() !== names.join())
    throw mismatch(`snapshot does not have the fields ${names.join(", ")}`);
  const values = saved as Fields;
  for (const name of fixed)
    if (values[name] !== fields[name])
      throw mismatch(`snapshot was taken with ${name} ${String(values[name])}, not ${String(fields[name])}`);
  for (const name of names) fields[name] = restored(fields[name], values[name], name);
}
