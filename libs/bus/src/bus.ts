import type { BlobBucketName, BucketName } from "@tradewind/contracts";

/**
 * What services exchange messages over: an ordered log with compare-and-set append, key-value buckets, blobs,
 * request/reply and unkept messages. Two adapters, one contract suite. Messages are text; subjects and patterns are
 * those of `@tradewind/contracts`. What fails because the server is away throws `BUS_UNAVAILABLE` (retry).
 */
export interface Bus {
  readonly kind: "nats" | "embedded";
  /** Makes streams and buckets as the tables say. Idempotent, and safe to call from many processes at once. */
  ensure(): Promise<void>;

  /** Sends to whoever listens now; kept by nobody. */
  publish(subject: string, data: string): void;
  subscribe(pattern: string, take: (message: Loose) => void): Subscription;
  /** Asks and takes the first answer. Throws `NO_REPLY` (retry) after `timeoutMs` or when nobody listens. */
  request(subject: string, data: string, timeoutMs: number): Promise<string>;
  /** Answers requests; undefined leaves one to others. Every responder of a subject is asked. */
  respond(pattern: string, answer: (message: Loose) => Promise<string | undefined>): Subscription;

  /**
   * Adds to the stream of `subject`, durable when it resolves. With `id`, the same id again within the duplicate window
   * is dropped. With `expectLast`, throws `APPEND_CONFLICT` (service) unless that is the sequence of the subject's last
   * message (0 = none); never give both. Throws `APPEND_UNCERTAIN` (retry) when nobody knows whether it was added.
   */
  append(subject: string, data: string, options?: { readonly id?: string; readonly expectLast?: number }): Promise<Appended>;
  /**
   * Delivers the kept messages of one pattern in order, each once, one after the other: the next one comes when `take`
   * has resolved. Goes on over restarts of the server. When `take` throws, the consumer stops and `failed` rejects.
   */
  consume(options: ConsumeOptions): Promise<Consumer>;
  /**
   * Takes messages of a work queue, one at a time, each given to one of all the workers there are. One is done and gone
   * when `take` resolves. It is given again, to anybody, when `take` throws, or when its worker has neither ended it nor
   * called `renew` for 30 s. So a message can be worked twice, never not at all. What is thrown is told to `onError`, unless
   * it is a `Failure` to be tried again.
   */
  work(options: WorkOptions): Promise<Consumer>;
  /** The last kept message of one subject (no wildcards). */
  last(subject: string): Promise<Stored | undefined>;
  /** Sequence of the first message that the stream of a pattern still has; the next one it will give when it has none. */
  first(filter: string): Promise<number>;
  /** The kept messages of one pattern from there to the end as it was when called. */
  read(filter: string, from: From): AsyncIterable<Stored>;

  kv(bucket: BucketName): Kv;
  blobs(bucket: BlobBucketName): Blobs;

  /** Whether the server can be reached now. */
  readonly connected: boolean;
  onStatus(listener: (connected: boolean, detail: string) => void): Subscription;
  close(): Promise<void>;
}

/** A message that is not kept. */
export interface Loose {
  readonly subject: string;
  readonly data: string;
}

/** A message of a stream. */
export interface Stored {
  readonly subject: string;
  /** Sequence in its stream; grows, with gaps for other subjects. */
  readonly seq: number;
  /** Wall time of its append, ms. */
  readonly time: number;
  readonly data: string;
}

export interface Appended {
  readonly seq: number;
  /** Dropped: the id was there already. `seq` is then that of the first one. */
  readonly duplicate: boolean;
}

/** Where to start: after a sequence (0, or one that is kept no more, = at the first message kept), at an append time in ms, or with what comes from now on. */
export type From = { readonly after: number } | { readonly since: number } | "new";

export interface ConsumeOptions {
  readonly filter: string;
  readonly from: From;
  readonly take: (message: Stored) => void | Promise<void>;
}

export interface WorkOptions {
  /** One kind of job: `tw.job.train`. */
  readonly subject: string;
  readonly take: (message: Stored, renew: () => void) => Promise<void>;
}

export interface Consumer {
  /** Rejects when `take` threw or the stream cannot be read any more; otherwise stays pending, and resolves on `stop`. */
  readonly failed: Promise<void>;
  /** Resolves when the message in hand is done; a worker that would take long ends or gives it back by itself. */
  stop(): Promise<void>;
}

export interface Subscription {
  stop(): void;
}

export interface KvEntry {
  readonly key: string;
  readonly value: string;
  readonly revision: number;
}

/** A change of a key; `value` undefined means deleted. Expiry by age is not told: whoever cares polls. */
export interface KvChange {
  readonly key: string;
  readonly value: string | undefined;
  readonly revision: number;
}

/** Small values under keys of [A-Za-z0-9_.=/-]. */
export interface Kv {
  get(key: string): Promise<KvEntry | undefined>;
  put(key: string, value: string): Promise<number>;
  /** The revision, or undefined when the key has a value. */
  create(key: string, value: string): Promise<number | undefined>;
  /** The new revision, or undefined when the key's revision is another one. */
  update(key: string, value: string, revision: number): Promise<number | undefined>;
  /** With `revision`, only if that is the key's; tells whether it was deleted. */
  delete(key: string, revision?: number): Promise<boolean>;
  entries(): Promise<KvEntry[]>;
  /** Tells every present value, resolves, and goes on with changes. */
  watch(take: (change: KvChange) => void): Promise<Subscription>;
}

export interface Blobs {
  put(name: string, bytes: Uint8Array): Promise<void>;
  get(name: string): Promise<Uint8Array | undefined>;
  list(): Promise<string[]>;
  delete(name: string): Promise<void>;
}
