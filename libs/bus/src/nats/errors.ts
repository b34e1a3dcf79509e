import { Failure, isFailure } from "@tradewind/core";
import { JetStreamApiError } from "@nats-io/jetstream";
import { NoRespondersError, PermissionViolationError } from "@nats-io/transport-node";

/** JetStream's own error numbers. */
export const WRONG_LAST_SEQUENCE = 10_071;
export const STREAM_NOT_FOUND = 10_059;
export const STREAM_EXISTS = 10_058;
export const SUBJECTS_OVERLAP = 10_065;
const FULL = new Set([10_023, 10_047, 10_077, 10_028]);

/** One of our failures for what client or server said while doing `what`. `unclear` is the code when nobody knows whether it was done. */
export function natsFailure(error: unknown, what: string, unclear = "BUS_UNAVAILABLE"): Failure {
  if (isFailure(error)) return error;
  const options = { cause: error };
  if (isForbidden(error))
    return new Failure(
      "service",
      "BUS_FORBIDDEN",
      `${what}: this user of the bus may not; see the permissions of the NATS server`,
      options,
    );
  if (isNoResponders(error)) return new Failure("retry", "BUS_UNAVAILABLE", `${what}: JetStream does not answer`, options);
  if (error instanceof JetStreamApiError) return apiFailure(error.code, error.message, what);
  return new Failure("retry", unclear, `${what}: ${error instanceof Error ? error.message : String(error)}`, options);
}

/** A failure for an error number in an answer of JetStream. */
export function apiFailure(code: number, description: string, what: string): Failure {
  if (code === STREAM_NOT_FOUND)
    return new Failure(
      "retry",
      "BUS_NOT_READY",
      `${what}: ${description}; start the service that makes streams and buckets, or use a user that may`,
    );
  if (FULL.has(code)) return new Failure("retry", "BUS_FULL", `${what}: ${description}; make room on the NATS server`);
  return new Failure("service", "BUS_FAILED", `${what}: ${description} (${code})`);
}

export function isNoResponders(error: unknown): boolean {
  return nested(error, NoRespondersError);
}

export function isForbidden(error: unknown): boolean {
  return nested(error, PermissionViolationError);
}

function nested(error: unknown, kind: new (...args: never[]) => Error): boolean {
  return error instanceof kind || (error instanceof Error && nested(error.cause, kind));
}
