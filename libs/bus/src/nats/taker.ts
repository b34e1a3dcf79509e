import { nanos, type Msg, type Subscription } from "@nats-io/transport-node";
import type { Link } from "./link.ts";
import { placeOf, type Delivered } from "./pull.ts";

const PULL_MS = 30_000;
const HEARTBEAT_MS = 2_000;
/** Without a sign for so long while a message is asked for, the asking is taken for lost. */
const SILENCE_MS = 3 * HEARTBEAT_MS;

/** Asks a shared pull consumer for one message at a time. */
export interface Taker {
  /** The next message; undefined after `stop`; "gone" when the consumer may be there no more. */
  next(): Promise<Delivered | "gone" | undefined>;
  /** Ends the waiting of `next`. */
  stop(): void;
  /** After `stop`, once `next` is called no more: what was on its way goes back. */
  close(): void;
}

export function openTaker(link: Link, stream: string, consumer: string): Taker {
  const inbox = link.inbox();
  let settle: ((got: Delivered | "gone" | undefined) => void) | undefined;
  let stopped = false;
  const subscription: Subscription = link.nc.subscribe(inbox, {
    callback: (error, message) => {
      if (error) return end("gone");
      heard();
      if (message.reply?.startsWith("$JS.ACK.") === true) received(message, message.reply);
      else control(message);
    },
  });
  const status = link.onStatus((connected) => (connected ? ask() : link.closed && end(undefined)));

  function received(message: Msg, reply: string): void {
    if (settle === undefined) return link.nc.publish(reply, "-NAK");
    const { count: _, ...place } = placeOf(reply);
    end({ subject: message.subject, ...place, message });
  }

  /** Heartbeats, the end of a pull, and the consumer's death. */
  function control(message: Msg): void {
    const code = message.headers?.code;
    if (code === 100) return;
    if (code === 404 || code === 408) ask();
    else end("gone");
  }

  function end(got: Delivered | "gone" | undefined): void {
    clearTimeout(alarm);
    settle?.(got);
    settle = undefined;
  }

  let alarm: NodeJS.Timeout;
  function heard(): void {
    clearTimeout(alarm);
    if (settle === undefined) return;
    alarm = setTimeout(() => (link.connected ? end("gone") : undefined), SILENCE_MS);
    alarm.unref();
  }

  function ask(): void {
    if (settle === undefined || !link.connected) return;
    heard();
    const request = { batch: 1, expires: nanos(PULL_MS), idle_heartbeat: nanos(HEARTBEAT_MS) };
    link.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply: inbox });
  }

  return {
    next() {
      if (stopped || link.closed) return Promise.resolve(undefined);
      return new Promise((resolve) => {
        settle = resolve;
        ask();
      });
    },
    stop() {
      stopped = true;
      end(undefined);
    },
    close() {
      status.stop();
      end(undefined);
      // A message on its way to nobody would be kept from the others for as long as its worker has.
      if (!link.closed && link.connected) void subscription.drain().catch(() => undefined);
    },
  };
}
