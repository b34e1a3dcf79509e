import type { ServiceContext } from "@tradewind/kit";
import type { FeatureCache } from "./features.ts";

/** The feature cache of this installation. */
export function openCache(_context: ServiceContext, _stack: AsyncDisposableStack): Promise<FeatureCache> {
  return Promise.resolve({ get: () => Promise.resolve(undefined) });
}
