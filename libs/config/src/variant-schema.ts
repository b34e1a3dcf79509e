import { z } from "zod";
import { assetClasses, calendarNames, fromNumber, protections, strategies, timeframeNames } from "@tradewind/core";
import { modes } from "./combinations.ts";
import { defaults } from "./defaults.ts";
import { brokers } from "./instruments/registry.ts";
import { isReference } from "./secrets.ts";

/** A number that fits 12 decimals, as money does. */
function fits(value: number): boolean {
  try {
    fromNumber(value);
    return true;
  } catch {
    return false;
  }
}

const money = z.number().refine(fits, { message: "has more than 12 decimals; round it first" });
const positive = money.gt(0);
const percent = z.number().gt(0).max(100);
const share = z.number().gt(0).max(1);
const closes = z.int().min(1);
const name = z.string().regex(/^[A-Za-z0-9_-]+$/, { message: "must be made of letters, digits, _ and -" });
const feeRate = money.gt(-0.05).lt(0.5);
const timeframe = z.enum(timeframeNames);
const symbols = z.array(z.string());
const risk = defaults.risk_settings;
const trailing = percent.lt(100).nullable();

const reference = z.string().refine(isReference, {
  message: 'must be an environment reference such as "${BYBIT_API_KEY}"; a secret itself never stands in a file',
});

const variants = z.strictObject({
  broker: z.enum(Object.keys(brokers)).describe("Venue that is traded on."),
  strategy: z.enum([...Object.keys(strategies), "custom"]).describe('Strategy; "custom" is the one in strategy_file.'),
  mode: z
    .enum(modes)
    .describe(
      "live: real orders. paper: live data, simulated venue. backtest: history, simulated venue. futures: live on asset class futures.",
    ),
  asset_class: z.enum(assetClasses).describe("crypto (spot), stocks, futures (perpetual contracts) or etf."),
});

const brokerConfig = z.strictObject({
  active_broker: z.enum(Object.keys(brokers)).optional().describe("Must be variants.broker; kept for files that state it."),
  test_mode: z.boolean().default(defaults.test_mode).describe("Live modes trade on the venue's test network."),
  credentials: z
    .strictObject({
      api_key: reference.optional().describe('Environment reference. Default: "${<BROKER>_API_KEY}".'),
      api_secret: reference.optional().describe('Environment reference. Default: "${<BROKER>_API_SECRET}".'),
      passphrase: reference.optional().describe("Environment reference, for venues whose keys have one (okx)."),
    })
    .prefault({}),
});

const riskSettings = z.strictObject({
  max_position_size: positive
    .nullable()
    .default(risk.max_position_size)
    .describe("Most notional of one position, account currency; null: no limit."),
  risk_per_trade: share.default(risk.risk_per_trade).describe("Share of equity lost when the stop is hit: 0.01 is 1 %."),
  stop_loss_pct: percent
    .lt(100)
    .nullable()
    .default(risk.stop_loss_pct)
    .describe("Stop distance in percent of price: 2 is 2 %; null: none."),
  take_profit_pct: z
    .number()
    .gt(0)
    .max(10_000)
    .nullable()
    .default(risk.take_profit_pct)
    .describe("Target distance in percent of price; null: none."),
  max_total_exposure: positive
    .nullable()
    .default(risk.max_total_exposure)
    .describe("Most notional of all positions, account currency; null: no limit."),
  max_concurrent_positions: closes
    .nullable()
    .default(risk.max_concurrent_positions)
    .describe("Most positions open at once; null: no limit."),
  max_daily_loss_pct: percent
    .nullable()
    .default(risk.max_daily_loss_pct)
    .describe("Loss in percent of the day's first equity that halts the variant."),
  max_drawdown_pct: percent
    .nullable()
    .default(risk.max_drawdown_pct)
    .describe("Fall in percent from the highest equity that halts the variant."),
  leverage: z
    .number()
    .min(1)
    .max(1_000)
    .default(risk.leverage)
    .describe("Asked leverage; lowered to what the venue and the stop allow; ignored on spot."),
  trailing_stop_pct: trailing.default(risk.trailing_stop_pct).describe("Trailing stop distance in percent of price; null: none."),
});

const sizing = z.discriminatedUnion("method", [
  z.strictObject({ method: z.literal("risk") }).describe("risk_settings.risk_per_trade of equity is lost at the stop."),
  z.strictObject({ method: z.literal("cash_fraction"), fraction: share.describe("Share of free cash to spend: 0.5 is half.") }),
  z.strictObject({ method: z.literal("notional"), notional: positive.describe("Amount per entry, account currency.") }),
  z.strictObject({ method: z.literal("quantity"), quantity: positive.describe("Units per entry: coins, shares or contracts.") }),
]);

const weight = z.number().gt(0).default(defaults.weight).describe("Initial weight of its vote.");

const members = z.array(
  z.strictObject({
    name: name.optional().describe("Name in votes; default: the strategy's."),
    strategy: z.enum(Object.keys(strategies)).describe("Further strategy that votes."),
    strategy_config: z.record(z.string(), z.unknown()).default({}).describe("Its parameters."),
    weight,
  }),
);

const models = z.array(
  z.strictObject({
    id: name.describe("Registered model that votes."),
    name: name.optional().describe("Name in votes; default: its id."),
    weight,
  }),
);

const account = z.strictObject({
  id: name
    .optional()
    .describe("Account that simulated variants share; default: one of its own. Live accounts follow from the credentials."),
  currency: z
    .string()
    .regex(/^[A-Z0-9]+$/, { message: "must be a currency in capital letters" })
    .optional()
    .describe("Default: what the first symbol settles in."),
  starting_balance: positive.default(defaults.account.starting_balance).describe("Money a simulated account starts with."),
});

const costs = z.strictObject({
  spread_bps: z
    .number()
    .min(0)
    .max(1_000)
    .default(defaults.costs.spread_bps)
    .describe("Whole spread, basis points of price; a fill pays half."),
  slippage_bps: z.number().min(0).max(1_000).default(defaults.costs.slippage_bps).describe("Further loss per fill, basis points of price."),
  maker_fee: feeRate.optional().describe("Fee as a rate (0.0002 is 2 bps) in place of the broker's."),
  taker_fee: feeRate.optional().describe("Fee as a rate in place of the broker's."),
});

const fills = z.strictObject({
  latency_ms: z.int().min(0).default(defaults.fills.latency_ms).describe("Time from order to venue."),
  max_volume_share: share
    .nullable()
    .default(defaults.fills.max_volume_share)
    .describe("Most of a candle's volume our orders take: 0.1 is 10 %; null: no limit."),
  at_end: z.enum(["keep", "close_at_open", "close_at_close"]).default(defaults.fills.at_end).describe("Positions open when the data ends."),
});

const decision = z.strictObject({
  threshold: z.number().min(0).max(1).default(defaults.decision.threshold).describe("Least |weighted vote| that acts, 0..1."),
  every_closes: closes.default(defaults.decision.every_closes).describe("Acts on every n-th close."),
  valid_for_closes: closes.default(defaults.decision.valid_for_closes).describe("Closes after which a decision expires."),
  learning_rate: z
    .number()
    .min(0)
    .max(1)
    .default(defaults.decision.learning_rate)
    .describe("Step by which weights follow results; 0 keeps them."),
  weight_floor: z.number().min(0).lt(1).default(defaults.decision.weight_floor).describe("Least share of the vote of a member."),
  // Optional, not defaulted: a file that says nothing keeps the config_hash it has always had.
  regimes: z
    .enum(["none", "volatility_trend"])
    .optional()
    .describe(
      `Weights learnt apart for each regime of the market: none, or volatility_trend (calm or wild, range or trend). Default: ${defaults.decision.regimes}.`,
    ),
});

const exits = z.strictObject({
  trailing_stop_pct: trailing.optional().describe("The same setting as risk_settings.trailing_stop_pct; give one of them."),
  max_hold_closes: closes
    .nullable()
    .default(defaults.exits.max_hold_closes)
    .describe("Closes after which a position is closed; null: never."),
});

const protection = z.strictObject({
  kind: z.enum(Object.keys(protections)).describe("Rule that locks entries for a time."),
  lookback_minutes: z.number().gt(0).default(defaults.protection.lookback_minutes).describe("Window of closed trades it looks at."),
  lock_minutes: z.number().gt(0).default(defaults.protection.lock_minutes).describe("Length of the lock."),
  count: closes.default(defaults.protection.count).describe("Least number of trades or stop-outs in the window."),
  limit_pct: z
    .number()
    .min(-100)
    .max(100)
    .default(defaults.protection.limit_pct)
    .describe("Percent of the window's starting equity; meaning by kind."),
});

const instrument = z.strictObject({
  kind: z.enum(["spot", "linear", "inverse"]).optional().describe("Accounting, where the symbol does not say."),
  tick: positive.optional().describe("Price increment."),
  step: positive.optional().describe("Quantity increment."),
  min_qty: money.min(0).optional().describe("Least quantity of an order."),
  min_notional: money.min(0).optional().describe("Least notional of an order."),
  multiplier: positive.optional().describe("Units per contract."),
  maker_fee: feeRate.optional().describe("Fee as a rate; wins over costs.maker_fee."),
  taker_fee: feeRate.optional().describe("Fee as a rate; wins over costs.taker_fee."),
  max_leverage: z.number().min(1).max(1_000).optional().describe("The venue's highest leverage."),
  initial_margin: share
    .refine(fits, { message: "has more than 12 decimals; round it first" })
    .optional()
    .describe("Share of notional; default 1 / max_leverage."),
  maintenance_margin: money.min(0).lt(1).optional().describe("Share of notional below which the venue liquidates."),
  calendar: z
    .enum(calendarNames)
    .optional()
    .describe("Sessions it trades in; default: round the clock, for stocks and etf New York's day."),
});

/** A variant file: strict, every field documented, every default from `defaults`. */
export const variantSchema = z.strictObject({
  $schema: z.string().optional().describe("For editors; not part of the configuration."),
  trader_name: z.string().max(100).optional().describe("For people. Default: the file's name."),
  version: z.string().max(50).default(defaults.version).describe("Of this file, for people."),
  variants: variants.describe("The four choices that make a variant; the only block that must be there."),
  strategy_config: z.record(z.string(), z.unknown()).default({}).describe("Parameters of the strategy; see its table."),
  strategy_file: z
    .string()
    .min(1)
    .optional()
    .describe('A strategy of your own, by path from this file; variants.strategy is then "custom".'),
  broker_config: brokerConfig.prefault({}),
  trading_symbols: z
    .union([
      symbols.min(1),
      z.strictObject({ crypto: symbols.optional(), stocks: symbols.optional(), futures: symbols.optional(), etf: symbols.optional() }),
    ])
    .default({})
    .describe("A list, or lists by asset class of which the variant's own is traded. Default: the broker's."),
  risk_settings: riskSettings.prefault({}),
  members: members.default([]).describe("Further strategies that vote."),
  models: models.default([]).describe("Models that vote."),
  sizing: sizing.default(defaults.sizing).describe("How large an entry is."),
  costs: costs.prefault({}),
  account: account.prefault({}),
  fills: fills.prefault({}).describe("How the simulated venue fills."),
  decision: decision.prefault({}),
  exits: exits.prefault({}),
  protections: z.array(protection).default([]).describe("Timed locks after losses."),
  timeframes: z
    .union([z.array(timeframe).min(1).max(2), z.strictObject({ decision: timeframe, finest: timeframe.optional() })])
    .default([defaults.timeframe])
    .describe('Decision timeframe and the finer one that exits are judged on: ["1m"], ["5m", "1m"] or {"decision": "5m", "finest": "1m"}.'),
  instruments: z.record(z.string(), instrument).default({}).describe('Overrides by symbol; "*" is for all.'),
});

/** A variant file with its defaults, in the file's own names. */
export type VariantConfig = z.output<typeof variantSchema>;
