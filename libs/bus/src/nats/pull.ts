import { nanos, type Msg, type Subscription } from "@nats-io/transport-node";
import type { Failure } from "@tradewind/core";
import { natsFailure } from "./errors.ts";
import type { Link } from "./link.ts";

const PULL_MS = 30_000;
const HEARTBEAT_MS = 2_000;
/** Without a sign for so long, the consumer is taken for dead. */
const SILENCE_MS = 3 * HEARTBEAT_MS;

export interface Delivered {
  readonly subject: string;
  readonly seq: number;
  readonly time: number;
  /** Messages of the filter that come after this one, as the server saw it. */
  readonly pending: number;
  readonly message: Msg;
}

export interface PullOptions {
  readonly link: Link;
  readonly stream: string;
  readonly consumer: string;
  /** How many more messages there is room for. */
  readonly room: () => number;
  readonly take: (delivered: Delivered) => void;
  /** Something is missing or the consumer is gone; with a reason, nothing can be done. */
  readonly lost: (reason?: Failure) => void;
}

/** What asks one pull consumer for its messages, and sees whether one is missing. */
export interface Pull {
  /** Asks for more when there is room for a good many. */
  more(): void;
  /** Ends it, and the consumer with it. */
  close(): void;
}

export function openPull({ link, stream, consumer, room, take, lost }: PullOptions): Pull {
  const inbox = link.inbox();
  let asked = 0;
  let delivered = 0;
  let heard = performance.now();
  let closed = false;
  const subscription: Subscription = link.nc.subscribe(inbox, {
    callback: (error, message) => {
      if (closed) return;
      heard = performance.now();
      if (error) lost(natsFailure(error, `reading ${stream}`));
      else if (message.reply?.startsWith("$JS.ACK.")) received(message, message.reply);
      else control(message);
    },
  });
  const alarm = setInterval(() => {
    // Heartbeats come only while messages are asked for, which a slow listener may leave out.
    if (link.connected && asked > 0 && performance.now() - heard > SILENCE_MS) lost();
  }, HEARTBEAT_MS).unref();

  function received(message: Msg, reply: string): void {
    const { count, ...place } = placeOf(reply);
    if (count !== delivered + 1) return lost();
    delivered = count;
    asked--;
    take({ subject: message.subject, ...place, message });
  }

  /** Heartbeats, the end of a pull, and the consumer's death. */
  function control(message: Msg): void {
    const code = message.headers?.code;
    if (code === 100) return;
    if (code !== 404 && code !== 408) return lost();
    const left = Number(message.headers?.get("Nats-Pending-Messages"));
    asked = Math.max(0, asked - (left > 0 ? left : asked));
    more();
  }

  function more(): void {
    const batch = room() - asked;
    if (closed || !link.connected || batch < room() / 2 || batch <= 0) return;
    if (asked === 0) heard = performance.now();
    asked += batch;
    const request = { batch, expires: nanos(PULL_MS), idle_heartbeat: nanos(HEARTBEAT_MS) };
    link.nc.publish(`$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`, JSON.stringify(request), { reply: inbox });
  }

  more();
  return {
    more,
    close() {
      if (closed) return;
      closed = true;
      clearInterval(alarm);
      if (link.closed) return;
      subscription.unsubscribe();
      if (link.connected) link.jsm.consumers.delete(stream, consumer).catch(() => undefined);
    },
  };
}

/** `$JS.ACK.[domain.account.]stream.consumer.deliveries.seq.count.nanoseconds.pending[.random]`. */
export function placeOf(reply: string): { readonly seq: number; readonly count: number; readonly time: number; readonly pending: number } {
  const tokens = reply.split(".");
  const at = tokens.length >= 11 ? 7 : 5;
  const [seq, count, time, pending] = tokens.slice(at, at + 4);
  return { seq: Number(seq), count: Number(count), time: Number(time!.slice(0, -6)), pending: Number(pending) };
}
