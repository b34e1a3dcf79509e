/** What is said between the service and the process that runs one model. */
export type ToHost =
  | { readonly type: "load"; readonly name: string; readonly file: Uint8Array }
  | { readonly type: "run"; readonly id: number; readonly matrices: Float32Array; readonly rows: number }
  | { readonly type: "release" };

export type FromHost =
  | { readonly type: "loaded"; readonly device: string }
  | { readonly type: "refused"; readonly code: string; readonly message: string }
  | { readonly type: "done"; readonly id: number; readonly probabilities: Float32Array }
  | { readonly type: "failed"; readonly id: number; readonly code: string; readonly message: string };
