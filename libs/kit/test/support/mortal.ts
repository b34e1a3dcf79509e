import type { Bus, Kv } from "@tradewind/bus";

const never = <T>(): Promise<T> => new Promise(() => undefined);

/** A handle that can die: from then on nothing asked through it happens or comes back, as after kill -9. */
export function mortal(inner: Bus): { readonly bus: Bus; kill(): void } {
  let dead = false;
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
    respond: (pattern, answer) => inner.respond(pattern, (message) => (dead ? never() : answer(message))),
    append: (subject, data, options) => alive(() => inner.append(subject, data, options)),
    consume: (options) => alive(() => inner.consume({ ...options, take: (message) => (dead ? never() : options.take(message)) })),
    last: (subject) => alive(() => inner.last(subject)),
    first: (filter) => alive(() => inner.first(filter)),
    async *read(filter, from) {
      for await (const message of inner.read(filter, from)) {
        if (dead) await never();
        yield message;
      }
    },
    kv: (bucket) => kvOf(inner.kv(bucket)),
  };
  return {
    bus,
    kill() {
      dead = true;
    },
  };
}
