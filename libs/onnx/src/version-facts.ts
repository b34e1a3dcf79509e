import type { MatrixPlan } from "@tradewind/core";
import type { InspectedModel } from "./inspect.ts";

/** What the registry keeps of a model's file beside the file. */
export interface VersionFacts {
  /** Of the file, hex. */
  readonly sha256: string;
  /** Size of the file. */
  readonly bytes: number;
  readonly matrix: MatrixPlan;
  readonly featureSchema: string;
  readonly labels: string[];
  /** What the file calls itself. */
  readonly version: string;
  /** Market time, ms. */
  readonly expiresAt?: number;
  readonly notes: Record<string, string>;
}

export function versionFacts({ sha256, bytes, metadata, signature }: InspectedModel): VersionFacts {
  const { matrix, featureSchema, version, expiresAt, notes } = metadata;
  const labels = [...signature.labels];
  return {
    sha256,
    bytes: bytes.length,
    matrix,
    featureSchema,
    labels,
    version,
    notes: { ...notes },
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
