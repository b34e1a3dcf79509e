import { Tensor } from "onnxruntime-node";
import { rowSizeOf } from "../families/family.ts";
import { checkIndices, checkObjective, checkReplay, checkRows } from "./check-input.ts";
import { openEngine } from "./engine.ts";
import { exportNet } from "./export-net.ts";
import type { NetPlan } from "./graphs.ts";
import type { NetTrainer, NetTrainerOptions } from "./net-trainer.ts";
import { checkLength } from "./state.ts";

/** The doors to a net in training; `initial` are its weights before the first step. */
export async function runningTrainer(options: NetTrainerOptions, plan: NetPlan, initial: Float32Array): Promise<NetTrainer> {
  const { batch, labels, optimiser, objective = plan.family.objective } = options;
  const engine = await openEngine(options, plan, initial);
  const { state } = engine;
  const rowSize = rowSizeOf(plan.shape);
  const count = initial.length;
  let target = initial.slice();
  const perRow = (numbers: Float32Array): Tensor => new Tensor("float32", numbers, [batch]);
  const indices = (numbers: Int32Array): Tensor => new Tensor("int32", numbers, [batch]);

  return {
    parameterCount: count,
    rowSize,
    get steps() {
      return engine.steps;
    },
    async step(x, given, rate = optimiser.learningRate) {
      checkObjective("step", objective, "classes");
      checkRows("x", x, batch, rowSize);
      checkIndices("labels", given, batch, labels.length);
      return engine.advance({ x: engine.matrices(x, batch), labels: indices(given) }, rate);
    },
    async replay(transitions, rate = optimiser.learningRate) {
      checkObjective("replay", objective, "q_values");
      checkReplay(transitions, batch, rowSize, labels.length);
      const { states, actions, rewards, nextStates, done } = transitions;
      const inputs = {
        target: new Tensor("float32", target, [count]),
        states: engine.matrices(states, batch),
        next_states: engine.matrices(nextStates, batch),
        actions: indices(actions),
        rewards: perRow(rewards),
        done: perRow(done),
      };
      return engine.advance(inputs, rate);
    },
    syncTarget: () => target.set(state.theta),
    async outputs(x, rows) {
      checkRows("x", x, rows, rowSize);
      return engine.evaluate(x, rows);
    },
    weightsHash: () => state.hash(),
    snapshot: () => ({ ...state.copy(), steps: engine.steps, ...(objective === "q_values" && { target: target.slice() }) }),
    restore(saved) {
      engine.refuseWhileBusy();
      const savedTarget = saved.target ?? saved.theta;
      checkLength("target", savedTarget, count);
      state.replace(saved);
      target = savedTarget.slice();
      engine.steps = saved.steps;
    },
    export: (about) => exportNet(plan, state.theta, labels, about),
    release: () => engine.release(),
  };
}
