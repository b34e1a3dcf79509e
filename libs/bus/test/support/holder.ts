/** A process that opens a bus file, says so, and keeps it until it is killed. */
import { openEmbeddedBus } from "../../src/index.ts";

await openEmbeddedBus(process.argv[2]!);
process.stdout.write("open\n");
setInterval(() => undefined, 1000);
