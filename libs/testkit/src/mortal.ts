import type { Bus, Kv } from "@tradewind/bus";

/** A handle on a bus that can die: from then on nothing of what is asked through it happens or comes back, as after kill -9. */
export interface MortalBus {
  readonly bus: Bus;
  kill(): void;
  /** Dies at its `n`-th append from now on to a subject that starts with `prefix`, before or after the append is done. */
  dieAtAppend(n: number, when: "before" | "after", prefix?: string): void;
  readonly dead: () => boolean;
}

const never = <T>(): Promise<T> => new Promise(() => undefined);

export function mortal(inner: Bus): MortalBus {
  let dead = false;
  let doom = { left: Infinity, when: "before", prefix: "" };
  const alive = <T>(work: () => Promise<T>): Promise<T> =>
    dead
      ? never<T>()
      : work().then(
          (value) => (dead ? never<T>() : value),
          (error: unknown) => (dead ? never<T>() : Promise.reject(error as Error)),
        );
  const kvOf = (kv: Kv): Kv => ({
    get: (key) => alive(() => kv.get(key)),
    put: (key, value) => alive(() => kv.put(key, value)),
    create: (key, value) => alive(() => kv.create(key, value)),
    update: (key, value, revision) => alive(() => kv.update(key, value, revision)),
    delete: (key, revision) => alive(() => kv.delete(key, revision)),
    entries: () => alive(() => kv.entries()),
    watch: (take) => alive(() => kv.watch((change) => void (dead || take(change)))),
  });
  const bus: Bus = {
    ...inner,
    get connected() {
      return inner.connected;
    },
    publish: (subject, data) => void (dead || inner.publish(subject, data)),
    request: (subject, data, timeoutMs) => alive(() => inner.request(subject, data, timeoutMs)),
    respond: (pattern, answer) => inner.respond(pattern, (message) => (dead ? Promise.resolve(undefined) : answer(message))),
    consume: (options) => alive(() => inner.consume({ ...options, take: (message) => (dead ? never() : options.take(message)) })),
    first: (filter) => alive(() => inner.first(filter)),
    last: (subject) => alive(() => inner.last(subject)),
    async *read(filter, from) {
      for await (const message of inner.read(filter, from)) {
        if (dead) await never();
        yield message;
      }
    },
    async append(subject, data, options) {
      if (!dead && subject.startsWith(doom.prefix) && --doom.left <= 0) {
        if (doom.when === "after") await inner.append(subject, data, options);
        dead = true;
      }
      return alive(() => inner.append(subject, data, options));
    },
    kv: (bucket) => kvOf(inner.kv(bucket)),
  };
  return {
    bus,
    kill: () => void (dead = true),
    dieAtAppend: (n, when, prefix = "") => void (doom = { left: n, when, prefix }),
    dead: () => dead,
  };
}
