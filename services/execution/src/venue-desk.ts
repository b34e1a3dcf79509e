import { randomBytes } from "node:crypto";
import { messageId, subjectOf } from "@tradewind/contracts";
import {
  createTradeMachine,
  Failure,
  foldLedger,
  openAccount,
  restoreAccount,
  snapshotAccount,
  type Decision,
  type Intent,
  type LedgerEntry,
  type TradeEvent,
  type TradeMachine,
  type VariantPlan,
  type VenueReport,
} from "@tradewind/core";
import {
  checkpointStore,
  createInbox,
  createOutbox,
  createProgress,
  lineOf,
  type Inbox,
  type MarketClock,
  type ServiceContext,
} from "@tradewind/kit";
import { openSimulatedHttp, type Broker, type SimulatedHttpOptions } from "@tradewind/venues";
import {
  assertNotAhead,
  createSaver,
  createSteps,
  openOrStop,
  recorded,
  unpack,
  type AccountWork,
  type Desk,
  type DeskContext,
} from "./desk.ts";
import { foldOf, openLedger, type LedgerLog } from "./ledger-log.ts";
import { pauseFromEnvironment } from "./pause.ts";
import { createReadModels } from "./read-models.ts";
import { createRecorder } from "./recorder.ts";
import { startFrom } from "./start-from.ts";
import { createTimers } from "./timers.ts";
import { viewAccount } from "./view.ts";

const STATE_VERSION = "venue-1";
/** A venue's answer is not waited for longer than this, in market time. */
const PATIENCE_MS = 5_000;

/** What a checkpoint holds. */
interface Saved {
  readonly n: number;
  readonly seq: number;
  readonly account: unknown;
}

/**
 * An account at a venue. One step after the other: the entry is durable before any of its intents leaves, and what the
 * venue says comes back as a step of its own. Start-up is recovery: fold the ledger, doubt every order, ask the venue,
 * reconcile; only then new risk. The same check goes on for as long as the desk does.
 */
export async function openVenueDesk(context: DeskContext, work: AccountWork): Promise<Desk> {
  const { service, metrics, lost } = context;
  const { clock } = service;
  const { account } = work;
  const ledger = await openLedger(service, account, lost);
  const plans = await plansInOrder(work, ledger);
  const url = urlOf(service, account, plans[0]!.broker);
  const version = work.variants.map(({ desired }) => desired.configHash).join(" ");
  const store = checkpointStore(service, account, `${STATE_VERSION} ${version}`);
  const checkpoint = await store.load();
  const saved = checkpoint && (unpack(checkpoint.state) as Saved);
  assertNotAhead(account, saved, ledger.n());
  const trade = createTradeMachine(plans);
  const inbox = createInbox(service);
  const readModels = createReadModels(account, trade.state, createOutbox(service), metrics);
  const recorder = createRecorder({ ledger, readModels, metrics });
  const steps = createSteps(context, account);
  const state = (): Saved => ({ n: trade.state.n, seq: ledger.seq(), account: snapshotAccount(trade.state) });
  const saver = createSaver({ service, account, inbox, store, steps, state });
  await fold(account, trade, ledger, saved);
  if (ledger.n() === 0) recorder.add(openAccount(trade, plans, randomBytes(4).toString("hex"), clock.now()));
  await recorder.flush(undefined);

  const run = (turn: () => Promise<void>): Promise<void> => inbox.exclusive(() => steps.run(turn));
  async function step(event: TradeEvent, cause?: string): Promise<void> {
    const { entry, intents } = trade.step(event);
    if (entry !== undefined) recorder.add(entry);
    await recorder.flush(cause);
    for (const intent of intents) send(intent);
    saver.touch();
  }
  const report = (told: VenueReport): void => void run(() => step({ type: "report", report: told }));
  const timers = createTimers(clock, (time) => void run(() => step({ type: "timer", time })));
  const check = (): void => {
    trade.state.checkAt = clock.now();
    timers.add(clock.now());
  };
  const mayWrite = (): boolean => !lost.aborted && steps.failed() === undefined;
  const broker = await connect(service, { url, account, plans, onReport: report, onGap: check, mayWrite });
  const send = sender(broker, timers.add, report, (error) => service.log.error({ err: error }, `${account}: ${lineOf(error)}`));
  const close = async (): Promise<void> => {
    await saver.stop();
    timers.stop();
    await broker.close();
  };
  const open = async (): Promise<void> => {
    await run(() => step({ type: "start", time: clock.now(), ownerEpoch: ledger.ownerEpoch() + 1 }));
    await openInputs({ context, work, plans, inbox, clock, ledger, checkpoint, trade, step, run: steps.run, closed: readModels.close });
    if (steps.failed() !== undefined) throw steps.failed();
  };
  await openOrStop(open, close);
  return {
    variants: plans.map((plan) => plan.id),
    async command(command) {
      await run(() => step({ type: "command", command, time: clock.now() }));
      return recorded(steps, account, command);
    },
    view: () => viewAccount(trade.state, account, clock.now()),
    stop: close,
  };
}

type Connection = Omit<SimulatedHttpOptions, "now" | "timeoutMs" | "pause">;

function connect({ clock }: ServiceContext, connection: Connection): Promise<Broker> {
  const timeoutMs = PATIENCE_MS / Math.max(clock.speed(), 1e-9);
  return openSimulatedHttp({ ...connection, timeoutMs, now: () => clock.now(), ...pauseFromEnvironment() });
}

function urlOf({ config }: ServiceContext, account: string, broker: string): string {
  const url = config.venues[broker]?.url;
  if (url !== undefined) return url;
  const way = `set venues.${broker}.url to a simulated venue server, or mode to "paper"`;
  throw new Failure("input", "LIVE_LATER", `account ${account}: live venues come later; ${way}`);
}

/** Performs intents; what comes of them is told as reports. One look-up of an order at a time. */
function sender(
  broker: Broker,
  timer: (at: number) => void,
  report: (told: VenueReport) => void,
  failed: (error: unknown) => void,
): (intent: Intent) => void {
  const asking = new Set<string>();
  const answer = (told: VenueReport | undefined): void => void (told !== undefined && report(told));
  const ask = (key: string, question: () => Promise<VenueReport | undefined>): void => {
    if (asking.has(key)) return;
    asking.add(key);
    question()
      .finally(() => asking.delete(key))
      .then(answer, failed);
  };
  return (intent) => {
    switch (intent.type) {
      case "timer":
        return timer(intent.at);
      case "place":
        return void broker.place(intent.order, intent.sendBy).then(answer, failed);
      case "cancel":
        return void broker.cancel(intent.clientId, intent.instrument).then(answer, failed);
      case "amend":
        return void broker.amend(intent).then(answer, failed);
      case "lookup":
        return ask(intent.clientId, () => broker.lookup(intent.clientId, intent.instrument));
      case "snapshot":
        return ask("snapshot", () => broker.snapshot());
    }
  };
}

/** The plans as the ledger's first entry numbers them, new ones after; client ids depend on it. */
async function plansInOrder(work: AccountWork, ledger: LedgerLog): Promise<VariantPlan[]> {
  const plans = new Map(work.variants.map(({ loaded }) => [loaded.plan.id, loaded.plan]));
  for await (const { entry } of ledger.read(0)) {
    const genesis = entry.events.find((event) => event.type === "genesis");
    const missing = genesis?.variants.find((id) => !plans.has(id));
    if (missing !== undefined)
      throw new Failure(
        "input",
        "VARIANT_NEEDED",
        `the ledger of ${work.account} names variant ${missing}, which is not running; start it too`,
      );
    const known = genesis?.variants ?? [];
    return [...known.map((id) => plans.get(id)!), ...[...plans.values()].filter(({ id }) => !known.includes(id))];
  }
  return [...plans.values()];
}

async function fold(account: string, trade: TradeMachine, ledger: LedgerLog, saved: Saved | undefined): Promise<void> {
  if (saved !== undefined) restoreAccount(trade.state, saved.account);
  const tail: LedgerEntry[] = [];
  for await (const { entry } of ledger.read(saved?.seq ?? 0)) tail.push(entry);
  foldOf(account, () => foldLedger(trade, tail));
}

interface Inputs {
  readonly context: DeskContext;
  readonly work: AccountWork;
  readonly plans: readonly VariantPlan[];
  readonly inbox: Inbox;
  readonly clock: MarketClock;
  readonly ledger: LedgerLog;
  readonly checkpoint: Parameters<typeof startFrom>[1];
  readonly trade: TradeMachine;
  readonly step: (event: TradeEvent, cause?: string) => Promise<void>;
  /** For work inside a message: messages are taken one at a time already. */
  readonly run: (work: () => Promise<void>) => Promise<void>;
  readonly closed: (time: number) => void;
}

async function openInputs(inputs: Inputs): Promise<void> {
  const { context, plans, inbox, work } = inputs;
  const from = (filter: string) => startFrom(context.service.bus, inputs.checkpoint, filter, inputs.ledger);
  const candles = new Set(
    plans.flatMap(({ broker, instruments, finestTimeframe }) =>
      instruments.map(({ id }) => subjectOf("candle", { venue: broker, instrument: id, timeframe: finestTimeframe })),
    ),
  );
  const { trade, clock, step, closed } = inputs;
  for (const filter of candles) {
    const progress = createProgress();
    await inbox.open({
      kind: "candle",
      filter,
      from: await from(filter),
      take: ({ data, id }) => {
        if (data.type !== "candle" || data.candle.origin === "warmup" || !progress.passes(data.candle.closeTime)) return;
        const { candle } = data;
        return inputs.run(async () => {
          await step({ type: "candle", candle }, id);
          await step({ type: "close", time: Math.max(candle.closeTime, trade.state.watermark) }, id);
          closed(trade.state.watermark);
        });
      },
    });
  }
  for (const { desired, loaded } of work.variants)
    for (const { id: instrument } of loaded.plan.instruments) {
      const filter = subjectOf("decision", { variant: desired.id, instrument });
      await inbox.open({
        kind: "decision",
        filter,
        from: await from(filter),
        take({ data }) {
          if (data.closeTime <= desired.effectiveFrom) return;
          const decision = data as Decision;
          const time = Math.max(clock.now(), decision.closeTime);
          return inputs.run(() => step({ type: "decision", decision, time }, messageId.decision(decision)));
        },
      });
    }
}
