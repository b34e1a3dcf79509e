import { Failure, inputFailure } from "@tradewind/core";
import { Tensor, type TypedTensor } from "onnxruntime-node";
import { rowSizeOf } from "../families/family.ts";
import { classesStepGraph, evaluationGraph, replayStepGraph, type NetPlan } from "./graphs.ts";
import type { NetTrainerOptions } from "./net-trainer.ts";
import { biasCorrections } from "./optimiser.ts";
import { openGraph, type Tensors } from "./runtime.ts";
import { trainerState, type TrainerState } from "./state.ts";

const DEFAULT_DISCOUNT = 0.9;
/** Bounds the memory of one evaluation. */
const EVALUATION_ROWS = 1024;

/** The step graph and the evaluation graph of a net in the runtime, with the weights that they work on. */
export interface Engine {
  readonly state: TrainerState;
  /** Steps made so far. */
  steps: number;
  /** Raw matrices as the graphs take them. */
  matrices(data: Float32Array, rows: number): Tensor;
  /** One step; gives the loss. Throws `TRAINING_DIVERGED` and leaves the weights when the loss is not finite, `TRAINER_BUSY`. */
  advance(inputs: Tensors, rate: number): Promise<number>;
  /** Throws `TRAINER_BUSY`. */
  evaluate(x: Float32Array, rows: number): Promise<Float32Array>;
  /** Throws `TRAINER_BUSY` while a step or an evaluation is under way. */
  refuseWhileBusy(): void;
  release(): Promise<void>;
}

export async function openEngine(options: NetTrainerOptions, plan: NetPlan, initial: Float32Array): Promise<Engine> {
  const { batch, optimiser, objective = plan.family.objective, discount = DEFAULT_DISCOUNT } = options;
  const { timeframes, window, features } = plan.shape;
  const ofClasses = objective === "classes";
  const stepGraph = ofClasses ? classesStepGraph(plan, batch, optimiser) : replayStepGraph(plan, batch, optimiser, discount);
  const stepper = await openGraph(stepGraph);
  const evaluator = await openGraph(evaluationGraph(plan, ofClasses));
  const state = trainerState(initial);
  const rowSize = rowSizeOf(plan.shape);
  const loss = scalar(0);
  let busy = false;

  async function alone<T>(work: () => Promise<T>): Promise<T> {
    engine.refuseWhileBusy();
    busy = true;
    try {
      return await work();
    } finally {
      busy = false;
    }
  }

  async function step(inputs: Tensors, rate: number): Promise<number> {
    const { mean, square } = biasCorrections(engine.steps + 1);
    const scalars = { rate: scalar(rate), mean_correction: scalar(mean), square_correction: scalar(square) };
    await stepper.run({ ...state.inputs, ...inputs, ...scalars }, { ...state.outputs, loss });
    const value = loss.data[0]!;
    if (!Number.isFinite(value))
      throw inputFailure("TRAINING_DIVERGED", `the loss of step ${engine.steps + 1} is ${value}; lower the learning rate, or set clipNorm`);
    state.advance();
    engine.steps++;
    return value;
  }

  async function evaluate(x: Float32Array, rows: number): Promise<Float32Array> {
    const all = new Float32Array(rows * plan.outputs);
    const theta = new Tensor("float32", state.theta, [state.theta.length]);
    for (let row = 0; row < rows; row += EVALUATION_ROWS) {
      const some = Math.min(EVALUATION_ROWS, rows - row);
      const part = x.subarray(row * rowSize, (row + some) * rowSize);
      const { outputs } = await evaluator.run({ theta, x: engine.matrices(part, some) });
      all.set(outputs!.data as Float32Array, row * plan.outputs);
    }
    return all;
  }

  const engine: Engine = {
    state,
    steps: 0,
    matrices: (data, rows) => new Tensor("float32", data, [rows, timeframes, window, features]),
    advance: (inputs, rate) => alone(() => step(inputs, rate)),
    evaluate: (x, rows) => alone(() => evaluate(x, rows)),
    refuseWhileBusy() {
      if (busy) throw new Failure("bug", "TRAINER_BUSY", "the trainer is still at work; wait for its last answer");
    },
    async release() {
      await stepper.release();
      await evaluator.release();
    },
  };
  return engine;
}

function scalar(value: number): TypedTensor<"float32"> {
  return new Tensor("float32", Float32Array.of(value), []);
}
