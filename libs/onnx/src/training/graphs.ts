import { softmax } from "../autodiff/activation.ts";
import { add, cast, multiply, scale, subtract } from "../autodiff/arithmetic.ts";
import { gradients } from "../autodiff/gradients.ts";
import { argMax } from "../autodiff/indices.ts";
import { huber, selected, softmaxCrossEntropy } from "../autodiff/losses.ts";
import { openTape, scalar, type Tape, type Variable } from "../autodiff/tape.ts";
import type { InputShape, NetFamily, ParameterSource, ParameterSpec } from "../families/family.ts";
import type { Graph } from "../model.ts";
import { countOf, trainedParameters } from "./flat-parameters.ts";
import type { Normaliser, OptimiserOptions } from "./net-trainer.ts";
import { normalised } from "./normalise.ts";
import { adamW, type OptimiserState } from "./optimiser.ts";

/** A net with everything chosen, ready to be written into graphs. */
export interface NetPlan {
  readonly family: NetFamily;
  readonly settings: Readonly<Record<string, number>>;
  readonly shape: InputShape;
  readonly normaliser: Normaliser;
  readonly outputs: number;
  readonly specs: readonly ParameterSpec[];
}

/** Raw matrices to one number per output. */
export function forward(plan: NetPlan, source: ParameterSource, raw: Variable): Variable {
  return plan.family.forward(source, normalised(raw, plan.shape, plan.normaliser), plan.outputs, plan.settings);
}

/** One step of a classifier: forward, backward and optimiser, from {theta, m, v, x, labels} to {next_theta, next_m, next_v, loss}. */
export function classesStepGraph(plan: NetPlan, batch: number, optimiser: OptimiserOptions): Graph {
  const tape = openTape("step");
  const state = stateInputs(tape, countOf(plan.specs));
  const labels = cast(tape.input("labels", [batch], { type: "int32" }), "int64");
  const scores = forward(plan, trainedParameters(state.theta, plan.specs), rawInput(tape, "x", plan.shape, batch));
  return finishStep(tape, plan, state, softmaxCrossEntropy(scores, labels), optimiser);
}

/**
 * One step of double DQN (van Hasselt 2016): the trained net chooses the next action, the target net values it. No
 * gradient flows through either, for only the values of the states before depend on theta with one.
 */
export function replayStepGraph(plan: NetPlan, batch: number, optimiser: OptimiserOptions, discount: number): Graph {
  const tape = openTape("replay");
  const count = countOf(plan.specs);
  const state = stateInputs(tape, count);
  const values = (theta: Variable, raw: Variable): Variable => forward(plan, trainedParameters(theta, plan.specs), raw);
  const nextStates = rawInput(tape, "next_states", plan.shape, batch);
  const chosen = argMax(values(state.theta, nextStates));
  const future = selected(values(tape.input("target", [count]), nextStates), chosen);
  const done = tape.input("done", [batch]);
  const goesOn = subtract(scalar(done, 1), done);
  const wanted = add(tape.input("rewards", [batch]), scale(multiply(future, goesOn), discount));
  const actions = cast(tape.input("actions", [batch], { type: "int32" }), "int64");
  const given = selected(values(state.theta, rawInput(tape, "states", plan.shape, batch)), actions);
  return finishStep(tape, plan, state, huber(subtract(given, wanted)), optimiser);
}

/** Outputs of any number of rows under weights given as an input: {theta, x} to {outputs}. */
export function evaluationGraph(plan: NetPlan, probabilities: boolean): Graph {
  const tape = openTape("evaluation");
  const source = trainedParameters(tape.input("theta", [countOf(plan.specs)]), plan.specs);
  const scores = forward(plan, source, rawInput(tape, "x", plan.shape));
  tape.output("outputs", probabilities ? softmax(scores) : scores, ["batch", plan.outputs]);
  return tape.finish();
}

/** Stands for a free batch while shapes are worked out; no operator of a forward pass holds it. */
const ANY_BATCH = 2;

/** Without a batch it is free in the file. */
export function rawInput(tape: Tape, name: string, { timeframes, window, features }: InputShape, batch?: number): Variable {
  const row = [timeframes, window, features];
  if (batch !== undefined) return tape.input(name, [batch, ...row]);
  return tape.input(name, [ANY_BATCH, ...row], { dimensions: ["batch", ...row] });
}

function stateInputs(tape: Tape, count: number): OptimiserState {
  return { theta: tape.input("theta", [count]), m: tape.input("m", [count]), v: tape.input("v", [count]) };
}

function finishStep(tape: Tape, plan: NetPlan, state: OptimiserState, loss: Variable, options: OptimiserOptions): Graph {
  const [gradient] = gradients(loss, [state.theta]);
  const scalars = {
    rate: tape.input("rate", []),
    meanCorrection: tape.input("mean_correction", []),
    squareCorrection: tape.input("square_correction", []),
  };
  const next = adamW(state, gradient!, scalars, options, plan.specs);
  for (const name of ["theta", "m", "v"] as const) tape.output(`next_${name}`, next[name]);
  tape.output("loss", loss);
  return tape.finish();
}
