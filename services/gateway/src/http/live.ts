import type { Change } from "../model/read-model.ts";
import type { DecisionView, FillView, StatusView } from "../views.ts";
import type { HttpMetrics } from "./http-metrics.ts";
import type { Socket } from "./sockets.ts";

/** What pages are told: first a snapshot, then at most a few updates a second, however much happens. */
export interface LiveStream {
  change(change: Change): void;
  open(socket: Socket): () => void;
  stop(): void;
}

export interface LiveSource {
  readonly status: () => StatusView;
  readonly decisions: (limit: number) => DecisionView[];
  readonly fills: (limit: number) => FillView[];
  /** The line of a variant, at most `count` points. */
  readonly line: (variant: string, count: number) => [number, number][];
  /** Grows with each change of a model or a job: what is shown of them is to be asked for again. */
  readonly registry: () => number;
  readonly latestPoint: (variant: string) => readonly [number, number] | undefined;
}

const TICK_MS = 300;
const ROWS = 100;
const SPARK_POINTS = 60;
/** A client with more unread than this is left out until it has caught up, and then begins anew. */
const BEHIND_BYTES = 1_048_576;

export function createLiveStream(source: LiveSource, metrics: HttpMetrics): LiveStream {
  /** Clients, and whether they have missed something. */
  const clients = new Map<Socket, { behind: boolean }>();
  const news = createNews();
  let timer: NodeJS.Timeout | undefined;

  function snapshot(): string {
    const status = source.status();
    const lines = Object.fromEntries(status.variants.map(({ id }) => [id, source.line(id, SPARK_POINTS)]));
    return JSON.stringify({
      type: "snapshot",
      status,
      registry: source.registry(),
      decisions: source.decisions(ROWS),
      fills: source.fills(ROWS),
      lines,
    });
  }

  function tick(): void {
    const text = JSON.stringify({ type: "update", status: source.status(), registry: source.registry(), ...news.take() });
    for (const [socket, client] of clients) {
      if (socket.bufferedAmount > BEHIND_BYTES) {
        client.behind = true;
        metrics.framesDropped.inc({ stream: "live" });
        continue;
      }
      socket.send(client.behind ? snapshot() : text);
      client.behind = false;
    }
  }

  return {
    change(change) {
      if (clients.size > 0) news.add(change, source.latestPoint);
    },
    open(socket) {
      clients.set(socket, { behind: false });
      socket.send(snapshot());
      timer ??= setInterval(tick, TICK_MS);
      return () => {
        clients.delete(socket);
        if (clients.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    stop() {
      clearInterval(timer);
      for (const socket of clients.keys()) socket.close(1001, "the gateway ends");
    },
  };
}

/** What has changed since it was last taken; bounded, the newest of each kind. */
interface News {
  add(change: Change, latestPoint: LiveSource["latestPoint"]): void;
  take(): {
    readonly decisions: readonly DecisionView[];
    readonly fills: readonly FillView[];
    readonly points: Readonly<Record<string, readonly (readonly [number, number])[]>>;
  };
}

function createNews(): News {
  const decisions = new Map<string, DecisionView>();
  const fills = new Map<string, FillView>();
  const points = new Map<string, (readonly [number, number])[]>();

  function addPoint(variant: string, point: readonly [number, number] | undefined): void {
    if (point === undefined) return;
    const line = points.get(variant) ?? [];
    if (line.at(-1)?.[0] === point[0]) line.pop();
    line.push(point);
    // Faster than anybody can look: every second one will do.
    points.set(variant, line.length > SPARK_POINTS ? line.filter((_, i) => i % 2 === 0) : line);
  }

  return {
    add(change, latestPoint) {
      if (change.type === "decision") keepNewest(decisions, change.row);
      else if (change.type === "fill") keepNewest(fills, change.row);
      else if (change.type === "equity") addPoint(change.variant, latestPoint(change.variant));
    },
    take() {
      const taken = { decisions: [...decisions.values()], fills: [...fills.values()], points: Object.fromEntries(points) };
      decisions.clear();
      fills.clear();
      points.clear();
      return taken;
    },
  };
}

/** Newest last, bounded. */
function keepNewest<T extends { readonly key: string }>(rows: Map<string, T>, row: T): void {
  rows.delete(row.key);
  rows.set(row.key, row);
  if (rows.size > ROWS) rows.delete(rows.keys().next().value!);
}
