import type { MatrixPlan } from "@tradewind/core";

/** A run has a clock, named here. `events`: no deadlines, a time closes when everything of it is in. `wall`: paper and live. */
export interface RunManifest {
  readonly run: string;
  readonly clock: "events" | "wall";
  /** Wall time, ms. */
  readonly startedAt: number;
}

/** Key `clock` of bucket `run`: market time = marketMs + (wall time - wallMs) * speed. Real venues: identity. */
export interface ClockSetting {
  readonly wallMs: number;
  readonly marketMs: number;
  readonly speed: number;
}

/** A desired variant, under its id in bucket `variants`. Secrets only as `${NAME}`. */
export interface DesiredVariant {
  readonly id: string;
  /** Grows with each change of this variant. */
  readonly revision: number;
  /** Market time, ms, from which this revision decides; 0 = from the first candle there is. */
  readonly effectiveFrom: number;
  readonly enabled: boolean;
  /** The variant file as written. */
  readonly text: string;
  readonly configHash: string;
  /** Who asked last, for people. */
  readonly by: string;
}

/** What a service instance says of itself, under `{service}.{instance}` in bucket `states`. */
export interface ServiceState {
  readonly service: string;
  readonly instance: string;
  readonly state: "starting" | "running" | "degraded" | "stopping";
  /** Wall time, ms. */
  readonly since: number;
  readonly at: number;
  /** Partitions it works now. */
  readonly partitions: readonly string[];
  /** The latest noteworthy events, newest first, each one line. */
  readonly notes: readonly { readonly at: number; readonly text: string }[];
  readonly pid: number;
  readonly memoryMb: number;
}

/** A lease, under `{kind}.{partition}` in bucket `leases`. */
export interface Lease {
  readonly owner: string;
  /** Wall time, ms. */
  readonly since: number;
}

/** A registered model, under its id in bucket `models`; its file is the blob named by its `sha256`. */
export interface ModelRecord {
  readonly id: string;
  readonly sha256: string;
  readonly bytes: number;
  /** The feature matrix it takes; a prediction is made on each close of the first timeframe. */
  readonly matrix: MatrixPlan;
  /** SHA-256 of `describeMatrix(matrix)`; its first 8 hex digits are the token of the feature's subject. */
  readonly featureSchema: string;
  /** Class names in the order of the outputs: down, flat, up. */
  readonly labels: readonly string[];
  /** Wall time, ms. */
  readonly registeredAt: number;
}
