import { openNetTrainer, type NetTrainer } from "../../src/index.ts";
import { plantedRandom, type PlantedRandom } from "./planted.ts";

const STATE = 100;
const ACTIONS = 3;
const BATCH = 64;
const MEMORY = 20_000;
const FIRST_MEMORIES = 5_000;
const ACTS_PER_REPLAY = 4;
const SYNC_EVERY = 200;
const LEAST_EXPLORATION = 0.05;

interface Game {
  state(): Float32Array;
  /** The one action that pays in a state: that of the largest of three sparse linear forms. */
  best(state: Float32Array): number;
}

function plantedGame(seed: number): Game {
  const random = plantedRandom(seed);
  const forms = Array.from({ length: ACTIONS }, () => {
    const form = new Float32Array(STATE);
    // The place is drawn before its weight, as in the known figures.
    for (let i = 0; i < 8; i++) form[random.below(STATE)] = random.normal();
    return form;
  });
  return {
    state: () => Float32Array.from({ length: STATE }, () => random.normal()),
    best(state) {
      const values = forms.map((form) => form.reduce((sum, weight, i) => sum + weight * state[i]!, 0));
      return values.indexOf(Math.max(...values));
    },
  };
}

interface Memories {
  add(state: Float32Array, action: number, reward: number, next: Float32Array): void;
  draw(random: PlantedRandom): Parameters<NetTrainer["replay"]>[0];
}

function memories(): Memories {
  const [states, nextStates] = [new Float32Array(MEMORY * STATE), new Float32Array(MEMORY * STATE)];
  const [actions, rewards] = [new Int32Array(MEMORY), new Float32Array(MEMORY)];
  let added = 0;
  return {
    add(state, action, reward, next) {
      const at = added++ % MEMORY;
      states.set(state, at * STATE);
      nextStates.set(next, at * STATE);
      actions[at] = action;
      rewards[at] = reward;
    },
    draw(random) {
      const chosen = Array.from({ length: BATCH }, () => random.below(Math.min(added, MEMORY)));
      const rowsOf = (all: Float32Array): Float32Array => {
        const rows = new Float32Array(BATCH * STATE);
        for (const [i, at] of chosen.entries()) rows.set(all.subarray(at * STATE, (at + 1) * STATE), i * STATE);
        return rows;
      };
      return {
        states: rowsOf(states),
        actions: Int32Array.from(chosen, (at) => actions[at]!),
        rewards: Float32Array.from(chosen, (at) => rewards[at]!),
        nextStates: rowsOf(nextStates),
        done: new Float32Array(BATCH),
      };
    },
  };
}

export function openReplayTrainer(seed = 1): Promise<NetTrainer> {
  return openNetTrainer({
    family: "dqn",
    shape: { timeframes: 1, window: 1, features: STATE },
    labels: ["down", "flat", "up"],
    normaliser: { mean: new Float32Array(STATE), deviation: new Float32Array(STATE).fill(1) },
    batch: BATCH,
    seed,
    optimiser: { learningRate: 1e-3 },
    objective: "q_values",
    discount: 0.9,
  });
}

/** Plays and replays, and gives the share of 1000 new states in which the greedy action is the best one. */
export async function greedyShare(trainer: NetTrainer, replays: number): Promise<number> {
  const game = plantedGame(5);
  const random = plantedRandom(8);
  const memory = memories();
  const act = async (state: Float32Array): Promise<number> => {
    const values = await trainer.outputs(state, 1);
    return values.indexOf(Math.max(...values));
  };
  let state = game.state();
  const play = (action: number): void => {
    const next = game.state();
    memory.add(state, action, action === game.best(state) ? 1 : -1, next);
    state = next;
  };
  for (let i = 0; i < FIRST_MEMORIES; i++) play(random.below(ACTIONS));
  for (let i = 0; i < replays; i++) {
    const exploration = Math.max(LEAST_EXPLORATION, 1 - (2 * i) / replays);
    for (let k = 0; k < ACTS_PER_REPLAY; k++) play(random.uniform() < exploration ? random.below(ACTIONS) : await act(state));
    await trainer.replay(memory.draw(random));
    if (i % SYNC_EVERY === 0) trainer.syncTarget();
  }
  const tests = Array.from({ length: 1000 }, () => game.state());
  let best = 0;
  for (const each of tests) if ((await act(each)) === game.best(each)) best++;
  return best / tests.length;
}
