import type { Prng } from "@tradewind/core";

/** One step of an agent. States are numbers of rows, whose matrices are kept once, in the data set. */
export interface Transition {
  readonly state: number;
  readonly action: number;
  readonly reward: number;
  readonly next: number;
  /** The episode ended with it: nothing that comes after counts. */
  readonly done: boolean;
}

/** The newest transitions, the oldest overwritten when it is full. */
export interface ReplayMemory {
  readonly size: number;
  add(transition: Transition): void;
  at(place: number): Transition;
  /** A place drawn evenly from what is there. */
  draw(prng: Prng): number;
  snapshot(): unknown;
  restore(saved: unknown): void;
}

interface Saved {
  readonly columns: Columns;
  readonly size: number;
  readonly at: number;
}

interface Columns {
  readonly state: Int32Array;
  readonly action: Uint8Array;
  readonly reward: Float32Array;
  readonly next: Int32Array;
  readonly done: Uint8Array;
}

export function replayMemory(capacity: number): ReplayMemory {
  const columns: Columns = {
    state: new Int32Array(capacity),
    action: new Uint8Array(capacity),
    reward: new Float32Array(capacity),
    next: new Int32Array(capacity),
    done: new Uint8Array(capacity),
  };
  let size = 0;
  let at = 0;
  return {
    get size() {
      return size;
    },
    add({ state, action, reward, next, done }) {
      columns.state[at] = state;
      columns.action[at] = action;
      columns.reward[at] = reward;
      columns.next[at] = next;
      columns.done[at] = done ? 1 : 0;
      at = at + 1 === capacity ? 0 : at + 1;
      size = Math.min(size + 1, capacity);
    },
    at: (place) => ({
      state: columns.state[place]!,
      action: columns.action[place]!,
      reward: columns.reward[place]!,
      next: columns.next[place]!,
      done: columns.done[place] === 1,
    }),
    draw: (prng) => prng.below(size),
    snapshot: (): Saved => ({ columns: structuredClone(columns), size, at }),
    restore(saved) {
      const state = saved as Saved;
      for (const name of Object.keys(columns) as (keyof Columns)[]) columns[name].set(state.columns[name]);
      [size, at] = [state.size, state.at];
    },
  };
}
