import { readFileSync } from "node:fs";
import { loadSystem } from "@tradewind/config";
import { openNats, trainer } from "./service.ts";

/** A trainer as a process of its own: `process.ts URL SETTINGS.json`. */
const [url, settings] = process.argv.slice(2) as [string, string];
const config = loadSystem("/nowhere", {}, JSON.parse(readFileSync(settings, "utf8")));
const bus = await openNats(url);
await trainer(bus, config);
process.stdout.write("running\n");
