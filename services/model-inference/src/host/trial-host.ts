import type { InspectedModel } from "@tradewind/onnx";
import { createBook } from "../budget/book.ts";
import { createEstimates } from "../budget/estimates.ts";
import { Memory } from "../budget/memory.ts";
import { bytesOfMib } from "../budget/mib.ts";
import { inMemory } from "../files.ts";
import { ModelHost, type ModelHostOptions } from "./model-host.ts";

export interface TrialOptions {
  readonly maxRows: number;
  readonly callers: number;
  readonly codeCache: string;
}

const LIMIT_MB = 2_048;

/** A host with a book of memory of its own, for benches and trials; `over` changes what a service would set. */
export function trialHost(
  model: InspectedModel,
  { maxRows, callers, codeCache }: TrialOptions,
  over: Partial<ModelHostOptions> = {},
): ModelHost {
  return new ModelHost({
    key: "trial",
    file: inMemory(model),
    name: () => "the model",
    device: "cpu",
    maxRows,
    hungMs: 30_000,
    limitBytes: () => bytesOfMib(LIMIT_MB),
    memory: new Memory({ book: createBook(bytesOfMib(4 * LIMIT_MB)) }),
    estimates: createEstimates(),
    codeCache,
    rank: "champion",
    pinned: false,
    attempts: 2,
    waitMs: 2,
    callers: () => callers,
    idleMs: 600_000,
    quarantineMs: 60_000,
    ...over,
  });
}
