import type { Kv } from "@tradewind/bus";

/** What an instance tells the others of its hosts. */
export interface HostShare {
  readonly memory_mb: number;
  readonly device: string;
}

interface Share {
  /** What its book has granted. */
  readonly bytes: number;
  /** Wall time of its writing, ms. Clocks differ and jump: it tells that something was said, not how long ago. */
  readonly at: number;
  readonly models: Readonly<Record<string, HostShare>>;
  /** It has less than an even part and waits for others to make room. */
  readonly wanting?: boolean;
}

type Table = Readonly<Record<string, Share>>;

/**
 * How instances divide one limit: a table of what each has granted, changed by compare-and-set alone, so that the sum
 * never passes the limit while all of them reach the bus. One that has lost the bus keeps what it has and is granted
 * nothing more; after `GONE_MS` the others count without it.
 */
export interface Shares {
  /** Takes so much, if the others leave it. */
  claim(bytes: number): Promise<boolean>;
  /** Says again what is held; tells what the others leave. */
  beat(bytes: number, models: Share["models"], wanting?: boolean): Promise<void>;
  /** What the others leave of the limit, as last seen; no more than an even part while one of them waits for room. */
  leftBytes(): number;
  /** An even part of the limit: so much the others make room for. All of it for one that is alone. */
  evenBytes(): number;
  others(): Table;
  leave(): Promise<void>;
}

const GONE_MS = 6_000;
const TRIES_MOST = 50;

export function createShares(
  kv: Kv,
  key: string,
  instance: string,
  limitBytes: number,
  now: () => number = () => performance.now(),
): Shares {
  let others: Table = {};
  /** What each of the others wrote last, and since when, by `now`, it is known here. */
  const heard = new Map<string, { readonly at: number; readonly since: number }>();
  let models: Share["models"] = {};
  let wanting = false;
  const left = (): number => Math.max(0, limitBytes - Object.values(others).reduce((sum, { bytes }) => sum + bytes, 0));

  const even = (): number => Math.floor(limitBytes / (Object.keys(others).length + 1));

  /** Of one that has said nothing for long the share is free. */
  function isThere(one: string, { at }: Share): boolean {
    const last = heard.get(one);
    if (last?.at === at) return now() - last.since < GONE_MS;
    heard.set(one, { at, since: now() });
    return true;
  }

  /** Puts our line into the table, unless the others leave too little for it and `must` is false. */
  async function write(bytes: number, must: boolean): Promise<boolean> {
    for (let attempt = 0; attempt < TRIES_MOST; attempt++) {
      const entry = await kv.get(key);
      const table = entry === undefined ? {} : readTable(entry.value);
      others = Object.fromEntries(Object.entries(table).filter(([one, share]) => one !== instance && isThere(one, share)));
      if (!must && bytes > left()) return false;
      const next = JSON.stringify({ ...others, [instance]: { bytes, at: Date.now(), models, wanting } });
      const done = entry === undefined ? await kv.create(key, next) : await kv.update(key, next, entry.revision);
      if (done !== undefined) return true;
    }
    return false;
  }

  return {
    claim: (bytes) => write(bytes, false),
    async beat(bytes, of, wants = false) {
      models = of;
      wanting = wants;
      await write(bytes, true);
    },
    leftBytes: () => (Object.values(others).some((one) => one.wanting === true) ? Math.min(left(), even()) : left()),
    evenBytes: even,
    others: () => others,
    async leave() {
      const entry = await kv.get(key);
      if (entry === undefined) return;
      const { [instance]: _, ...rest } = readTable(entry.value);
      await kv.update(key, JSON.stringify(rest), entry.revision);
    },
  };
}

/** What is no table is nobody's. */
function readTable(text: string): Table {
  try {
    const value = JSON.parse(text) as Table | null;
    const sound = Object.entries(value ?? {}).filter(([, share]) => Number.isFinite(share.bytes) && Number.isFinite(share.at));
    return Object.fromEntries(sound);
  } catch {
    return {};
  }
}
