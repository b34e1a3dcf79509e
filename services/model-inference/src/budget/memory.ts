import { Failure } from "@tradewind/core";
import type { Book, Rank, Ruling } from "./book.ts";
import { mib } from "./mib.ts";

/** A host that wants memory. */
export interface Tenant {
  readonly key: string;
  /** For messages. */
  readonly name: string;
  readonly rank: Rank;
  readonly pinned: boolean;
  /** It is to end its process, which leads to `drop`. */
  leave(): void;
}

/** Gives out the memory of the book, one tenant after the other, champions first. */
export interface Memory {
  /**
   * Resolves when the bytes are the tenant's; until then whoever is used least is asked to leave, and is waited for until
   * its process is gone. Throws `MEMORY_REFUSED` when they can never be had as things are, and the reason of `signal`.
   */
  reserve(tenant: Tenant, bytes: number, signal: AbortSignal): Promise<void>;
  /** What the tenant takes was measured. */
  correct(key: string, bytes: number): void;
  /** Lets a tenant have more, when that is free at once. */
  grow(key: string, bytes: number): boolean;
  served(key: string): void;
  change(key: string, change: { readonly rank?: Rank; readonly pinned?: boolean; readonly busy?: boolean }): void;
  drop(key: string): void;
  /** Whoever waits is looked at again: the limit has changed. */
  pump(): void;
}

/** Where the limit is shared with other instances: asks for the bytes of the book before a grant counts. */
export type Claim = (bytes: number) => Promise<boolean>;

export interface MemoryOptions {
  readonly book: Book;
  readonly claim?: Claim;
  readonly onEvicted?: (tenant: Tenant, by: string) => void;
  readonly onRefused?: (name: string, line: string) => void;
}

interface Waiting {
  readonly tenant: Tenant;
  readonly bytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

export function createMemory({ book, claim, onEvicted, onRefused }: MemoryOptions): Memory {
  const tenants = new Map<string, Tenant>();
  let queue: Waiting[] = [];
  let pumping = false;
  let again = false;

  function evict(keys: readonly string[], by: string): void {
    for (const key of keys) {
      const tenant = tenants.get(key);
      if (tenant === undefined) continue;
      book.leaving(key);
      onEvicted?.(tenant, by);
      tenant.leave();
    }
  }

  /** Whether the other instances leave what the book has granted; if not, or if nobody knows, it is taken back. */
  async function claimed(key: string): Promise<boolean> {
    let granted = false;
    try {
      granted = claim === undefined || (await claim(book.usedBytes));
      return granted;
    } finally {
      if (!granted) book.drop(key);
    }
  }

  /** Tells whether to look at the next one at once. */
  async function work(waiting: Waiting, ruling: Ruling): Promise<boolean> {
    const { tenant, bytes } = waiting;
    if (ruling.type === "wait") return false;
    if (ruling.type === "evict") {
      evict(ruling.keys, tenant.name);
      return false;
    }
    if (ruling.type === "granted" && !(await claimed(tenant.key))) {
      // The book's limit is now what the other instances leave: if that is what was missing, the next look says so.
      return book.usedBytes + bytes > book.limitBytes;
    }
    // It may have left the queue meanwhile.
    const there = queue.includes(waiting);
    queue = queue.filter((one) => one !== waiting);
    if (ruling.type === "granted" && there) {
      tenants.set(tenant.key, tenant);
      waiting.resolve();
    } else if (ruling.type === "granted") book.drop(tenant.key);
    else {
      const line = `model ${tenant.name} wants ${mib(bytes)} of memory, at most ${mib(ruling.bytes)} of ${mib(book.limitBytes)} can be had`;
      onRefused?.(tenant.name, line);
      waiting.reject(new Failure("service", "MEMORY_REFUSED", line));
    }
    return true;
  }

  async function pumpAll(): Promise<void> {
    const debtors = book.debtors();
    if (debtors.length > 0) return evict(debtors, "a deficit");
    while (queue.length > 0) {
      const first = queue.find(({ tenant }) => tenant.rank === "champion") ?? queue[0]!;
      const { tenant, bytes } = first;
      if (!(await work(first, book.ask({ key: tenant.key, bytes, rank: tenant.rank, pinned: tenant.pinned })))) return;
    }
  }

  function pump(): void {
    if (pumping) return void (again = true);
    pumping = true;
    void pumpAll()
      // The bus is away: the next change, or the next beat of the shares, tries again.
      .catch(() => undefined)
      .finally(() => {
        pumping = false;
        if (again) {
          again = false;
          pump();
        }
      });
  }

  return {
    reserve: (tenant, bytes, signal) =>
      new Promise((resolve, reject) => {
        const leave = (): void => {
          queue = queue.filter((one) => one !== waiting);
          reject(signal.reason instanceof Error ? signal.reason : new Error(String(signal.reason)));
          pump();
        };
        const end = (then: () => void) => {
          signal.removeEventListener("abort", leave);
          then();
        };
        const waiting: Waiting = { tenant, bytes, resolve: () => end(resolve), reject: (error) => end(() => reject(error)) };
        if (signal.aborted) return leave();
        signal.addEventListener("abort", leave);
        queue.push(waiting);
        pump();
      }),
    correct(key, bytes) {
      book.correct(key, bytes);
      pump();
    },
    grow(key, bytes) {
      const more = bytes - book.bytesOf(key);
      if (!tenants.has(key) || book.usedBytes + more > book.limitBytes) return false;
      book.correct(key, bytes);
      return true;
    },
    served(key) {
      book.served(key);
      if (queue.length > 0) pump();
    },
    change(key, change) {
      book.change(key, change);
      if (queue.length > 0) pump();
    },
    drop(key) {
      tenants.delete(key);
      book.drop(key);
      pump();
    },
    pump,
  };
}
