import type { Subscription } from "@tradewind/bus";
import { inputFailure } from "@tradewind/core";
import { matches, patternOf, streamOf, streams, subjects, type Kind } from "@tradewind/contracts";
import type { ServiceContext } from "@tradewind/kit";
import { follow } from "../model/follow.ts";
import type { HttpMetrics } from "./http-metrics.ts";
import type { Socket } from "./sockets.ts";

const BEHIND_BYTES = 4_194_304;

/** Frames {subject, message} of everything that fits a pattern from now on; returns what ends it. */
export function openTap(context: ServiceContext, metrics: HttpMetrics, socket: Socket, pattern: string): () => void {
  let dropped = 0;
  const take = ({ subject, data }: { readonly subject: string; readonly data: string }): void => {
    if (!matches(pattern, subject)) return;
    if (socket.bufferedAmount > BEHIND_BYTES) {
      dropped += 1;
      metrics.framesDropped.inc({ stream: "tap" });
      return;
    }
    if (dropped > 0) socket.send(JSON.stringify({ dropped }));
    dropped = 0;
    socket.send(`{"subject":${JSON.stringify(subject)},"message":${isJson(data) ? data : JSON.stringify(data)}}`);
  };
  const endings = filtersOf(pattern).map((filter): (() => unknown) => {
    const stream = streamOf(filter);
    if (stream !== undefined && streams[stream].retention === "limits") {
      const reader = follow(context, filter, "new", take);
      return () => reader.stop();
    }
    const heard: Subscription = context.bus.subscribe(filter, take);
    return () => heard.stop();
  });
  return () => endings.forEach((end) => end());
}

/** Throws `BAD_PATTERN` unless it is a pattern of the system's own subjects. */
export function assertPattern(pattern: string): void {
  const shape = /^tw(?:\.(?:[A-Za-z0-9_-]+|\*))*(?:\.>)?$/;
  if (!shape.test(pattern) || pattern === "tw")
    throw inputFailure("BAD_PATTERN", `"${pattern}" is no pattern; write for example tw.decision.> or tw.candle.*.BTC-USDT-PERP.1m`);
  if (filtersOf(pattern).length === 0)
    throw inputFailure("BAD_PATTERN", `nothing is ever said on "${pattern}"; kinds are ${Object.keys(subjects).join(", ")}`);
}

/** One filter for each kind the pattern covers: a stream is read by filters of its own, and what is not kept is heard. */
function filtersOf(pattern: string): string[] {
  return (Object.keys(subjects) as Kind[]).flatMap((kind) => common(pattern.split("."), patternOf(kind).split(".")) ?? []);
}

/** The pattern of what fits both; `kind` has no `>`. */
function common(asked: readonly string[], kind: readonly string[]): string | undefined {
  const open = asked.at(-1) === ">";
  if (open ? asked.length > kind.length : asked.length !== kind.length) return undefined;
  const tokens = kind.map((token, i) => {
    const wanted = open && i >= asked.length - 1 ? "*" : asked[i]!;
    if (wanted === "*") return token;
    return token === "*" || token === wanted ? wanted : undefined;
  });
  return tokens.includes(undefined) ? undefined : tokens.join(".");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
