import { readFileSync, writeFileSync } from "node:fs";
import { defaultMatrixPlan, isFailure, type MatrixPlan } from "@tradewind/core";
import { inspectModel } from "../src/inspect.ts";
import { readModelHeader } from "../src/read-header.ts";
import { referenceModel } from "../src/reference-model.ts";

const HELP = `Usage: npm run reference-model -- FILE.onnx [PLAN.json]

Writes an untrained model for trials of the whole road, and prints its metadata: what a model of yours needs too.
PLAN.json is its feature plan: {"timeframes": ["1m"], "window": 60, "features": [{"name": "rsi"}, ...]}.
`;

const [file, plan] = process.argv.slice(2);
if (file === undefined || file.startsWith("-")) process.stdout.write(HELP);
else
  try {
    const matrix = plan === undefined ? defaultMatrixPlan : (JSON.parse(readFileSync(plan, "utf8")) as MatrixPlan);
    const bytes = referenceModel({ matrix, seed: 1 });
    inspectModel(bytes, file);
    writeFileSync(file, bytes);
    process.stdout.write(`${JSON.stringify(readModelHeader(bytes, file).metadata, null, 2)}\n`);
  } catch (error) {
    if (!isFailure(error) && !(error instanceof SyntaxError) && !(error instanceof Error && "code" in error)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
