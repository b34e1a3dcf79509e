import { z } from "zod";
import { timeframeNames, type Timeframe } from "@tradewind/core";

/** Times are ms since the epoch; prices, scores and confidences float64; money decimal text. */
const time = z.number();
const token = z.string().regex(/^[A-Za-z0-9_-]+$/);
const timeframe = z.enum(timeframeNames as unknown as readonly [Timeframe, ...Timeframe[]]);
const action = z.enum(["BUY", "SELL", "HOLD"]);
const decimal = z.string().regex(/^-?\d+(?:\.\d+)?$/);

const candle = z.object({
  instrument: token,
  timeframe,
  openTime: time,
  closeTime: time,
  open: z.number(),
  high: z.number(),
  low: z.number(),
  close: z.number(),
  volume: z.number(),
  revision: z.number(),
  origin: z.enum(["live", "backfill", "warmup"]),
  synthetic: z.boolean(),
});

/** What a candle subject carries, in time order. */
const market = z.discriminatedUnion("type", [
  z.object({ type: z.literal("candle"), candle }),
  /** Bars that open in [from, to) will not come. */
  z.object({ type: z.literal("gap"), instrument: token, timeframe, from: time, to: time, reason: z.string() }),
  /** A bar already given has been corrected; no decision made on it changes. */
  z.object({ type: z.literal("correction"), candle }),
  /** The data ends here: nothing newer will come. Replays only. */
  z.object({ type: z.literal("end"), instrument: token, timeframe, time }),
]);

const signal = z.object({
  source: z.string(),
  instrument: token,
  closeTime: time,
  action,
  confidence: z.number(),
  reason: z.string(),
  stop: z.number().optional(),
  target: z.number().optional(),
});
const abstention = z.object({ source: z.string(), instrument: token, closeTime: time, reason: z.string() });
const prediction = z.object({
  source: z.string(),
  instrument: token,
  closeTime: time,
  score: z.number(),
  confidence: z.number(),
  modelHash: z.string(),
  featureSchema: z.string(),
  /** Class probabilities by label. */
  probabilities: z.record(z.string(), z.number()).optional(),
});

/** A member's word on one close. */
const said = z.discriminatedUnion("type", [
  z.object({ type: z.literal("signal"), signal }),
  z.object({ type: z.literal("prediction"), prediction }),
  z.object({ type: z.literal("abstention"), abstention }),
]);

const vote = z.object({ source: z.string(), vote: z.number().nullable(), weight: z.number(), reason: z.string() });
const decision = z.object({
  variant: token,
  instrument: token,
  closeTime: time,
  close: z.number(),
  action,
  score: z.number(),
  votes: z.array(vote),
  reason: z.string(),
  validUntil: time,
  entryAllowed: z.boolean(),
  stop: z.number().optional(),
  target: z.number().optional(),
  /** Of the market, where the variant's weights are learnt by regime. */
  regime: z.string().optional(),
});

/** A feature matrix is ready under its cache key; `rows` bars of `columns` features end at `closeTime`. */
const feature = z.object({
  venue: token,
  instrument: token,
  timeframe,
  closeTime: time,
  schema: z.string(),
  key: z.string(),
  rows: z.number(),
  columns: z.number(),
  origin: z.enum(["live", "backfill", "warmup"]),
});

/** A ledger entry as `encodeEntry` writes it; `decodeEntry` reads the whole. */
const entry = z.looseObject({
  n: z.number(),
  ownerEpoch: z.number(),
  time,
  watermark: z.number(),
  input: z.string(),
  events: z.array(z.looseObject({ type: z.string() })),
});

const position = z.object({ instrument: token, quantity: decimal, entryPrice: z.number(), mark: z.number(), profit: z.number() });
const equity = z.object({
  variant: token,
  account: token,
  time,
  currency: z.string(),
  equity: z.number(),
  cash: z.number(),
  exposure: z.number(),
  drawdown: z.number(),
  state: z.enum(["ACTIVE", "REDUCING", "HALTED"]),
  positions: z.array(position),
  openOrders: z.number(),
});
const order = z.object({
  account: token,
  variant: token,
  instrument: token,
  time,
  clientId: z.string(),
  status: z.string(),
  side: z.enum(["BUY", "SELL"]),
  leg: z.string(),
  quantity: decimal,
  filled: decimal,
  reason: z.string(),
});
const fill = z.object({
  account: token,
  variant: token,
  instrument: token,
  time,
  clientId: z.string(),
  tradeId: z.string(),
  side: z.enum(["BUY", "SELL"]),
  leg: z.string(),
  quantity: decimal,
  price: decimal,
  fee: decimal,
  feeCurrency: z.string(),
  realized: decimal,
});

/** An order to a service, and what it answers. */
const command = z.object({
  verb: z.string(),
  by: z.string(),
  account: z.string().optional(),
  variant: z.string().optional(),
  instrument: z.string().optional(),
  /** Of model-inference: the model's id, and the blob of `model-files` that holds its file. */
  model: z.string().optional(),
  blob: z.string().optional(),
  /** What else a verb takes; its doc comment says. */
  parameters: z.record(z.string(), z.unknown()).optional(),
});
const reply = z.object({ ok: z.boolean(), message: z.string(), data: z.unknown().optional() });

/** Work for whoever is free; `id` names its record in bucket `jobs`. */
const job = z.object({ id: token, kind: token, by: z.string(), parameters: z.record(z.string(), z.unknown()) });

/** How a training goes on. Losses are means over the samples since the last message. */
const training = z.object({
  job: token,
  model: token,
  family: z.string(),
  /** What it is at: data, fold 2 of 4, epoch 3. */
  phase: z.string(),
  done: z.number(),
  total: z.number(),
  loss: z.number().optional(),
  validationLoss: z.number().optional(),
  accuracy: z.number().optional(),
});

export const payloads = { market, said, decision, feature, entry, equity, position, order, fill, command, reply, job, training };

export type MarketEvent = z.infer<typeof market>;
export type MemberWord = z.infer<typeof said>;
export type FeatureReady = z.infer<typeof feature>;
export type EquityUpdate = z.infer<typeof equity>;
export type OrderUpdate = z.infer<typeof order>;
export type FillUpdate = z.infer<typeof fill>;
export type ServiceCommand = z.infer<typeof command>;
export type ServiceReply = z.infer<typeof reply>;
