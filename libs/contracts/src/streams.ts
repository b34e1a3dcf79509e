/** What the bus keeps, for how long, and what is done when it is full. One stream holds every subject of its patterns. */
export interface StreamDefinition {
  readonly name: StreamName;
  readonly patterns: readonly string[];
  /** Messages older than this go, in ms; undefined keeps them for good. */
  readonly maxAgeMs: number | undefined;
  /** The oldest messages go beyond this, in bytes on the disk, about; undefined sets no bound. */
  readonly maxBytes: number | undefined;
  /** `old` makes room by dropping the oldest; `new` refuses to append. */
  readonly discard: "old" | "new";
  /** A work queue drops a message once a worker has taken and acknowledged it. */
  readonly retention: "limits" | "workqueue";
}

export type StreamName = "MARKET" | "DECISIONS" | "LEDGER" | "JOBS";

const DAY_MS = 86_400_000;
const GIB = 1024 ** 3;

export const streams: Readonly<Record<StreamName, StreamDefinition>> = {
  MARKET: {
    name: "MARKET",
    patterns: ["tw.candle.>", "tw.feature.>"],
    maxAgeMs: 14 * DAY_MS,
    maxBytes: GIB,
    discard: "old",
    retention: "limits",
  },
  DECISIONS: {
    name: "DECISIONS",
    patterns: ["tw.prediction.>", "tw.signal.>", "tw.decision.>"],
    maxAgeMs: 90 * DAY_MS,
    maxBytes: GIB,
    discard: "old",
    retention: "limits",
  },
  LEDGER: { name: "LEDGER", patterns: ["tw.ledger.>"], maxAgeMs: undefined, maxBytes: undefined, discard: "new", retention: "limits" },
  JOBS: { name: "JOBS", patterns: ["tw.job.>"], maxAgeMs: undefined, maxBytes: undefined, discard: "new", retention: "workqueue" },
};

/** An append with an id that was seen within this time is dropped as a duplicate. */
export const DUPLICATE_WINDOW_MS = 120_000;

export interface BucketDefinition {
  readonly name: BucketName;
  /** A value not written again within this time is gone, in ms; undefined keeps it. */
  readonly ttlMs: number | undefined;
}

export type BucketName = "run" | "variants" | "leases" | "states" | "checkpoints" | "models" | "scores" | "jobs";

/** How long a lease lasts without being renewed. */
export const LEASE_TTL_MS = 4_000;

export const buckets: Readonly<Record<BucketName, BucketDefinition>> = {
  /** The run's manifest and its market clock. */
  run: { name: "run", ttlMs: undefined },
  /** Desired variants, by id. */
  variants: { name: "variants", ttlMs: undefined },
  /** Who works which partition. */
  leases: { name: "leases", ttlMs: LEASE_TTL_MS },
  /** What each service instance says of itself. */
  states: { name: "states", ttlMs: 15_000 },
  /** Where each partition of a stage has got to. */
  checkpoints: { name: "checkpoints", ttlMs: undefined },
  /** Registered models, by id; their files are blobs. */
  models: { name: "models", ttlMs: undefined },
  /** What the votes of each model's versions were worth, by model id: a read copy of what the log gives. */
  scores: { name: "scores", ttlMs: undefined },
  /** What became of the jobs asked for, by id. */
  jobs: { name: "jobs", ttlMs: 30 * DAY_MS },
};

/** Large values by name. */
export type BlobBucketName = "model-files" | "model-cards";
/** Files by their hash; cards, HTML pages, by the hash of the file they are of. */
export const blobBuckets: readonly BlobBucketName[] = ["model-files", "model-cards"];

/** The stream that keeps `subject`; undefined when nothing does. */
export function streamOf(subject: string): StreamName | undefined {
  for (const { name, patterns } of Object.values(streams)) if (patterns.some((pattern) => matches(pattern, subject))) return name;
  return undefined;
}

/** NATS matching: `*` is one token, `>` the rest (at least one). */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split(".");
  const given = subject.split(".");
  for (let i = 0; i < wanted.length; i++) {
    if (wanted[i] === ">") return given.length > i;
    if (i >= given.length || (wanted[i] !== "*" && wanted[i] !== given[i])) return false;
  }
  return wanted.length === given.length;
}
