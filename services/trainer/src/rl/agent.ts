import { createPrng, directionLabels } from "@tradewind/core";
import type { NetTrainer } from "@tradewind/onnx";
import { replayMemory, type Transition } from "./memory.ts";

/** The action that is worth most, and how much better it is than the others. */
export interface ConfidentAction {
  /** Index into `directionLabels`. */
  readonly action: number;
  /** 0..1: its share of the softmax over the values, which is what a served model says. */
  readonly confidence: number;
  /** What each action is worth, in rewards. */
  readonly values: Float32Array;
}

/** An agent that learns what actions are worth by double Q-learning. A state is a feature matrix. */
export interface Agent {
  /** The best action, or with probability `epsilon` any. */
  act(state: Float32Array, epsilon: number): Promise<number>;
  actWithConfidence(state: Float32Array): Promise<ConfidentAction>;
  /** As `act` for many states at once, with what is known now. */
  actAll(states: Float32Array, rows: number, epsilon: number): Promise<Int32Array>;
  remember(transition: Transition): void;
  /** Learns from one batch drawn from what is remembered; gives the loss, or undefined while there is less than a batch. */
  replay(rate?: number): Promise<number | undefined>;
  readonly remembered: number;
  /** Of what was learnt, what is remembered and the randomness. */
  snapshot(): unknown;
  restore(saved: unknown): void;
}

export interface AgentOptions {
  /** With objective `q_values` and `directionLabels` as its labels. */
  readonly trainer: NetTrainer;
  /** The matrix of a transition's state. */
  readonly stateOf: (state: number) => Float32Array;
  /** Transitions remembered. */
  readonly capacity: number;
  /** The trainer's. */
  readonly batch: number;
  /** Replays after which the target net takes over what was learnt. */
  readonly syncEvery: number;
  /** What values are divided by before they become confidences; lower is surer. */
  readonly temperature: () => number;
  readonly seed: number;
}

interface Saved {
  readonly memory: unknown;
  readonly prng: number;
  readonly trainer: ReturnType<NetTrainer["snapshot"]>;
}

export function createAgent({ trainer, stateOf, capacity, batch, syncEvery, temperature, seed }: AgentOptions): Agent {
  const { rowSize } = trainer;
  const memory = replayMemory(capacity);
  const prng = createPrng(seed);

  /** Fills what one replay takes. */
  function drawn() {
    const states = new Float32Array(batch * rowSize);
    const nextStates = new Float32Array(batch * rowSize);
    const actions = new Int32Array(batch);
    const rewards = new Float32Array(batch);
    const done = new Float32Array(batch);
    for (let i = 0; i < batch; i++) {
      const one = memory.at(memory.draw(prng));
      states.set(stateOf(one.state), i * rowSize);
      nextStates.set(stateOf(one.next), i * rowSize);
      actions[i] = one.action;
      rewards[i] = one.reward;
      done[i] = one.done ? 1 : 0;
    }
    return { states, actions, rewards, nextStates, done };
  }

  async function actAll(states: Float32Array, rows: number, epsilon: number): Promise<Int32Array> {
    const values = await trainer.outputs(states, rows);
    return Int32Array.from({ length: rows }, (_, i) =>
      prng.chance(epsilon) ? prng.below(directionLabels.length) : best(values, i * directionLabels.length),
    );
  }

  return {
    act: async (state, epsilon) => (await actAll(state, 1, epsilon))[0]!,
    async actWithConfidence(state) {
      const values = await trainer.outputs(state, 1);
      const action = best(values, 0);
      return { action, confidence: softmax(values, 1, temperature())[action]!, values };
    },
    actAll,
    remember: (transition) => memory.add(transition),
    async replay(rate) {
      if (memory.size < batch) return undefined;
      const loss = await trainer.replay(drawn(), rate);
      if (trainer.steps % syncEvery === 0) trainer.syncTarget();
      return loss;
    },
    get remembered() {
      return memory.size;
    },
    snapshot: (): Saved => ({ memory: memory.snapshot(), prng: prng.snapshot(), trainer: trainer.snapshot() }),
    restore(saved) {
      const state = saved as Saved;
      memory.restore(state.memory);
      prng.restore(state.prng);
      trainer.restore(state.trainer);
    },
  };
}

/** Index of the highest of the values from `from` on; the first of equals. */
function best(values: Float32Array, from: number): number {
  let most = 0;
  for (let action = 1; action < directionLabels.length; action++) if (values[from + action]! > values[from + most]!) most = action;
  return most;
}

/** Values of actions as probabilities, as an exported file gives them. */
export function softmax(values: Float32Array, rows: number, temperature: number): Float32Array {
  const width = values.length / rows;
  const out = new Float32Array(values.length);
  for (let from = 0; from < values.length; from += width) {
    let most = -Infinity;
    for (let i = from; i < from + width; i++) most = Math.max(most, values[i]!);
    let sum = 0;
    for (let i = from; i < from + width; i++) sum += out[i] = Math.exp((values[i]! - most) / temperature);
    for (let i = from; i < from + width; i++) out[i]! /= sum;
  }
  return out;
}
