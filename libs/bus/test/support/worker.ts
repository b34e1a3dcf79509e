/** A process that takes one message of a work queue, says so, and never ends it: `worker.ts embedded|nats <where> <subject> <ackWaitMs>`. */
import { connectNats, openEmbeddedBus } from "../../src/index.ts";

const [kind, where, subject, ackWait] = process.argv.slice(2);
const options = { ackWaitMs: Number(ackWait) };
const bus = kind === "nats" ? await connectNats({ servers: where!, name: "worker", ...options }) : await openEmbeddedBus(where!, options);
await bus.work({
  subject: subject!,
  take: () => {
    process.stdout.write("taken\n");
    return new Promise(() => undefined);
  },
});
setInterval(() => undefined, 1000);
