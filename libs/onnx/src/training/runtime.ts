import { Failure } from "@tradewind/core";
import type { InferenceSession, OnnxValue } from "onnxruntime-node";
import type { Graph } from "../model.ts";
import { writeModel } from "../write-model.ts";

const OPSET = 17;
const LOG_FATAL = 4;

export type Tensors = Readonly<Record<string, OnnxValue>>;

/** A graph in the runtime: one thread, operators one after the other, so that equal inputs give equal bits. */
export interface GraphRunner {
  /** Results are written into `into` where it has them; those tensors must not be among the inputs. */
  run(inputs: Tensors, into?: Tensors): Promise<Tensors>;
  release(): Promise<void>;
}

/** Throws `TRAINING_GRAPH` when the runtime does not take the graph, and `TRAINING_RUN` when it fails on one. */
export async function openGraph(graph: Graph): Promise<GraphRunner> {
  const { InferenceSession } = await import("onnxruntime-node");
  const bytes = writeModel({ graph, opset: OPSET, producer: "tradewind", producerVersion: "1", metadata: {} });
  const session: InferenceSession = await InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    logSeverityLevel: LOG_FATAL,
  }).catch((cause: unknown) => {
    throw new Failure("bug", "TRAINING_GRAPH", `the runtime refuses the graph "${graph.name}": ${textOf(cause)}`, { cause });
  });
  return {
    async run(inputs, into) {
      try {
        return await (into === undefined ? session.run(inputs) : session.run(inputs, into));
      } catch (cause) {
        throw new Failure("bug", "TRAINING_RUN", `the graph "${graph.name}" failed: ${textOf(cause)}`, { cause });
      }
    },
    release: () => session.release(),
  };
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
