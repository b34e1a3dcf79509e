export * from "./bus.ts";
export { keepEverything, type BusOptions } from "./options.ts";
export { openEmbeddedBus } from "./embedded/open.ts";
export type { EmbeddedOptions } from "./embedded/core.ts";
export { connectNats, type NatsOptions } from "./nats/connect.ts";
