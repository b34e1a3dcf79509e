import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openEmbeddedBus, type Bus } from "@tradewind/bus";
import { loadSystem } from "@tradewind/config";
import {
  encodeMessage,
  encodeRaw,
  messageId,
  subjectOf,
  type DesiredVariant,
  type EquityUpdate,
  type MemberWord,
} from "@tradewind/contracts";
import { encodeEntry, type Candle, type Decision, type LedgerEntry } from "@tradewind/core";
import { setMarketClock, startService, type StartedService } from "@tradewind/kit";
import { tempDir } from "@tradewind/testkit";
import { openGateway, type Gateway } from "../src/index.ts";

export const START = Date.parse("2026-01-05T14:00:00Z");
export const MINUTE = 60_000;
export const PERP = "BTC-USDT-PERP";

/** A paper variant on a perpetual, with what a test changes. */
export function variantOf(change: Readonly<Record<string, unknown>> = {}, choices: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    variants: { broker: "bybit", strategy: "momentum", mode: "paper", asset_class: "futures", ...choices },
    trading_symbols: { futures: ["BTC/USDT:USDT"], crypto: ["BTC/USDT"] },
    ...change,
  });
}

export interface System extends AsyncDisposable {
  readonly bus: Bus;
  readonly gateway: Gateway;
  readonly service: StartedService;
  /** Every line that was logged. */
  readonly log: readonly string[];
  readonly file: (id: string) => string;
  put(id: string, text: string): void;
  remove(id: string): void;
  desired(id: string): Promise<DesiredVariant | undefined>;
  /** A request with the token; a body makes it a POST. */
  call(path: string, body?: unknown): Promise<{ readonly status: number; readonly body: any }>;
}

export interface SystemOptions {
  readonly variants?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** False leaves the market's clock unset. */
  readonly clock?: boolean;
  /** The bus instead of an embedded one. */
  readonly connect?: () => Promise<Bus>;
  /** Settings and bus of an earlier system. */
  readonly of?: { readonly dir: string };
}

/** A gateway on an embedded bus with a folder of variants; nothing else runs. */
export async function startSystem({ variants = {}, settings = {}, clock = true, connect, of }: SystemOptions = {}): Promise<
  System & { readonly dir: string }
> {
  const dir = of?.dir ?? tempDir();
  const configDir = join(dir, "configs");
  const folder = join(configDir, "variants");
  mkdirSync(folder, { recursive: true });
  const file = (id: string): string => join(folder, `${id}.json`);
  for (const [id, text] of Object.entries(variants)) writeFileSync(file(id), text);
  const bus = await (connect?.() ?? openEmbeddedBus(join(dir, "bus.sqlite")));
  await bus.ensure();
  if (clock) await setMarketClock(bus, { wallMs: Date.now(), marketMs: START, speed: 1 });
  const config = loadSystem(configDir, {}, { gateway: { port: 0, token_file: join(dir, "token") }, ...settings });
  const log: string[] = [];
  let gateway: Gateway | undefined;
  const definition = {
    name: "gateway",
    build: async (...[context, stack]: Parameters<typeof openGateway>) => {
      gateway = await openGateway(context, stack);
    },
  };
  const logTo = { write: (line: string) => void log.push(line) };
  const service = await startService(definition, { bus, config, configDir, processMetrics: false, logTo });
  const { url, token } = gateway!;
  return {
    dir,
    bus,
    gateway: gateway!,
    service,
    log,
    file,
    put: (id, text) => writeFileSync(file(id), text),
    remove: (id) => rmSync(file(id)),
    async desired(id) {
      const entry = await bus.kv("variants").get(id);
      return entry && (JSON.parse(entry.value) as DesiredVariant);
    },
    async call(path, body) {
      const headers = { authorization: `Bearer ${token}`, ...(body !== undefined && { "content-type": "application/json" }) };
      const response = await fetch(url + path, { headers, ...(body !== undefined && { method: "POST", body: JSON.stringify(body) }) });
      const text = await response.text();
      return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
    },
    async [Symbol.asyncDispose]() {
      await service.stop();
      await bus.close();
    },
  };
}

const head = { source: "test", run: "test" };
const publishedAt = (): { published: number } => ({ published: Date.now() });

/** Puts messages on a bus as the other services do. */
export function publisher(bus: Bus, venue = "bybit") {
  return {
    async candle(candle: Candle): Promise<string> {
      const event = { type: "candle" as const, candle };
      const id = messageId.market(venue, event);
      const { instrument, timeframe, closeTime: time } = candle;
      await bus.append(
        subjectOf("candle", { venue, instrument, timeframe }),
        encodeMessage("candle", { ...head, ...publishedAt(), id, time, data: event }),
        { id },
      );
      return id;
    },
    async gap(instrument: string, from: number, to: number, reason: string): Promise<void> {
      const data = { type: "gap" as const, instrument, timeframe: "1m" as const, from, to, reason };
      const id = messageId.market(venue, data);
      await bus.append(
        subjectOf("candle", { venue, instrument, timeframe: "1m" }),
        encodeMessage("candle", { ...head, ...publishedAt(), id, time: to, data }),
        { id },
      );
    },
    async word(variant: string, instrument: string, time: number, data: MemberWord): Promise<void> {
      const id = messageId.signal(variant, data);
      await bus.append(
        subjectOf("signal", { variant, instrument }),
        encodeMessage("signal", { ...head, ...publishedAt(), id, time, data }),
        { id },
      );
    },
    async decision(data: Decision, cause?: string): Promise<string> {
      const id = messageId.decision(data);
      const { variant, instrument, closeTime: time } = data;
      const message = {
        ...head,
        ...publishedAt(),
        id,
        time,
        ...(cause !== undefined && { cause }),
        data: { ...data, votes: [...data.votes] },
      };
      await bus.append(subjectOf("decision", { variant, instrument }), encodeMessage("decision", message), { id });
      return id;
    },
    /** As execution does: the entry's own text inside the envelope. */
    async entry(account: string, entry: LedgerEntry, cause?: string): Promise<void> {
      const message = { ...head, ...publishedAt(), id: `l/${account}/${entry.n}`, time: entry.time, ...(cause !== undefined && { cause }) };
      await bus.append(subjectOf("ledger", { account }), encodeRaw("ledger", message, encodeEntry(entry)));
    },
    equity(data: EquityUpdate): void {
      const { variant, time } = data;
      bus.publish(
        subjectOf("equity", { variant }),
        encodeMessage("equity", { ...head, ...publishedAt(), id: `y/${variant}/${time}`, time, data }),
      );
    },
  };
}

export function candleOf(minute: number, close: number, change: Partial<Candle> = {}): Candle {
  return {
    instrument: PERP,
    timeframe: "1m",
    openTime: START + (minute - 1) * MINUTE,
    closeTime: START + minute * MINUTE,
    open: close,
    high: close + 5,
    low: close - 5,
    close,
    volume: 12.5,
    revision: 0,
    origin: "live",
    synthetic: false,
    ...change,
  };
}

export function decisionOf(variant: string, minute: number, change: Partial<Decision> = {}): Decision {
  const closeTime = START + minute * MINUTE;
  return {
    variant,
    instrument: PERP,
    closeTime,
    close: 60_000,
    action: "HOLD",
    score: 0,
    votes: [{ source: "momentum", vote: 0, weight: 1, reason: "change 0.01 % over 20" }],
    reason: "below threshold",
    validUntil: closeTime + MINUTE,
    entryAllowed: true,
    ...change,
  };
}

/** A step that says no more than which variant and instrument it is about. */
export function entryOf(variant: string, instrument: string): LedgerEntry {
  const events = [{ type: "decision_expired", variant, instrument, decisionTime: START }] as const;
  return { n: 1, ownerEpoch: 1, time: START, watermark: START, input: "decision", events };
}

export function equityOf(variant: string, minute: number, equity: number, change: Partial<EquityUpdate> = {}): EquityUpdate {
  return {
    variant,
    account: `paper-${variant}`,
    time: START + minute * MINUTE,
    currency: "USDT",
    equity,
    cash: equity,
    exposure: 0,
    drawdown: 0,
    state: "ACTIVE",
    positions: [],
    openOrders: 0,
    ...change,
  };
}
