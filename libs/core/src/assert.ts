import { Failure } from "./errors.ts";

/** Stops on a broken invariant of our own. Stays on in production: wrong money is worse than no service. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw invariant(message);
}

/** A broken invariant to throw, for hot paths: there a message is worked out only when it is needed. */
export function invariant(message: string): Failure {
  return new Failure("bug", "INVARIANT", message);
}

/** Makes a `switch` over a closed union a compile error when a member is missing. */
export function unreachable(value: never): never {
  throw new Failure("bug", "UNREACHABLE", `unexpected value ${JSON.stringify(value)}`);
}
