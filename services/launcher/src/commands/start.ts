import type { Command } from "../command.ts";
import { configOption } from "../settings.ts";
import { modes } from "../start/mode-names.ts";

export const start: Command = {
  name: "start",
  summary: "Run everything in one process: simulated market, paper money, dashboard",
  usage: "[VARIANT...]",
  options: {
    mode: { type: "string", value: "MODE", doc: `${modes.join(", ")} (default: web)` },
    symbol: { type: "string", value: "S", doc: "only variants of this symbol, or one made for it: BTC/USDT, BTC/USDT:USDT, AAPL" },
    speed: { type: "string", value: "N", doc: "market seconds per second of the simulated market" },
    seed: { type: "string", value: "N", doc: "of the simulated market" },
    feed: { type: "string", value: "FEED", doc: "simulated, or replay of recorded candles" },
    file: {
      type: "string",
      value: "ID=CSV",
      multiple: true,
      doc: "candles of an instrument for the replay, e.g. BTC-USDT-PERP=btc.csv; may be given again",
    },
    clock: {
      type: "string",
      value: "CLOCK",
      doc: "wall, or events: no deadlines, the same ledger every time (default: events for a replay, else wall)",
    },
    "until-end": { type: "boolean", doc: "end when a replay has been worked to its end" },
    "data-dir": { type: "string", value: "DIR", doc: "folder of the run, its token and its candles (default: data.dir of system.yaml)" },
    fresh: { type: "boolean", doc: "begin a new run; the one before is kept aside" },
    port: { type: "string", value: "N", doc: "of the dashboard and the gateway; 0 takes any free one" },
    "no-open": { type: "boolean", doc: "do not show the dashboard in a browser" },
    quiet: { type: "boolean", doc: "print the banner and the summary only" },
    ...configOption,
  },
  details: `VARIANT is the id of a file in variants/; where left out, start.variants of system.yaml says which run.
Ctrl-C ends within seconds, a second one at once. Started again, balances, positions and open orders go on.
With --json each event is one object a line. Exit codes: 0 ended as asked, 1 failed, 2 bad input, or the folder or port is taken.`,
  // The other commands do without what comes with it.
  run: async (args, io) => (await import("../start/modes.ts")).runMode(args, io),
};
