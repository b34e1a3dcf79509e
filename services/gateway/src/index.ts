import type { ServiceDefinition } from "@tradewind/kit";
import { build } from "./build.ts";

export { openGateway, type Gateway } from "./build.ts";

/** REST, WebSocket and page; control plane of the variants. */
export const definition: ServiceDefinition = { name: "gateway", build };
