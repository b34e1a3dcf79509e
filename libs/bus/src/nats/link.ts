import { Failure } from "@tradewind/core";
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from "@nats-io/transport-node";
import { jetstreamManager, type JetStreamManager } from "@nats-io/jetstream";
import type { Subscription } from "../bus.ts";
import { natsFailure } from "./errors.ts";

/** Room for an id and an expected sequence beside a message. */
const HEADERS_MAX = 1024;
const LEAVE_MS = 1000;

export interface AskOptions {
  readonly headers?: MsgHdrs;
  readonly timeoutMs?: number;
  /** The code of the failure when it was sent and nobody answered. */
  readonly unclear?: string;
}

/** A connection that knows whether it stands, and gives up at once on what was sent when it breaks. */
export interface Link {
  readonly nc: NatsConnection;
  readonly jsm: JetStreamManager;
  readonly connected: boolean;
  readonly closed: boolean;
  onStatus(listener: (connected: boolean, detail: string) => void): Subscription;
  /** Asks the server. Throws one of our failures; `BUS_UNAVAILABLE` means it was not sent or not taken. */
  ask(subject: string, payload: Uint8Array, what: string, options?: AskOptions): Promise<Msg>;
  /** Throws `BUS_TOO_LARGE` (service) for what the server would not take. */
  checked(what: string, payload: Uint8Array): Uint8Array;
  /** Runs a call of the client library, with its errors as failures. */
  call<T>(what: string, run: () => Promise<T>): Promise<T>;
  inbox(): string;
  close(): Promise<void>;
}

interface Standing {
  connected: boolean;
  closed: boolean;
  readonly listeners: Set<(connected: boolean, detail: string) => void>;
  /** What to tell those whose answer will not come. */
  readonly unanswered: Set<(error: Error) => void>;
}

/** `onError` gets what the server complains of without being asked, such as a subject this user may not use. */
export async function createLink(
  nc: NatsConnection,
  timeoutMs: number,
  inboxPrefix: string,
  onError: (error: unknown, where: string) => void,
): Promise<Link> {
  const jsm = await jetstreamManager(nc, { checkAPI: false, timeout: timeoutMs });
  const standing: Standing = { connected: true, closed: false, listeners: new Set(), unanswered: new Set() };
  follow(nc, standing, onError);
  const checked = (what: string, payload: Uint8Array): Uint8Array => sized(nc, what, payload);

  return {
    nc,
    jsm,
    checked,
    get connected() {
      return standing.connected;
    },
    get closed() {
      return standing.closed;
    },
    onStatus(listener) {
      standing.listeners.add(listener);
      return { stop: () => void standing.listeners.delete(listener) };
    },
    ask(subject, payload, what, { headers, timeoutMs: timeout = timeoutMs, unclear } = {}) {
      return new Promise((resolve, reject) => {
        if (!standing.connected) return reject(away(standing, what));
        checked(what, payload);
        const fail = (error: unknown): void => {
          standing.unanswered.delete(fail);
          reject(natsFailure(error, what, unclear));
        };
        standing.unanswered.add(fail);
        nc.request(subject, payload, headers === undefined ? { timeout } : { timeout, headers }).then((message) => {
          standing.unanswered.delete(fail);
          resolve(message);
        }, fail);
      });
    },
    async call(what, run) {
      if (!standing.connected) throw away(standing, what);
      try {
        return await run();
      } catch (error) {
        throw natsFailure(error, what);
      }
    },
    inbox: () => createInbox(inboxPrefix),
    async close() {
      if (standing.closed) return;
      // What was published must leave; a server that does not answer must not hold up the end.
      if (standing.connected)
        await Promise.race([nc.flush().catch(() => undefined), new Promise((resolve) => setTimeout(resolve, LEAVE_MS).unref())]);
      await nc.close();
    },
  };
}

/** Keeps `standing` as the client library tells it. */
function follow(nc: NatsConnection, standing: Standing, onError: (error: unknown, where: string) => void): void {
  function tell(now: boolean, detail: string): void {
    if (standing.connected === now) return;
    standing.connected = now;
    if (!now) {
      for (const reject of standing.unanswered) reject(new Error("the connection broke before the answer"));
      standing.unanswered.clear();
    }
    for (const listener of standing.listeners) listener(now, detail);
  }
  async function listen(): Promise<void> {
    for await (const status of nc.status()) {
      if (status.type === "disconnect") tell(false, `connection to NATS at ${status.server} lost; trying again`);
      else if (status.type === "reconnect") tell(true, `connected to NATS at ${status.server} again`);
      else if (status.type === "error" && standing.connected) onError(status.error, "the NATS connection");
    }
  }
  void listen();
  void nc.closed().then(() => {
    standing.closed = true;
    tell(false, "connection to NATS closed");
  });
}

function away({ closed }: Standing, what: string): Failure {
  return closed
    ? new Failure("service", "BUS_CLOSED", `${what}: this connection to the bus is closed`)
    : new Failure("retry", "BUS_UNAVAILABLE", `${what}: no connection to NATS`);
}

function sized(nc: NatsConnection, what: string, payload: Uint8Array): Uint8Array {
  const most = nc.info?.max_payload ?? Infinity;
  if (payload.length + HEADERS_MAX <= most) return payload;
  throw new Failure(
    "service",
    "BUS_TOO_LARGE",
    `${what}: ${payload.length} bytes; the NATS server takes ${most} with headers (max_payload)`,
  );
}
