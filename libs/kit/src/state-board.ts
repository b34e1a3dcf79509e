import type { Bus } from "@tradewind/bus";
import type { ServiceState } from "@tradewind/contracts";

/** What this instance says of itself; written to bucket `states` every few seconds and at each change. */
export interface StateBoard {
  set(state: ServiceState["state"]): void;
  partitions(list: readonly string[]): void;
  /** A noteworthy event in one line; `status` shows the latest ones. */
  note(text: string): void;
  current(): ServiceState;
}

const NOTES_KEPT = 10;
const BEAT_MS = 1_000;

export function openStateBoard(bus: Bus, service: string, instance: string): StateBoard & { stop(): Promise<void> } {
  const states = bus.kv("states");
  const key = `${service}.${instance}`;
  let state: ServiceState = {
    service,
    instance,
    state: "starting",
    since: Date.now(),
    at: Date.now(),
    partitions: [],
    notes: [],
    pid: process.pid,
    memoryMb: 0,
  };
  let writing: Promise<unknown> | undefined;
  let again = false;
  /** One write at a time; the bus may be away, then the next beat tells. */
  const write = (): void => {
    if (writing !== undefined) return void (again = true);
    state = { ...state, at: Date.now(), memoryMb: Math.round(process.memoryUsage().rss / 1_048_576) };
    writing = states
      .put(key, JSON.stringify(state))
      .catch(() => undefined)
      .finally(() => {
        writing = undefined;
        if (!again) return;
        again = false;
        write();
      });
  };
  const change = (part: Partial<ServiceState>): void => {
    state = { ...state, ...part };
    write();
  };
  write();
  const beat = setInterval(write, BEAT_MS);
  return {
    set: (next) => state.state !== next && change({ state: next, since: Date.now() }),
    partitions: (list) => change({ partitions: [...list].sort() }),
    note: (text) => change({ notes: [{ at: Date.now(), text }, ...state.notes].slice(0, NOTES_KEPT) }),
    current: () => state,
    async stop() {
      clearInterval(beat);
      await writing;
      await states.delete(key).catch(() => false);
    },
  };
}
