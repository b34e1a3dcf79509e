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

/** A piece of work asked for by a job, under its id in bucket `jobs`. */
export interface JobRecord {
  readonly id: string;
  readonly kind: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly state: "queued" | "running" | "done" | "failed" | "cancelled";
  readonly by: string;
  /** Wall times, ms. */
  readonly askedAt: number;
  readonly changedAt: number;
  /** The instance that works it. */
  readonly worker?: string;
  /** How often a worker has begun it, without those that gave it back because they were to end. */
  readonly takings?: number;
  /** 0..1. */
  readonly progress?: number;
  /** One line for people: what it is at, what came out, or why it failed. */
  readonly message: string;
  /** What a done job gives: of `train`, {model, sha256, weightsHash, metrics}. */
  readonly result?: unknown;
}

/** What votes were worth over the closes looked back on. Results are in usual returns per close. */
export interface ScoreFigures {
  /** Votes whose result is known. */
  readonly closes: number;
  readonly abstentions: number;
  /** Of the results, and its standard error; left out while there are too few. */
  readonly mean?: number;
  readonly standardError?: number;
  /** Mean log loss of its probabilities against what happened over the move its label looks at. */
  readonly logLoss?: number;
}

/** The scores of a model's versions, under its id in bucket `scores`. */
export interface ModelScores {
  readonly model: string;
  /** Wall time, ms. */
  readonly at: number;
  readonly versions: readonly (ScoreFigures & {
    readonly sha256: string;
    readonly state: string;
    readonly lanes: readonly (ScoreFigures & { readonly venue: string; readonly instrument: string })[];
  })[];
  /** Of each shadow against the champion: what the rule of promotion says, and why. */
  readonly verdicts: readonly {
    readonly sha256: string;
    readonly action: "keep" | "promote" | "roll_back";
    readonly reason: string;
    readonly closes: number;
  }[];
  /** Market time, ms, at which the champion was found to have become worse than it was. */
  readonly driftedAt?: number;
}
