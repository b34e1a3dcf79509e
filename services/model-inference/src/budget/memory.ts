import { Failure } from "@tradewind/core";
import type { Book, Rank, Ruling } from "./book.ts";
import { mib } from "./mib.ts";

/** A host that wants memory. */
export interface Tenant {
  readonly key: string;
  /** For messages; this, rank and pin may change. */
  readonly name: string;
  readonly rank: Rank;
  readonly pinned: boolean;
  /** It is to end its process, which leads to `drop`. */
  leave(): void;
}

export interface MemoryOptions {
  readonly book: Book;
  /** Where the limit is shared with other instances: whether they leave the bytes of the book, before a grant counts. */
  readonly claim?: (bytes: number) => Promise<boolean>;
  /** Whether other instances will make room, when at most `most` bytes can be had as things are. */
  readonly awaited?: (bytes: number, most: number) => boolean;
  readonly onEvicted?: (tenant: Tenant, by: string) => void;
  readonly onRefused?: (name: string, line: string) => void;
}

interface Waiting {
  readonly tenant: Tenant;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Gives out the memory of a book, one tenant after the other, champions first. */
export class Memory {
  readonly #options: MemoryOptions;
  readonly #tenants = new Map<string, Tenant>();
  #queue: Waiting[] = [];
  #pumping = false;
  #again = false;

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  /**
   * Resolves when the bytes are the tenant's; until then whoever is used least is asked to leave, and is waited for until
   * its process is gone. Throws `MEMORY_REFUSED` when they can never be had as things are, and the reason of `signal`.
   */
  reserve(tenant: Tenant, bytes: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        this.#queue = this.#queue.filter((one) => one !== waiting);
        reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
        this.pump();
      };
      const end = (then: () => void): void => {
        signal.removeEventListener("abort", leave);
        then();
      };
      const waiting: Waiting = { tenant, bytes, resolve: () => end(resolve), reject: (error) => end(() => reject(error)) };
      if (signal.aborted) return leave();
      signal.addEventListener("abort", leave);
      this.#queue.push(waiting);
      this.pump();
    });
  }

  /** What the tenant takes was measured. */
  correct(key: string, bytes: number): void {
    this.#options.book.correct(key, bytes);
    this.pump();
  }

  /** Lets a tenant have more, when that is free at once. */
  grow(key: string, bytes: number): boolean {
    const { book } = this.#options;
    const more = bytes - book.bytesOf(key);
    if (!this.#tenants.has(key) || book.usedBytes + more > book.limitBytes) return false;
    if (more > 0) book.correct(key, bytes);
    return true;
  }

  /** What a tenant holds. */
  bytesOf(key: string): number {
    return this.#options.book.bytesOf(key);
  }

  /** It has answered. */
  served(key: string): void {
    this.#options.book.served(key);
    if (this.#queue.length > 0) this.pump();
  }

  change(key: string, change: { readonly rank?: Rank; readonly pinned?: boolean; readonly busy?: boolean }): void {
    this.#options.book.change(key, change);
    if (this.#queue.length > 0) this.pump();
  }

  /** Its process is gone. */
  drop(key: string): void {
    this.#tenants.delete(key);
    this.#options.book.drop(key);
    this.pump();
  }

  /** Looks at whoever waits: something has changed. */
  pump(): void {
    if (this.#pumping) return void (this.#again = true);
    this.#pumping = true;
    void this.#workAll()
      // The bus is away: the next change, or the next beat of the shares, tries again.
      .catch(() => undefined)
      .finally(() => {
        this.#pumping = false;
        if (!this.#again) return;
        this.#again = false;
        this.pump();
      });
  }

  async #workAll(): Promise<void> {
    const { book } = this.#options;
    const debtors = book.debtors();
    if (debtors.length > 0) return this.#evict(debtors, "a deficit");
    while (this.#queue.length > 0) {
      const first = this.#queue.find(({ tenant }) => tenant.rank === "champion") ?? this.#queue[0]!;
      const { key, rank, pinned } = first.tenant;
      if (!(await this.#work(first, book.ask({ key, bytes: first.bytes, rank, pinned })))) return;
    }
  }

  /** Tells whether to look at the next one at once. */
  async #work(waiting: Waiting, ruling: Ruling): Promise<boolean> {
    const { book } = this.#options;
    const { tenant, bytes } = waiting;
    if (ruling.type === "wait") return false;
    if (ruling.type === "never" && this.#options.awaited?.(bytes, ruling.bytes) === true) return false;
    if (ruling.type === "evict") {
      this.#evict(ruling.keys, tenant.name);
      return false;
    }
    // The book's limit is then what the other instances leave: if that is what was missing, the next look says so.
    if (ruling.type === "granted" && !(await this.#claimed(tenant.key))) return book.usedBytes + bytes > book.limitBytes;
    // It may have left the queue meanwhile.
    const there = this.#queue.includes(waiting);
    this.#queue = this.#queue.filter((one) => one !== waiting);
    if (ruling.type === "never") this.#refuse(waiting, ruling.bytes);
    else if (there) {
      this.#tenants.set(tenant.key, tenant);
      waiting.resolve();
    } else book.drop(tenant.key);
    return true;
  }

  /** Whether the other instances leave what the book has granted; if not, or if nobody knows, it is taken back. */
  async #claimed(key: string): Promise<boolean> {
    const { book, claim } = this.#options;
    let granted = false;
    try {
      granted = claim === undefined || (await claim(book.usedBytes));
      return granted;
    } finally {
      if (!granted) book.drop(key);
    }
  }

  #refuse({ tenant, bytes, reject }: Waiting, most: number): void {
    const { book, onRefused } = this.#options;
    const line = `model ${tenant.name} wants ${mib(bytes)} of memory, at most ${mib(most)} of ${mib(book.limitBytes)} can be had`;
    onRefused?.(tenant.name, line);
    reject(new Failure("service", "MEMORY_REFUSED", line));
  }

  #evict(keys: readonly string[], by: string): void {
    for (const key of keys) {
      const tenant = this.#tenants.get(key);
      if (tenant === undefined) continue;
      this.#options.book.leaving(key);
      this.#options.onEvicted?.(tenant, by);
      tenant.leave();
    }
  }
}
