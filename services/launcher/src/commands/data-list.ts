import { openCandleStore } from "@tradewind/store";
import { exitCodes, type Command } from "../command.ts";
import { counted, noMoreThan, systemOf } from "../support.ts";

export const dataList: Command = {
  name: "data list",
  summary: "Show what the candle store holds",
  usage: "",
  options: {},
  run: async (args, io) => {
    noMoreThan(args, 0);
    const { dataDir } = systemOf(io);
    const iso = (time: number | undefined) => (time === undefined ? null : new Date(time).toISOString());
    const series = (await openCandleStore(dataDir).list()).map((one) => ({ ...one, from: iso(one.from), to: iso(one.to) }));
    if (args.flag("json")) io.out(`${JSON.stringify(series)}\n`);
    else if (series.length === 0) io.out(`no candles in ${dataDir}; bring some: tradewind data import FILE --venue BROKER --symbol S\n`);
    else
      for (const one of series)
        io.out(`${one.venue}/${one.instrument}/${one.timeframe}  ${one.from ?? "?"} to ${one.to ?? "?"}  ${counted(one.files, "file")}\n`);
    for (const one of series) for (const text of one.damaged) io.say(text);
    return series.some((one) => one.damaged.length > 0) ? exitCodes.checkFailed : exitCodes.done;
  },
};
