/** One bare hop: takes each message of a subject from JetStream and publishes it to the next, acknowledged. */
import { connect } from "@nats-io/transport-node";
import { jetstream } from "@nats-io/jetstream";

const [url, stream, from, to] = process.argv.slice(2) as [string, string, string, string];
const nc = await connect({ servers: url, noAsyncTraces: true });
const js = jetstream(nc);
const consumer = await js.consumers.get(stream, { filter_subjects: from });
await consumer.consume({ callback: (message) => void js.publish(to, Buffer.from(JSON.stringify(message.json()))) });
process.stdout.write("ready\n");
process.once("SIGTERM", () => process.exit(0));
