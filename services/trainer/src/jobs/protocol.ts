import type { TrainingWish } from "../train/request.ts";
import type { TrainingResult } from "../train/result.ts";
import type { TrainingProgress } from "../train/run.ts";

/** To the process that trains. */
export type ToWorker =
  | { readonly type: "train"; readonly wish: TrainingWish; readonly dir: string; readonly checkpointEveryMs: number }
  /** Keep a checkpoint and end. */
  | { readonly type: "stop" };

/** From it. */
export type FromWorker =
  | { readonly type: "progress"; readonly progress: TrainingProgress }
  | {
      readonly type: "done";
      readonly result: TrainingResult;
      readonly onnx: Uint8Array;
      readonly card: string;
      /** Share of the work that a checkpoint had spared. */
      readonly resumedFrom: number | undefined;
    }
  | { readonly type: "failed"; readonly action: string; readonly code: string; readonly message: string };
