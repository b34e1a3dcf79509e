import { inputFailure, type MatrixPlan } from "@tradewind/core";
import { softmax } from "../autodiff/activation.ts";
import { cast, scale } from "../autodiff/arithmetic.ts";
import { openTape } from "../autodiff/tape.ts";
import type { InputShape } from "../families/family.ts";
import { metadataProperties } from "../metadata.ts";
import { writeModel } from "../write-model.ts";
import { servedParameters } from "./flat-parameters.ts";
import { rawInput, type NetPlan } from "./graphs.ts";
import type { ExportAbout } from "./net-trainer.ts";
import { normalised } from "./normalise.ts";

const OPSET = 17;
/** The largest number that float16 holds; what is beyond becomes infinite. */
const LARGEST_HALF = 65_504;

/**
 * The net as a file: raw matrices in, normalised in float32 inside the graph, the runtime's own layers, `probabilities`
 * out, any number of rows. Throws `EXPORT_MATRIX` when `about.matrix` is of another shape than the net,
 * `EXPORT_TEMPERATURE`, and `EXPORT_PRECISION` when a weight is too large for fp16.
 */
export function exportNet(plan: NetPlan, theta: Float32Array, labels: readonly string[], about: ExportAbout): Uint8Array<ArrayBuffer> {
  const { matrix, version, notes, expiresAt, golden, precision = "fp32", temperature = 1 } = about;
  checkMatrix(matrix, plan.shape);
  if (!(temperature > 0))
    throw inputFailure("EXPORT_TEMPERATURE", `a temperature of ${temperature} does not make probabilities; use a number above 0`);
  if (precision === "fp16") checkHalf(theta);
  const type = precision === "fp16" ? "float16" : "float";
  const tape = openTape(plan.family.name, "serving");
  const x = normalised(rawInput(tape, "matrix", plan.shape), plan.shape, plan.normaliser);
  const source = servedParameters(tape, theta, plan.specs, type);
  const scores = plan.family.forward(source, cast(x, type), plan.outputs, plan.settings);
  const full = cast(scores, "float");
  tape.output("probabilities", softmax(temperature === 1 ? full : scale(full, 1 / temperature)), ["batch", plan.outputs]);
  const own = { family: plan.family.name, ...(precision !== "fp32" && { precision }) };
  const metadata = metadataProperties({
    matrix,
    labels,
    version,
    notes: { ...own, ...notes },
    ...(expiresAt !== undefined && { expiresAt }),
    ...(golden !== undefined && { golden }),
  });
  return writeModel({ graph: tape.finish(), opset: OPSET, producer: "tradewind", producerVersion: "1", metadata });
}

function checkHalf(theta: Float32Array): void {
  const beyond = theta.find((weight) => !(Math.abs(weight) <= LARGEST_HALF));
  if (beyond !== undefined)
    throw inputFailure("EXPORT_PRECISION", `a weight of ${beyond} does not fit fp16, which ends at ${LARGEST_HALF}; export as fp32`);
}

function checkMatrix({ timeframes, window, features }: MatrixPlan, shape: InputShape): void {
  const given = [timeframes.length, window, features.length].join(" x ");
  const own = [shape.timeframes, shape.window, shape.features].join(" x ");
  if (given !== own) throw inputFailure("EXPORT_MATRIX", `the matrix is ${given}, but the net was trained on ${own}`);
}
