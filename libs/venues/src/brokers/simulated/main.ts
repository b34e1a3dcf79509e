import { startSimulatedVenue } from "./server.ts";

/** The simulated venue as a process of its own: `node main.ts [port]`. Tells its address in one line on standard output. */
const server = await startSimulatedVenue(Number(process.argv[2] ?? 0));
process.stdout.write(`${server.url}\n`);
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void server.stop());
