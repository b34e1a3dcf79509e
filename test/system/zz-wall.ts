import { startEmbedded } from "./support/embedded.ts";
import { createWorkspace } from "./support/workspace.ts";
import { ledgerOf } from "./support/ledger.ts";
import { decodeMessage } from "@tradewind/contracts";
const [start, speed, secs, instruments] = [process.argv[2]!, Number(process.argv[3]), Number(process.argv[4]), process.argv[5]!.split(",")];
const stocks = !instruments[0]!.includes("/");
using ws = createWorkspace({
  effectiveFrom: Date.parse(start),
  system: { market: { feed: "simulated", speed, start, keep: false }, log: { level: "warn" } },
  variants: {
    busy: {
      variants: { broker: stocks ? "alpaca" : "bybit", strategy: "momentum", mode: "paper", asset_class: stocks ? "stocks" : "futures" },
      strategy_config: { lookback_period: 2, threshold_buy: 0.01, threshold_sell: -0.01 },
      trading_symbols: instruments,
      timeframes: ["5m", "1m"],
      risk_settings: { stop_loss_pct: 0.5, take_profit_pct: 0.5, max_daily_loss_pct: 3, max_drawdown_pct: null },
      account: { id: "busy" },
    },
  },
});
const sys = await startEmbedded(ws, ":memory:");
await new Promise((r) => setTimeout(r, secs * 1000));
const iso = (t: number) => new Date(t).toISOString();
for (const e of await ledgerOf(sys.bus, "busy"))
  console.log(
    "L",
    iso(e.time),
    e.n,
    e.events
      .map((x: any) => x.type + (x.order?.side ?? x.spec?.side ?? x.side ?? "") + (x.reason ? `(${x.reason})` : "") + (x.code ?? ""))
      .join(" "),
  );
let prev = 0;
for await (const { data } of sys.bus.read("tw.decision.*.*", { after: 0 })) {
  const d = decodeMessage("decision", data);
  if (d.ok) {
    const x = d.envelope.data;
    if (x.closeTime - prev > 300_000 || !x.entryAllowed)
      console.log("D", iso(x.closeTime), "valid", iso(x.validUntil), x.action, x.entryAllowed, x.reason);
    prev = x.closeTime;
  }
}
let types: Record<string, number> = {};
let gaps: string[] = [];
for await (const { data, subject } of sys.bus.read("tw.candle.*.*.*", { after: 0 })) {
  const d = decodeMessage("candle", data);
  if (d.ok) {
    const x = d.envelope.data as any;
    const k = subject.split(".").at(-1) + " " + x.type + " " + (x.candle?.origin ?? x.reason);
    types[k] = (types[k] ?? 0) + 1;
    if (x.type === "gap") gaps.push(subject + iso(x.from) + iso(x.to) + x.reason);
  }
}
console.log(types, gaps.slice(0, 20));
await sys.stop();
