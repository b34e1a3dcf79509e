import { tokenOf } from "@tradewind/contracts";
import { createInbox, type ServiceContext } from "@tradewind/kit";
import type { FeatureCache } from "./features.ts";

/** The matrices that market-data says are ready, as they come. */
export interface FeatureArrivals {
  /** The matrix of a close, from the cache; waits at most `waitMs` for the word that it is there. */
  matrixOf(closeTime: number, waitMs: number): Promise<Float32Array | undefined>;
  stop(): Promise<void>;
}

/** Keys remembered: as many closes as the candles may be behind the features. */
const KEYS_MOST = 256;

/** Follows `tw.feature` of one instrument and schema from now on; it has an inbox of its own, since closes wait for it. */
export async function followFeatures(
  context: ServiceContext,
  cache: FeatureCache,
  of: { readonly venue: string; readonly instrument: string; readonly featureSchema: string },
): Promise<FeatureArrivals> {
  const { venue, instrument, featureSchema } = of;
  const keys = new Map<number, string>();
  let arrived = Promise.withResolvers<void>();
  const inbox = createInbox(context);
  await inbox.open({
    kind: "feature",
    filter: `tw.feature.${tokenOf(venue)}.${instrument}.${featureSchema.slice(0, 8)}`,
    from: "new",
    take({ data }) {
      if (data.schema !== featureSchema) return;
      keys.set(data.closeTime, data.key);
      if (keys.size > KEYS_MOST) keys.delete(keys.keys().next().value!);
      arrived.resolve();
      arrived = Promise.withResolvers();
    },
  });

  async function keyOf(closeTime: number, waitMs: number): Promise<string | undefined> {
    const until = performance.now() + waitMs;
    while (!keys.has(closeTime) && performance.now() < until) {
      const timeout = Promise.withResolvers<void>();
      const timer = setTimeout(timeout.resolve, until - performance.now());
      await Promise.race([arrived.promise, timeout.promise]);
      clearTimeout(timer);
    }
    return keys.get(closeTime);
  }

  return {
    async matrixOf(closeTime, waitMs) {
      const key = keys.get(closeTime) ?? (await keyOf(closeTime, waitMs));
      return key === undefined ? undefined : cache.get(key, featureSchema);
    },
    stop: () => inbox.stop(),
  };
}
