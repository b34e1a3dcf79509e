import type { ServiceContext } from "@tradewind/kit";
import { openFeatureCache } from "@tradewind/store";
import type { FeatureCache } from "./features.ts";

/** The feature cache of this installation: Redis, or the process's own. When it is away, every look into it is a miss. */
export function openCache({ config, log, state }: ServiceContext, stack: AsyncDisposableStack): FeatureCache {
  const { url, password } = config.redis;
  const cache = openFeatureCache({
    ...(url !== undefined && { url }),
    ...(password !== undefined && { password }),
    onStatus(there, line) {
      if (there) log.info(line);
      else log.warn(line);
      state.note(line);
    },
  });
  stack.defer(() => cache.close());
  return cache;
}
