/**
 * A process that appends numbered messages as fast as it can and prints each sequence it was promised, until it is
 * killed: `writer.ts embedded <file>` or `writer.ts nats <url>`.
 */
import { connectNats, openEmbeddedBus } from "../../src/index.ts";

const IN_FLIGHT = 64;
const [kind, where, first = "0"] = process.argv.slice(2);
const bus = kind === "nats" ? await connectNats({ servers: where!, name: "writer" }) : await openEmbeddedBus(where!);
await bus.ensure();

async function write(n: number): Promise<void> {
  const { seq } = await bus.append("tw.ledger.main", JSON.stringify({ n, filler: "x".repeat(n % 500) }), { id: `n/${n}` });
  process.stdout.write(`${seq} ${n}\n`);
}

for (let n = Number(first); ; n += IN_FLIGHT) await Promise.all(Array.from({ length: IN_FLIGHT }, (_, i) => write(n + i)));
