import { startEmbedded } from "./support/embedded.ts";
import { createWorkspace } from "./support/workspace.ts";
import { ledgerOf } from "./support/ledger.ts";
const start = "2026-01-06T14:00:00Z";
const base: any = {
  variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures" },
  strategy_config: { lookback_period: 2, threshold_buy: 0.01, threshold_sell: -0.01 },
  trading_symbols: ["BTC/USDT:USDT", "ETH/USDT:USDT"],
  timeframes: ["1m", "1s"],
  risk_settings: { stop_loss_pct: 2, take_profit_pct: 2, max_daily_loss_pct: null, max_drawdown_pct: null },
  account: { id: "busy" },
};
using ws = createWorkspace({
  effectiveFrom: Date.parse(start),
  system: { market: { feed: "simulated", speed: 120, start, keep: false }, log: { level: "warn" } },
  variants: { busy: base },
});
const sys = await startEmbedded(ws, ":memory:");
const iso = (t: number) => new Date(t).toISOString().slice(11, 19);
const wait = (s: number) => new Promise((r) => setTimeout(r, s * 1000));
await wait(6);
const put = async (rev: number, text: any, enabled = true) => {
  await sys.bus
    .kv("variants")
    .put(
      "busy",
      JSON.stringify({
        ...ws.desired[0],
        revision: rev,
        enabled,
        text: JSON.stringify(text),
        configHash: "x" + rev,
        effectiveFrom: Date.parse(start),
      }),
    );
};
console.log("entries before", (await ledgerOf(sys.bus, "busy")).length);
const how = process.argv[2];
if (how === "drop") await put(2, { ...base, trading_symbols: ["BTC/USDT:USDT"] });
if (how === "spot") await put(2, { ...base, trading_symbols: ["BTC/USDT"], variants: { ...base.variants, asset_class: "crypto" } });
if (how === "tf") await put(2, { ...base, timeframes: ["1m"] });
if (how === "balance") await put(2, { ...base, account: { id: "busy", starting_balance: 500 } });
if (how === "lev") await put(2, { ...base, risk_settings: { ...base.risk_settings, leverage: 5 } });
if (how === "broker") await put(2, { ...base, variants: { ...base.variants, broker: "binance" } });
if (how === "tick") await put(2, { ...base, instruments: { "*": { tick: 5, step: 0.5 } } });
if (how === "stop") {
  await put(2, base, false);
  await wait(3);
  await put(3, base);
}
await wait(6);
const all = await ledgerOf(sys.bus, "busy");
for (const e of all.slice(-25))
  console.log(
    "L",
    iso(e.time),
    e.n,
    e.ownerEpoch,
    e.events
      .map((x: any) => x.type + (x.order?.side ?? x.spec?.side ?? x.side ?? "") + (x.reason ? `(${x.reason})` : "") + (x.code ?? ""))
      .join(" "),
  );
for (const { value } of await sys.bus.kv("states").entries()) {
  const v = JSON.parse(value);
  if (v.notes.length)
    console.log(
      v.service,
      v.state,
      v.notes.map((n: any) => n.text),
    );
}
await sys.stop();
