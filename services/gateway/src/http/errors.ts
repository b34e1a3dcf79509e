import type { FastifyError, FastifyReply } from "fastify";
import { isFailure, type Failure } from "@tradewind/core";

/** What a request that is not served is told. Nothing of the inside: no stack, no path of the machine, no token. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

export const refusals = {
  token: {
    status: 401,
    code: "UNAUTHORIZED",
    message: "send the gateway's token as `authorization: Bearer TOKEN`; it is in gateway.token_file",
  },
  origin: { status: 403, code: "FOREIGN_ORIGIN", message: "requests of other origins are not taken" },
  route: { status: 404, code: "NOT_FOUND", message: "there is nothing here; GET /api/openapi.json lists what there is" },
  upgrade: { status: 426, code: "UPGRADE_REQUIRED", message: "this is a WebSocket; connect with one" },
  url: { status: 414, code: "URL_TOO_LONG", message: "the URL is too long" },
  clients: { status: 503, code: "TOO_MANY_CLIENTS", message: "too many open streams; close one and try again" },
  internal: { status: 500, code: "INTERNAL", message: "the gateway failed on this request; its log says more" },
} as const satisfies Record<string, Refusal>;

export function methodRefusal(allowed: readonly string[]): Refusal {
  return { status: 405, code: "METHOD_NOT_ALLOWED", message: `this takes ${allowed.join(", ")}` };
}

/** Codes of fastify with a meaning for the caller. */
const fastifyCodes: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    status: 415,
    code: "UNSUPPORTED_MEDIA_TYPE",
    message: "send JSON with content-type application/json; a model's file as application/octet-stream, its card as text/html",
  },
  FST_ERR_CTP_EMPTY_JSON_BODY: { status: 400, code: "BAD_REQUEST", message: "the body is empty; send JSON" },
  FST_ERR_CTP_INVALID_JSON_BODY: { status: 400, code: "BAD_REQUEST", message: "the body is not JSON" },
  FST_ERR_BAD_URL: { status: 400, code: "BAD_REQUEST", message: "the URL cannot be read" },
  FST_ERR_MAX_PARAM_LENGTH: { status: 414, code: "URL_TOO_LONG", message: "the URL is too long" },
};

/** Failures of input that are not about the request's form. */
const failureStatus: Readonly<Record<string, number>> = {
  VARIANT_MISSING: 404,
  UNKNOWN_VARIANT: 404,
  UNKNOWN_ACCOUNT: 404,
  NOT_FOUND: 404,
  MODE_NOT_STARTED: 409,
  LEDGER_NEEDS: 409,
  NO_MARKET_CLOCK: 409,
  NOTHING_TO_COMMAND: 409,
  MODEL_UNKNOWN: 404,
  MODEL_VERSION_UNKNOWN: 404,
  MODEL_CARD_MISSING: 404,
  UNKNOWN_JOB: 404,
  JOB_ENDED: 409,
};

/** `bodyLimit` is that of the route in bytes, where there is one. */
export function refusalOf(error: unknown, bodyLimit = 0): Refusal {
  // fastify's errors have a code as ours do; what tells ours is the action.
  if (isFailure(error)) return failureRefusal(error);
  if (!(error instanceof Error)) return refusals.internal;
  const { code, validation, validationContext, statusCode = 500 } = error as FastifyError;
  if (validation !== undefined) {
    const first = validation[0];
    const where = `${validationContext ?? "request"}${(first?.instancePath ?? "").replaceAll("/", ".").replace(/\.$/, "")}`;
    return { status: 400, code: "BAD_REQUEST", message: `${where}: ${first?.message ?? "is not valid"}` };
  }
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE")
    return { status: 413, code: "BODY_TOO_LARGE", message: `a body may have ${sizeOf(bodyLimit)} here` };
  const known = fastifyCodes[code];
  if (known !== undefined) return known;
  return statusCode >= 400 && statusCode < 500
    ? { status: statusCode, code: "BAD_REQUEST", message: "the request cannot be read" }
    : refusals.internal;
}

const sizeOf = (bytes: number): string =>
  bytes >= 1_048_576 ? `${Math.floor(bytes / 1_048_576)} MiB` : `${Math.floor(bytes / 1_024)} KiB`;

function failureRefusal({ action, code, message }: Failure): Refusal {
  if (action === "input") return { status: failureStatus[code] ?? 400, code, message };
  return action === "retry" ? { status: 503, code, message } : refusals.internal;
}

/** Answers with a refusal, whatever the route's own replies look like. */
export function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
  // The serializer of a route knows its success only.
  return reply
    .code(refusal.status)
    .type("application/json; charset=utf-8")
    .serializer((body: unknown) => JSON.stringify(body))
    .send({ error: { code: refusal.code, message: refusal.message } });
}
