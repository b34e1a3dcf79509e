/** A bare responder: answers each request with a text of the length it was started with. */
import { connectNats } from "@tradewind/bus";

const [url, length] = process.argv.slice(2) as [string, string];
const bus = await connectNats({ servers: url, name: "echo" });
const answer = "x".repeat(Number(length));
bus.respond("bench.echo", () => Promise.resolve(answer));
process.stdout.write("ready\n");
process.once("SIGTERM", () => process.exit(0));
