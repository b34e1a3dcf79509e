import { Failure, inputFailure } from "@tradewind/core";
import { AuthorizationError, connect, type NatsConnection, type NodeConnectionOptions } from "@nats-io/transport-node";
import type { Bus } from "../bus.ts";
import { warn, type BusOptions } from "../options.ts";
import { createNatsBus } from "./bus.ts";
import { createLink } from "./link.ts";

const TIMEOUT_MS = 5_000;
const PING_MS = 5_000;
const PINGS_MISSED_MAX = 2;
const RECONNECT_MS = 250;
const SERVER_MIN = [2, 9] as const;

export interface NatsOptions extends BusOptions {
  /** `nats://host:port`, one or several. */
  readonly servers: string | readonly string[];
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
  /** What the server's monitoring shows. */
  readonly name: string;
  /** Where answers to this connection arrive; a user with limited rights has one of its own. */
  readonly inboxPrefix?: string;
  /** How long to wait for an answer of the server. */
  readonly timeoutMs?: number;
}

/**
 * Connects to NATS with JetStream, 2.9 or later. Throws `BUS_UNREACHABLE` (retry), `BUS_REFUSED` (input: wrong user or
 * password), `BUS_VERSION` and `BUS_NO_JETSTREAM` (input). Once connected, it reconnects for ever.
 */
export async function connectNats(options: NatsOptions): Promise<Bus> {
  const { name, inboxPrefix = "_INBOX", timeoutMs = TIMEOUT_MS, onError = warn } = options;
  const nc = await open(options, inboxPrefix, timeoutMs);
  try {
    check(nc);
    const link = await createLink(nc, timeoutMs, inboxPrefix, onError);
    return createNatsBus(link, options);
  } catch (error) {
    await nc.close();
    throw error instanceof Failure ? error : new Failure("bug", "BUS_FAILED", `the bus of ${name}: ${String(error)}`, { cause: error });
  }
}

async function open({ servers, user, pass, token, name }: NatsOptions, inboxPrefix: string, timeout: number): Promise<NatsConnection> {
  const list = typeof servers === "string" ? [servers] : [...servers];
  const credentials: NodeConnectionOptions = {};
  if (user !== undefined) credentials.user = user;
  if (pass !== undefined) credentials.pass = pass;
  if (token !== undefined) credentials.token = token;
  try {
    return await connect({
      ...credentials,
      servers: list,
      name,
      inboxPrefix,
      timeout,
      maxReconnectAttempts: -1,
      reconnectTimeWait: RECONNECT_MS,
      ignoreAuthErrorAbort: true,
      pingInterval: PING_MS,
      maxPingOut: PINGS_MISSED_MAX,
      noAsyncTraces: true,
    });
  } catch (error) {
    const where = list.map((server) => server.replace(/\/\/[^@/]*@/, "//")).join(", ");
    if (error instanceof AuthorizationError)
      throw inputFailure(
        "BUS_REFUSED",
        `NATS at ${where} refuses ${user === undefined ? "the connection" : `user "${user}"`}: check user and password`,
      );
    const reason = error instanceof Error && error.message !== "" ? error.message : "no answer";
    throw new Failure("retry", "BUS_UNREACHABLE", `no NATS server at ${where} (${reason}); start it or correct the address`);
  }
}

function check(nc: NatsConnection): void {
  const { version = "", jetstream } = nc.info ?? {};
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < SERVER_MIN[0] || (major === SERVER_MIN[0] && minor < SERVER_MIN[1]))
    throw inputFailure("BUS_VERSION", `the NATS server is ${version}; ${SERVER_MIN.join(".")} or later is needed`);
  if (jetstream !== true)
    throw inputFailure("BUS_NO_JETSTREAM", "the NATS server runs without JetStream; start it with -js or a jetstream block");
}
