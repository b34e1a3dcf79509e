import { inputFailure } from "@tradewind/core";
import type { Objective } from "../families/family.ts";
import type { NetTrainerOptions, ReplayBatch } from "./net-trainer.ts";

/** Throws `TRAINER_OPTIONS` for numbers that no training can use. */
export function checkOptions({ batch, shape, labels, optimiser, discount = 0 }: NetTrainerOptions): void {
  const { learningRate, weightDecay = 0, clipNorm = 0 } = optimiser;
  const refuse = (what: string, value: unknown, wanted: string): void => {
    throw inputFailure("TRAINER_OPTIONS", `${what} is ${String(value)}; it must be ${wanted}`);
  };
  for (const [name, value] of Object.entries({ batch, ...shape }))
    if (!Number.isInteger(value) || value < 1) refuse(name, value, "a whole number of 1 or more");
  if (labels.length < 2) refuse("labels", labels.join(", ") || "empty", "two labels or more");
  if (!(learningRate > 0)) refuse("learningRate", learningRate, "above 0");
  if (!(weightDecay >= 0)) refuse("weightDecay", weightDecay, "0 or more");
  if (!(clipNorm >= 0)) refuse("clipNorm", clipNorm, "0 or more");
  if (!(discount >= 0 && discount <= 1)) refuse("discount", discount, "0 to 1");
}

export function checkObjective(call: string, own: Objective, wanted: Objective): void {
  if (own !== wanted) throw inputFailure("TRAINER_INPUT", `${call}() is for the objective "${wanted}"; this trainer has "${own}"`);
}

export function checkRows(name: string, data: Float32Array | Int32Array, rows: number, rowSize: number): void {
  if (data.length !== rows * rowSize)
    throw inputFailure("TRAINER_INPUT", `${name} has ${data.length} numbers; ${rows} matrices of ${rowSize} have ${rows * rowSize}`);
}

export function checkIndices(name: string, indices: Int32Array, rows: number, classes: number): void {
  checkRows(name, indices, rows, 1);
  const wrong = indices.findIndex((index) => index < 0 || index >= classes);
  if (wrong >= 0) throw inputFailure("TRAINER_INPUT", `${name}[${wrong}] is ${indices[wrong]}; it must be 0 to ${classes - 1}`);
}

export function checkReplay(
  { states, actions, rewards, nextStates, done }: ReplayBatch,
  rows: number,
  rowSize: number,
  classes: number,
): void {
  checkRows("states", states, rows, rowSize);
  checkRows("nextStates", nextStates, rows, rowSize);
  checkRows("rewards", rewards, rows, 1);
  checkRows("done", done, rows, 1);
  checkIndices("actions", actions, rows, classes);
}
