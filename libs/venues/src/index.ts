export type { CreateFeed, Feed, FeedCapabilities, FeedClock, FeedEvent, FeedOptions, FeedSeries } from "./feeds/feed.ts";
export { createFeed } from "./feeds/registry.ts";
