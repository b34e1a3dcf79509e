// Proves the variants named on the command line against prices.csv, one after the other, each as the command would.
// A process of its own: strategies are to be loaded by Node itself, and may leave traces.
import { runCli } from "../src/cli.ts";

globalThis.console = new console.Console(process.stderr, process.stderr);
for (const id of process.argv.slice(2)) {
  let out = "";
  const io = {
    out: (text: string) => void (out += text),
    say: (text: string) => void process.stderr.write(`${id}: ${text}\n`),
    progress: () => undefined,
    cwd: process.cwd(),
    env: {},
  };
  const code = await runCli(["backtest", `${id}.json`, "--data", "prices.csv", "--prove-no-lookahead", "--json", "--no-save"], io);
  process.stdout.write(`${JSON.stringify({ code, proof: out === "" ? null : (JSON.parse(out) as unknown) })}\n`);
}
