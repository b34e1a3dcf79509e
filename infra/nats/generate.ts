import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { natsConfig } from "./config.ts";

writeFileSync(join(import.meta.dirname, "nats.conf"), natsConfig());
