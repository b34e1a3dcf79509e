import { inputFailure } from "@tradewind/core";
import type { CreateFeed, Feed, FeedOptions } from "./feed.ts";
import { replay } from "./replay.ts";
import { simulated } from "./simulated.ts";

/** Every feed; a new one is one file and one line here. */
const feeds: Readonly<Record<string, CreateFeed>> = { simulated, replay };

/** The feed of that name. Throws `FEED_UNKNOWN`. */
export function createFeed(name: string, options: FeedOptions): Feed {
  const create = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
  if (create === undefined) throw inputFailure("FEED_UNKNOWN", `feed "${name}" is not known; use one of ${Object.keys(feeds).join(", ")}`);
  return create(options);
}
