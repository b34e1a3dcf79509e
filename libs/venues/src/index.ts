export type { CreateFeed, Feed, FeedCapabilities, FeedClock, FeedEvent, FeedOptions, FeedSeries } from "./feeds/feed.ts";
export { createFeed } from "./feeds/registry.ts";
export type { Amendment, Broker, BrokerCapabilities, BrokerShell } from "./brokers/broker.ts";
export { openSimulatedHttp, type SimulatedHttpOptions } from "./brokers/simulated-http.ts";
export type { Manner, OpenAccount, VenueStats } from "./brokers/simulated/exchange.ts";
export { startSimulatedVenue, type SimulatedVenueServer } from "./brokers/simulated/server.ts";
