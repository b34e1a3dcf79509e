import type { Signature } from "@tradewind/onnx";

/** What is said between the service and the process that runs one model. */
export type ToHost =
  | { readonly type: "load"; readonly bytes: Uint8Array; readonly signature: Signature; readonly device: string }
  | { readonly type: "run"; readonly id: number; readonly matrices: Float32Array; readonly rows: number }
  /** Answered with `done`. */
  | { readonly type: "settle"; readonly id: number }
  | { readonly type: "release" };

export type FromHost =
  /** The runtime's library is there; no model is. */
  | { readonly type: "up" }
  | { readonly type: "loaded"; readonly device: string; readonly fallBack: string | undefined }
  | { readonly type: "refused"; readonly code: string; readonly message: string }
  | { readonly type: "done"; readonly id: number; readonly probabilities: Float32Array }
  | { readonly type: "failed"; readonly id: number; readonly code: string; readonly message: string };
