import { Failure, inputFailure } from "@tradewind/core";
import { Tensor, type TypedTensor } from "onnxruntime-node";
import { rowSizeOf } from "../families/family.ts";
import { checkIndices, checkObjective, checkReplay, checkRows } from "./check-input.ts";
import { exportNet } from "./export-net.ts";
import { classesStepGraph, evaluationGraph, replayStepGraph, type NetPlan } from "./graphs.ts";
import type { NetTrainer, NetTrainerOptions } from "./net-trainer.ts";
import { biasCorrections } from "./optimiser.ts";
import { openGraph, type GraphRunner, type Tensors } from "./runtime.ts";
import { checkLength, trainerState, type TrainerState } from "./state.ts";

const DEFAULT_DISCOUNT = 0.9;
/** Bounds the memory of one evaluation. */
const EVALUATION_ROWS = 1024;

/** Opens the graphs of a net and gives the doors to them; `initial` are its weights before the first step. */
export async function runningTrainer(options: NetTrainerOptions, plan: NetPlan, initial: Float32Array): Promise<NetTrainer> {
  const { batch, optimiser, objective = "classes", discount = DEFAULT_DISCOUNT } = options;
  const ofClasses = objective === "classes";
  const stepGraph = ofClasses ? classesStepGraph(plan, batch, optimiser) : replayStepGraph(plan, batch, optimiser, discount);
  const stepper = await openGraph(stepGraph);
  const evaluator = await openGraph(evaluationGraph(plan, ofClasses));
  return assemble(options, plan, trainerState(initial), stepper, evaluator);
}

function assemble(
  { batch, labels, shape, optimiser, objective = "classes" }: NetTrainerOptions,
  plan: NetPlan,
  state: TrainerState,
  stepper: GraphRunner,
  evaluator: GraphRunner,
): NetTrainer {
  const rowSize = rowSizeOf(shape);
  const rowsOf = (data: Float32Array, rows: number) => new Tensor("float32", data, [rows, shape.timeframes, shape.window, shape.features]);
  const count = state.theta.length;
  const loss = scalarTensor(0);
  let target = state.theta.slice();
  let steps = 0;
  let busy = false;

  async function advance(inputs: Tensors, rate: number): Promise<number> {
    if (busy) throw new Failure("bug", "TRAINER_BUSY", "a step begins before the last one has ended; wait for it");
    busy = true;
    try {
      const { mean, square } = biasCorrections(steps + 1);
      const scalars = { rate: scalarTensor(rate), mean_correction: scalarTensor(mean), square_correction: scalarTensor(square) };
      await stepper.run({ ...state.inputs, ...inputs, ...scalars }, { ...state.outputs, loss });
      const value = loss.data[0]!;
      if (!Number.isFinite(value))
        throw inputFailure("TRAINING_DIVERGED", `the loss of step ${steps + 1} is ${value}; lower the learning rate, or set clipNorm`);
      state.advance();
      steps++;
      return value;
    } finally {
      busy = false;
    }
  }

  return {
    parameterCount: count,
    rowSize,
    get steps() {
      return steps;
    },
    async step(x, given, rate = optimiser.learningRate) {
      checkObjective("step", objective, "classes");
      checkRows("x", x, batch, rowSize);
      checkIndices("labels", given, batch, labels.length);
      return advance({ x: rowsOf(x, batch), labels: new Tensor("int32", given, [batch]) }, rate);
    },
    async replay(transitions, rate = optimiser.learningRate) {
      checkObjective("replay", objective, "q_values");
      checkReplay(transitions, batch, rowSize, labels.length);
      const { states, actions, rewards, nextStates, done } = transitions;
      const inputs = {
        target: new Tensor("float32", target, [count]),
        states: rowsOf(states, batch),
        next_states: rowsOf(nextStates, batch),
        actions: new Tensor("int32", actions, [batch]),
        rewards: new Tensor("float32", rewards, [batch]),
        done: new Tensor("float32", done, [batch]),
      };
      return advance(inputs, rate);
    },
    syncTarget: () => target.set(state.theta),
    async outputs(x, rows) {
      checkRows("x", x, rows, rowSize);
      const all = new Float32Array(rows * labels.length);
      const theta = new Tensor("float32", state.theta, [count]);
      for (let row = 0; row < rows; row += EVALUATION_ROWS) {
        const some = Math.min(EVALUATION_ROWS, rows - row);
        const part = x.subarray(row * rowSize, (row + some) * rowSize);
        const { outputs } = await evaluator.run({ theta, x: rowsOf(part, some) });
        all.set(outputs!.data as Float32Array, row * labels.length);
      }
      return all;
    },
    weightsHash: () => state.hash(),
    snapshot: () => ({ ...state.copy(), steps, ...(objective === "q_values" && { target: target.slice() }) }),
    restore(saved) {
      const savedTarget = saved.target ?? saved.theta;
      checkLength("target", savedTarget, count);
      state.replace(saved);
      target = savedTarget.slice();
      steps = saved.steps;
    },
    export: (about) => exportNet(plan, state.theta, labels, about),
    async release() {
      await stepper.release();
      await evaluator.release();
    },
  };
}

function scalarTensor(value: number): TypedTensor<"float32"> {
  return new Tensor("float32", Float32Array.of(value), []);
}
