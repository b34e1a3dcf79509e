import { parseArgs } from "node:util";
import { busFigures } from "./bus/figures.ts";
import { backtestFigures, memoryFigure, wholePath } from "./backtest.ts";
import { inferenceFigures } from "./inference/figures.ts";
import { jsonLine, tableLine, type Figure } from "./figure.ts";
import { importFigures } from "./import.ts";
import { seededColumns } from "./market.ts";
import { profileOf } from "./profile.ts";
import { trainingFigures } from "./training/figures.ts";

const CANDLES = 1_000_000;
const PROFILE_RUNS = 5;
const PROFILE_LINES = 15;

const HELP = `Usage: pnpm bench [backtest | import | bus | inference | training] [--json | --profile]

bus, over five service processes and a real nats-server, medians of five rounds in turn with bare JetStream hops:
  bus.candle_to_intent_*     candle on the log to ledger intent on the log, 10 candles a second, warmed
  bus.sustained              candles a second through the whole road, as fast as it goes
  start.first_order          tradewind start on a new folder, to its first order
  start.recovery             an account with 500 resting orders at a venue, to trading again
  memory.SERVICE             resident memory

backtest and import, over ${CANDLES} seeded one-minute candles, medians of five rounds in turn after a warm-up, on one thread:
  backtest.whole_path        a user's strategy of two averages, vote, risk, stop and target, fees, ledger with its
                             SHA-256, equity curve
  backtest.idle_path         the same, but no decision is strong enough to trade
  backtest.per_trade_us      what a round trip adds: two or more orders, their ledger, the candles it is held for
  backtest.bare_loop         the same rules and trades as a loop over columns and nothing else
  backtest.grademark         the same rules under npm's grademark, the averages worked out beforehand, without fees
  memory.per_million_candles bytes of columns and growth of resident memory by a run
  import.csv, import.parquet rows per second into the candle store, and out of it

inference, of an untrained lstm over a service process and a real nats-server, medians of five rounds in turn:
  inference.cpu_above_bare   CPU of service and host per prediction, less that of a bare responder
  inference.batched_p50/p99  of 64 clients at once, beside a service that makes no batches
  inference.lstm_*           rows a second beside the runtime alone in one process: a host asked row by row and by
                             batches of 64, and the service over the bus by batches of 64

training, over five rounds in turn of 20 steps of 256 rows, each side in a process of its own:
  training.NET               samples per CPU second of training the net, beside TensorFlow.js on WebAssembly
  training.NET.cost          CPU microseconds per sample
  training.NET.memory        peak of resident memory

  --json      one JSON object per figure: {name, value, unit, cpuValue?, wallMs?, cpuMs?, against?, ratio?, counts?};
              ratio is this value over that of the figure it is held against
  --profile   where the time of the whole path goes: self time by function
  --help      this text
`;

async function profile(): Promise<void> {
  const columns = seededColumns(CANDLES);
  wholePath(columns);
  const start = performance.now();
  const lines = await profileOf(() => {
    for (let i = 0; i < PROFILE_RUNS; i++) wholePath(columns);
  }, PROFILE_LINES);
  const nsPerCandle = ((performance.now() - start) * 1e6) / (PROFILE_RUNS * CANDLES);
  for (const { where, share } of lines)
    console.log(`${(share * 100).toFixed(1).padStart(5)} %  ${(share * nsPerCandle).toFixed(1).padStart(6)} ns/candle  ${where}`);
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean" }, profile: { type: "boolean" }, help: { type: "boolean" } },
  });
  const [group = "all"] = positionals;
  if (values.help) return void process.stdout.write(HELP);
  if (positionals.length > 1 || !["all", "backtest", "import", "bus", "inference", "training"].includes(group))
    throw new Error(
      `"${positionals.join(" ")}" is not a group of figures; use backtest, import, bus, inference or training, or see --help`,
    );
  if (values.profile) return profile();
  const print = (figures: readonly Figure[]) => {
    for (const figure of figures) console.log(values.json ? jsonLine(figure) : tableLine(figure));
  };
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  if (group === "training" || group === "all") print(await trainingFigures(say));
  if (group === "bus" || group === "all") print(await busFigures(say));
  if (group === "inference" || group === "all") print(await inferenceFigures(say));
  if (group === "bus" || group === "inference" || group === "training") return;
  const columns = seededColumns(CANDLES);
  if (group !== "import") {
    const memory = memoryFigure(columns);
    const figures = await backtestFigures(columns);
    if (!figures.some(({ name }) => name === "backtest.grademark"))
      console.error("backtest.grademark is left out: grademark is not installed");
    print([...figures, memory]);
  }
  if (group !== "backtest") print(await importFigures(columns));
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
