import { z } from "zod";

/** What the gateway answers. The schemas are the reply's check, its documentation and its type. */
const time = z.number().describe("ms since the epoch");
export const variantIdText = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/)
  .max(100);

const positionView = z.object({
  instrument: z.string(),
  quantity: z.string(),
  entryPrice: z.number(),
  mark: z.number(),
  profit: z.number(),
});

export const variantView = z.object({
  id: z.string(),
  enabled: z.boolean().describe("Whether it is to run."),
  revision: z.number().describe("0: it has never run."),
  effectiveFrom: time.describe("Market time from which the revision decides."),
  by: z.string().describe("Who asked last."),
  label: z
    .enum(["simulated", "paper", "live"])
    .optional()
    .describe("simulated: paper money on a simulated market. paper: paper money on market data. live: real orders."),
  mode: z.string().optional(),
  broker: z.string().optional(),
  strategy: z.string().optional(),
  assetClass: z.string().optional(),
  account: z.string().optional(),
  currency: z.string().optional(),
  timeframe: z.string().optional(),
  instruments: z.array(z.string()).optional(),
  startingBalance: z.number().optional(),
  state: z.enum(["ACTIVE", "REDUCING", "HALTED"]).optional(),
  stateReason: z.string().optional(),
  stateScope: z.string().optional().describe("What is in that state: the variant, its account, or the portfolio."),
  equity: z.number().optional(),
  cash: z.number().optional(),
  exposure: z.number().optional(),
  drawdown: z.number().optional().describe("Share of the highest equity."),
  profitPct: z.number().optional().describe("Equity over the starting balance, percent."),
  positions: z.array(positionView).optional(),
  openOrders: z.number().optional(),
  equityAt: time.optional(),
  problem: z.string().optional(),
});
export type VariantView = z.infer<typeof variantView>;

export const serviceView = z.object({
  service: z.string(),
  instance: z.string(),
  state: z.enum(["starting", "running", "degraded", "stopping", "silent"]),
  since: time,
  at: time,
  partitions: z.array(z.string()),
  notes: z.array(z.object({ at: time, text: z.string() })),
  pid: z.number(),
  memoryMb: z.number(),
});
export type ServiceView = z.infer<typeof serviceView>;

export const statusView = z.object({
  run: z.string(),
  clock: z.enum(["events", "wall"]),
  startedAt: time,
  wallTime: time,
  marketTime: time.nullable(),
  speed: z.number().nullable().describe("Market ms per wall ms."),
  simulated: z.boolean().describe("The market is a simulated one."),
  services: z.array(serviceView),
  variants: z.array(variantView),
  problems: z.array(z.string()),
});
export type StatusView = z.infer<typeof statusView>;

export const decisionView = z.object({
  key: z.string().describe("The same as long as the same HOLD goes on."),
  variant: z.string(),
  instrument: z.string(),
  closeTime: time,
  /** First close of a HOLD that goes on. */
  since: time,
  count: z.number().describe("Closes in a row of which this is true; more than 1 for HOLD only."),
  action: z.enum(["BUY", "SELL", "HOLD"]),
  close: z.number(),
  score: z.number(),
  reason: z.string(),
  entryAllowed: z.boolean(),
  votes: z.array(z.object({ source: z.string(), vote: z.number().nullable(), weight: z.number(), reason: z.string() })),
});
export type DecisionView = z.infer<typeof decisionView>;

export const fillView = z.object({
  key: z.string(),
  account: z.string(),
  variant: z.string(),
  instrument: z.string(),
  time,
  clientId: z.string(),
  tradeId: z.string(),
  side: z.enum(["BUY", "SELL"]),
  leg: z.string(),
  quantity: z.string(),
  price: z.string(),
  fee: z.string(),
  feeCurrency: z.string(),
  realized: z.string(),
  reason: z.string(),
});
export type FillView = z.infer<typeof fillView>;

export const equityView = z.object({
  variant: z.string(),
  currency: z.string().optional(),
  points: z.array(z.tuple([time, z.number()])).describe("Market time and equity, oldest first; thinned out with age."),
});

export const whyStep = z.object({
  stage: z.string(),
  time: time.optional(),
  id: z.string().optional(),
  says: z.string(),
  detail: z.unknown().optional(),
});
export type WhyStep = z.infer<typeof whyStep>;

export const whyView = z.object({
  question: z.string(),
  answer: z.string(),
  steps: z.array(whyStep).describe("From the candle to the fill, in order."),
  text: z.string().describe("The same for people."),
});
export type WhyView = z.infer<typeof whyView>;
