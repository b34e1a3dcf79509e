import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Command } from "../command.ts";
import { endRequests } from "../start/signals.ts";
import { numberFlag } from "../settings.ts";
import { noMoreThan, required } from "../support.ts";
import { tapLine } from "../tap-line.ts";

export const tap: Command = {
  name: "tap",
  summary: "Show messages as they pass on the bus, one line each",
  usage: "'tw.decision.>'",
  options: {
    count: { type: "string", value: "N", doc: "end after so many" },
    ...gatewayOptions,
  },
  details: `Patterns are those of NATS: * is one token, > the rest. Kinds: candle, feature, prediction, signal, decision, ledger,
order, fill, position, equity. Quote the pattern: the shell has a meaning for > and *. With --json each line is a message
as it is on the bus. Ctrl-C ends.`,
  async run(args, io) {
    const subject = required(args, 0, "the pattern", "for example: tradewind tap 'tw.decision.>'");
    noMoreThan(args, 1);
    const count = numberFlag(args, "count", 1, Number.MAX_SAFE_INTEGER, true) ?? Infinity;
    const over = new AbortController();
    const end = endRequests(io.env, () => process.exit(130));
    void end.asked.then(() => over.abort());
    let shown = 0;
    try {
      for await (const frame of gatewayOf(args, io).frames("/api/tap", { subject }, over.signal)) {
        io.out(args.flag("json") ? `${frame}\n` : `${tapLine(frame)}\n`);
        if (++shown >= count) break;
      }
    } finally {
      over.abort();
      end.stop();
    }
    return exitCodes.done;
  },
};
