import { seededBatches, type NetName, type Side } from "./task.ts";

/** What a side says after a round, and what it is told before one. */
export interface RoundOrder {
  readonly steps: number;
}
export interface RoundReport {
  readonly cpuUs: number;
  readonly wallMs: number;
  readonly loss: number;
  /** Peak of resident memory so far, MiB. */
  readonly peakMb: number;
}

const MIB = 1024;
const BATCHES = 20;

/** One library in a process of its own, so that peak memory and CPU time are its own: argv is side and net. */
async function main(): Promise<void> {
  const [kind, net] = process.argv.slice(2) as ["ours" | "tfjs_wasm", NetName];
  const side: Side =
    kind === "ours" ? await (await import("./ours.ts")).ourSide(net) : await (await import("./tfjs-wasm.ts")).tfjsSide(net);
  const batches = seededBatches(BATCHES);
  process.on("message", ({ steps }: RoundOrder) => {
    void round(steps).then((report) => process.send!(report));
  });
  process.send!("ready");

  async function round(steps: number): Promise<RoundReport> {
    const start = performance.now();
    const cpu = process.cpuUsage();
    let loss = 0;
    for (let i = 0; i < steps; i++) loss += (await side.step(batches[i % BATCHES]!)) / steps;
    const { user, system } = process.cpuUsage(cpu);
    return { cpuUs: user + system, wallMs: performance.now() - start, loss, peakMb: process.resourceUsage().maxRSS / MIB };
  }
}

await main();
