import { Failure } from "./errors.ts";

/** Stops on a broken invariant of our own. Stays on in production: wrong money is worse than no service. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new Failure("bug", "INVARIANT", message);
}

/** Makes a `switch` over a closed union a compile error when a member is missing. */
export function unreachable(value: never): never {
  throw new Failure("bug", "UNREACHABLE", `unexpected value ${JSON.stringify(value)}`);
}
