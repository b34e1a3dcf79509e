import type { Qty } from "../domain/fixed.ts";
import type { Intent } from "../orders/intent.ts";
import type { VenueReport } from "../orders/report.ts";
import { createPrng, type Prng } from "./prng.ts";
import type { SimVenue } from "./venue.ts";

/** How bad the road is. Shares are probabilities 0..1; times are ms. */
export interface LinkOptions {
  /** The transport gives up on an answer after this long. Not above the account's settling time of 5 s. */
  readonly timeoutMs: number;
  /** Usual time one way. */
  readonly delayMs: number;
  /** Share of messages that take up to `lateMsMax` more; what is late is overtaken. */
  readonly lateShare: number;
  readonly lateMsMax: number;
  /** Requests take at most this much more: a venue's window, 5 s. */
  readonly requestLateMsMax: number;
  /** Messages from the venue that never come: the private stream's, and answers. */
  readonly lossShare: number;
  /** Messages of the private stream that come twice. */
  readonly duplicateShare: number;
  /** Requests that never reach the venue. */
  readonly requestLossShare: number;
  /** Requests that the venue carries out without a word: no answer and no message on the stream. */
  readonly silentAcceptShare: number;
  /** Placements that the venue refuses, definitely and without a trace. */
  readonly rejectShare: number;
}

/** A road without faults. */
export const soundLink: LinkOptions = {
  timeoutMs: 3_000,
  delayMs: 20,
  lateShare: 0,
  lateMsMax: 0,
  requestLateMsMax: 0,
  lossShare: 0,
  duplicateShare: 0,
  requestLossShare: 0,
  silentAcceptShare: 0,
  rejectShare: 0,
};

/**
 * The road between a shell and the simulated venue, with the transport's time-outs: intents in, reports out, each
 * with the time of its delivery. Pure and seeded. A request whose answer does not come in time gives `unanswered`;
 * an answer that comes later than that is dropped, as a closed connection drops it. A look-up or a snapshot gets no
 * `unanswered`: the account repeats it. Cash flows that carry no order (funding, liquidation, dividend, split) are
 * neither lost nor doubled while the shell is there: venues keep them as a paged history.
 */
export interface Link {
  send(intent: Intent, now: number): void;
  /** Puts what the venue said of itself (fills, closings) on the private stream. */
  stream(reports: readonly VenueReport[], now: number): void;
  /** Everything due at or before `now`, in the order of its arrival. */
  advance(now: number): VenueReport[];
  /** When `advance` next has something to do. */
  nextAt(): number | undefined;
  /** The shell is gone: what is on its way to it is lost; requests on their way to the venue still arrive. */
  drop(): void;
  /** Changes the faults from here on; `soundLink` heals it. */
  become(options: LinkOptions): void;
}

interface Due {
  readonly at: number;
  readonly towards: "venue" | "shell";
  readonly run: (at: number) => void;
}

/** A request and whether the transport still waits for its answer. */
interface Call {
  readonly intent: Exclude<Intent, { type: "timer" }>;
  readonly connection: number;
  waiting: boolean;
}

interface Road {
  readonly venue: SimVenue;
  readonly prng: Prng;
  options: LinkOptions;
  due: Due[];
  delivered: VenueReport[];
  /** Counts the shells that came and went: answers to a former one reach nobody. */
  connection: number;
}

export function createLink(venue: SimVenue, options: LinkOptions, seed: number): Link {
  const road: Road = { venue, prng: createPrng(seed), options, due: [], delivered: [], connection: 0 };
  return {
    send: (intent, now) => send(road, intent, now),
    stream: (reports, now) => stream(road, reports, now),
    advance(now) {
      while (road.due.length > 0 && road.due[0]!.at <= now) {
        const next = road.due.shift()!;
        next.run(next.at);
      }
      const delivered = road.delivered;
      road.delivered = [];
      return delivered;
    },
    nextAt: () => road.due[0]?.at,
    drop() {
      road.due = road.due.filter((item) => item.towards === "venue");
      road.delivered = [];
      road.connection += 1;
    },
    become(next) {
      road.options = next;
    },
  };
}

/** Keeps `due` in order of time, first come first among equals. */
function schedule(road: Road, item: Due): void {
  let i = road.due.length;
  while (i > 0 && road.due[i - 1]!.at > item.at) i -= 1;
  road.due.splice(i, 0, item);
}

function travelMs(road: Road, lateMsMax: number): number {
  const { prng, options } = road;
  const usual = Math.ceil(options.delayMs * (0.5 + prng.next()));
  return prng.chance(options.lateShare) ? usual + prng.below(lateMsMax + 1) : usual;
}

function send(road: Road, intent: Intent, now: number): void {
  if (intent.type === "timer") return;
  if (intent.type === "place" && now > intent.sendBy)
    return schedule(road, {
      at: now,
      towards: "shell",
      run: (at) => void road.delivered.push({ type: "not_sent", time: at, clientId: intent.order.clientId, reason: "too late to send" }),
    });
  const call: Call = { intent, connection: road.connection, waiting: true };
  schedule(road, { at: now + road.options.timeoutMs, towards: "shell", run: (at) => giveUp(road, call, at) });
  if (road.prng.chance(road.options.requestLossShare)) return;
  const arrival = now + Math.min(travelMs(road, road.options.requestLateMsMax), road.options.requestLateMsMax + road.options.delayMs);
  schedule(road, { at: arrival, towards: "venue", run: (at) => arrive(road, call, at) });
}

function giveUp(road: Road, call: Call, at: number): void {
  if (!call.waiting) return;
  call.waiting = false;
  const { intent } = call;
  if (intent.type === "lookup" || intent.type === "snapshot") return;
  const clientId = intent.type === "place" ? intent.order.clientId : intent.clientId;
  road.delivered.push({ type: "unanswered", time: at, clientId, reason: `no answer to ${intent.type}` });
}

/** The request is at the venue: it is carried out, and the answer sets out. */
function arrive(road: Road, call: Call, at: number): void {
  const { venue, prng, options } = road;
  const { intent } = call;
  const out: VenueReport[] = [];
  switch (intent.type) {
    case "place":
      if (prng.chance(options.rejectShare))
        out.push({
          type: "closed",
          time: at,
          clientId: intent.order.clientId,
          outcome: "rejected",
          filled: 0n as Qty,
          reason: "refused by the venue",
        });
      else venue.place(intent.order, at, out);
      break;
    case "cancel":
      venue.cancel(intent.clientId, at, out);
      break;
    case "amend":
      venue.amend(intent.clientId, intent.quantity, intent.stopPrice, at, out);
      break;
    case "lookup":
      venue.lookup(intent.clientId, at, out);
      break;
    case "snapshot":
      return survey(road, call, at);
  }
  const told = out[0]!;
  if (intent.type !== "lookup" && prng.chance(options.silentAcceptShare)) return;
  answer(road, call, told, at);
  const onStream = told.type === "open" || told.type === "amended" || (told.type === "closed" && told.outcome === "cancelled");
  if (onStream) stream(road, [told], at);
}

/** Orders and positions are two questions; a fill may fall between the answers. */
function survey(road: Road, call: Call, at: number): void {
  const orders: VenueReport[] = [];
  road.venue.snapshot(at, orders);
  schedule(road, {
    at: at + road.prng.below(2 * road.options.delayMs + 1),
    towards: "venue",
    run: (later) => {
      const positions: VenueReport[] = [];
      road.venue.snapshot(later, positions);
      answer(
        road,
        call,
        { ...positions[0], ...orders[0], positions: (positions[0] as { positions: unknown }).positions } as VenueReport,
        later,
      );
    },
  });
}

function answer(road: Road, call: Call, report: VenueReport, now: number): void {
  if (call.connection !== road.connection || road.prng.chance(road.options.lossShare)) return;
  schedule(road, {
    at: now + travelMs(road, road.options.lateMsMax),
    towards: "shell",
    run: (at) => {
      if (!call.waiting) return;
      call.waiting = false;
      road.delivered.push({ ...report, time: at });
    },
  });
}

function stream(road: Road, reports: readonly VenueReport[], now: number): void {
  const { prng, options } = road;
  for (const report of reports) {
    const certain = !("clientId" in report);
    const copies = certain ? 1 : prng.chance(options.lossShare) ? 0 : prng.chance(options.duplicateShare) ? 2 : 1;
    for (let i = 0; i < copies; i++)
      schedule(road, {
        at: now + travelMs(road, options.lateMsMax),
        towards: "shell",
        run: (at) => void road.delivered.push({ ...report, time: at }),
      });
  }
}
