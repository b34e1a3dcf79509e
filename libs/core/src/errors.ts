/**
 * What the caller should do about a failure:
 * `input` the person fixes a file, flag or setting; `retry` the same call may work later;
 * `order` this order stops, the rest goes on; `service` the process stops; `bug` ours.
 */
export type FailureAction = "input" | "retry" | "order" | "service" | "bug";

/** The one error class. `code` is stable; `message` carries the offending value and the way out. */
export class Failure extends Error {
  readonly action: FailureAction;
  readonly code: string;

  constructor(action: FailureAction, code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "Failure";
    this.action = action;
    this.code = code;
  }
}

/** True for a `Failure`, also one that crossed a package copy or a worker. */
export function isFailure(error: unknown): error is Failure {
  return error instanceof Error && "action" in error && "code" in error;
}

/** A failure a person mends: bad file, bad flag, bad setting. */
export function inputFailure(code: string, message: string): Failure {
  return new Failure("input", code, message);
}
