export { eventually, type EventuallyOptions } from "./eventually.ts";
export { freePort, tempDir } from "./machine.ts";
export { mortal, type MortalBus } from "./mortal.ts";
export { startNats, type NatsServer, type NatsServerOptions } from "./nats-server.ts";
export { startRedis, type RedisServer, type RedisServerOptions } from "./redis-server.ts";
export type { Server } from "./server.ts";
export { seeds } from "./seeds.ts";
export { unreliable, type UnreliableOptions } from "./unreliable.ts";
