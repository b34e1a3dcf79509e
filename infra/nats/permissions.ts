import { blobBuckets, buckets, patternOf, streamOf, streams, type BucketName, type Kind } from "@tradewind/contracts";

/** What one credential of the bus may do. What is not here is refused by the server. */
export interface Role {
  readonly user: string;
  /** Kinds of message it puts on the bus. */
  readonly says: readonly Kind[];
  /** Kinds it reads from the log. */
  readonly reads: readonly Kind[];
  /** Whether it hears everything under `tw.` as it is said. */
  readonly hearsAll: boolean;
  /** Whether it answers commands sent to the service of its name. */
  readonly answers: boolean;
  /** Buckets it reads. */
  readonly looksUp: readonly BucketName[];
  /** Keys it writes, by bucket. */
  readonly writes: Readonly<Partial<Record<BucketName, readonly string[]>>>;
  /** Queues whose jobs it works. */
  readonly works: readonly string[];
  /** Model files and cards. */
  readonly files: "none" | "write";
}

/** The keys every service keeps: what it says of itself, its leases and checkpoints, and the run's name if it is first. */
const own = (user: string) => ({
  run: ["manifest"],
  states: [`${user}.>`],
  leases: [`${user}.>`],
  checkpoints: [`${user}.>`],
});

const service = (user: string, rest: Partial<Role>): Role => ({
  user,
  says: [],
  reads: [],
  hearsAll: false,
  answers: true,
  looksUp: ["run", "variants", "leases", "states", "checkpoints"],
  writes: own(user),
  works: [],
  files: "none",
  ...rest,
});

/** One credential per service, and one for people who look. */
export const roles: readonly Role[] = [
  service("market-data", {
    says: ["candle", "feature"],
    reads: ["candle", "feature"],
    looksUp: ["run", "variants", "leases", "states", "checkpoints", "models"],
    writes: { ...own("market-data"), run: ["manifest", "clock"] },
  }),
  service("strategy", { says: ["signal"], reads: ["candle", "signal"] }),
  service("model-inference", {
    says: ["prediction"],
    reads: ["candle", "feature", "prediction"],
    looksUp: ["run", "variants", "leases", "states", "checkpoints", "models"],
    writes: { ...own("model-inference"), models: ["*"] },
    files: "write",
  }),
  service("orchestrator", {
    says: ["decision", "job"],
    reads: ["candle", "signal", "prediction", "decision"],
    looksUp: ["run", "variants", "leases", "states", "checkpoints", "models", "scores", "jobs"],
    writes: { ...own("orchestrator"), models: ["*"], scores: ["*"], jobs: ["*"] },
  }),
  service("execution", { says: ["ledger", "order", "fill", "position", "equity"], reads: ["candle", "decision", "ledger"] }),
  service("trainer", {
    says: ["training"],
    reads: ["candle", "ledger"],
    looksUp: ["run", "variants", "leases", "states", "checkpoints", "models", "jobs"],
    writes: { ...own("trainer"), models: ["*"], jobs: ["*"] },
    works: ["train"],
    files: "write",
  }),
  service("gateway", {
    says: ["command", "job"],
    reads: ["candle", "feature", "prediction", "signal", "decision", "ledger"],
    hearsAll: true,
    looksUp: ["run", "variants", "leases", "states", "checkpoints", "models", "scores", "jobs"],
    writes: { ...own("gateway"), variants: ["*"], jobs: ["*"] },
    files: "write",
  }),
  { user: "tap", says: [], reads: [], hearsAll: true, answers: false, looksUp: [], writes: {}, works: [], files: "none" },
];

export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** Where answers to a user arrive: its own, so that nobody reads another's. */
export const inboxOf = (user: string): string => `_INBOX_${user}.>`;

/** The subjects of a role, as the NATS server takes them. An empty list means none. */
export function permissionsOf(role: Role): Permissions {
  const publish = [
    ...role.says.map(patternOf),
    ...Object.entries(role.writes).flatMap(([bucket, keys]) => keys.map((key) => `$KV.${bucket}.${key}`)),
    ...(role.answers ? making() : []),
    ...logs(role).flatMap(reading),
    ...role.looksUp.flatMap((bucket) => reading({ stream: `KV_${bucket}`, filters: [`$KV.${bucket}.>`] })),
    ...role.works.flatMap(working),
    ...(role.files === "write" ? blobBuckets.flatMap(filing) : []),
  ];
  const subscribe = [
    ...(role.answers ? [inboxOf(role.user)] : []),
    ...(role.hearsAll ? ["tw.>"] : []),
    ...(role.answers && !role.hearsAll ? [`tw.command.${role.user}.*`] : []),
  ];
  return { publish, subscribe };
}

interface Log {
  readonly stream: string;
  readonly filters: readonly string[];
}

function logs({ reads }: Role): Log[] {
  const byStream = new Map<string, string[]>();
  for (const pattern of reads.map(patternOf)) {
    const stream = streamOf(pattern);
    if (stream === undefined) throw new Error(`"${pattern}" is kept by no stream and cannot be read`);
    byStream.set(stream, [...(byStream.get(stream) ?? []), pattern]);
  }
  return [...byStream].map(([stream, filters]) => ({ stream, filters }));
}

/**
 * A consumer carries its filter in the subject of the request that makes it, so that reading can be held to kinds.
 * The last message of a subject is asked for by stream alone.
 */
function reading({ stream, filters }: Log): string[] {
  const api = "$JS.API";
  return [
    `${api}.STREAM.MSG.GET.${stream}`,
    ...filters.map((filter) => `${api}.CONSUMER.CREATE.${stream}.*.${narrowed(filter)}`),
    `${api}.CONSUMER.MSG.NEXT.${stream}.*`,
    `${api}.CONSUMER.DELETE.${stream}.*`,
  ];
}

/** A worker's consumer is shared and outlives it: made by whoever comes first, deleted by nobody. */
function working(kind: string): string[] {
  const stream = "JOBS";
  const consumer = `work-tw-job-${kind}`;
  return [
    `$JS.API.CONSUMER.CREATE.${stream}.${consumer}.tw.job.${kind}`,
    `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
    `$JS.ACK.${stream}.${consumer}.>`,
  ];
}

/** Readers filter by any part of a kind's subject: the first two tokens are what is held. */
function narrowed(filter: string): string {
  return filter.startsWith("tw.") ? `${filter.split(".").slice(0, 2).join(".")}.>` : filter;
}

/** Streams and buckets are made by whoever comes first; nobody may change, empty or delete one. */
function making(): string[] {
  const names = [
    ...Object.keys(streams),
    ...Object.keys(buckets).map((bucket) => `KV_${bucket}`),
    ...blobBuckets.map((bucket) => `OBJ_${bucket}`),
  ];
  return ["$JS.API.INFO", "$JS.API.STREAM.INFO.*", ...names.map((name) => `$JS.API.STREAM.CREATE.${name}`)];
}

function filing(bucket: string): string[] {
  const stream = `OBJ_${bucket}`;
  return [`$O.${bucket}.>`, ...reading({ stream, filters: [`$O.${bucket}.>`] }), `$JS.API.STREAM.PURGE.${stream}`];
}
