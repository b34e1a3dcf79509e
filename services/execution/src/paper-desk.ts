import { randomBytes } from "node:crypto";
import { messageId, subjectOf, type MarketEvent } from "@tradewind/contracts";
import {
  createCollector,
  createWallAccount,
  type Candle,
  type CloseCollector,
  type Command,
  type Decision,
  type LedgerEntry,
  type VariantPlan,
  type WallAccount,
} from "@tradewind/core";
import {
  checkpointStore,
  createInbox,
  createOutbox,
  createProgress,
  type Checkpoint,
  type MarketClock,
  type ServiceContext,
} from "@tradewind/kit";
import { startFrom } from "./start-from.ts";
import {
  assertNotAhead,
  createSaver,
  createSteps,
  graceWallMs,
  openOrStop,
  recorded,
  unpack,
  type AccountWork,
  type Desk,
  type DeskContext,
} from "./desk.ts";
import { foldOf, openLedger, type LedgerLog } from "./ledger-log.ts";
import { createReadModels } from "./read-models.ts";
import { createRecorder } from "./recorder.ts";
import { viewAccount } from "./view.ts";

const STATE_VERSION = "paper-1";

/** What a checkpoint holds. */
interface Saved {
  readonly n: number;
  readonly seq: number;
  readonly account: unknown;
  readonly worked: number;
  /** Close of the newest candle that came, by instrument. */
  readonly seen: readonly (readonly [string, number])[];
  /** Came, but were not worked yet. */
  readonly candles: readonly Candle[];
  readonly decisions: readonly Decision[];
}

/**
 * A paper account on the wall clock: candles, decisions and commands are worked as they come, each step recorded
 * before the next one. A new owner folds the ledger, makes the simulated venue's book of it and works the candles it
 * missed: what rested at the venue has filled on them.
 */
export async function openPaperDesk(context: DeskContext, work: AccountWork): Promise<Desk> {
  const { service, metrics, lost } = context;
  const { clock } = service;
  const { account } = work;
  const { desired, loaded } = work.variants[0]!;
  const { plan } = loaded;
  const ledger = await openLedger(service, account, lost);
  // Not of the configuration: an edit must forgive neither a loss of the day nor a drawdown.
  const store = checkpointStore(service, account, `${STATE_VERSION} ${plan.id} ${plan.account.currency} ${plan.finestTimeframe}`);
  const checkpoint = await store.load();
  const saved = checkpoint && (unpack(checkpoint.state) as Saved);
  assertNotAhead(account, saved, ledger.n());
  const inbox = createInbox(service);
  const paper = createWallAccount({ plan, onEntry: (entry) => recorder.add(entry) });
  const readModels = createReadModels(account, paper.trade.state, createOutbox(service), metrics);
  const recorder = createRecorder({ ledger, readModels, metrics, revision: desired.revision });
  await recover({ account, paper, ledger, saved, clock });
  await recorder.flush(undefined);

  const stage = createStage({
    plan,
    effectiveFrom: desired.effectiveFrom,
    paper,
    clock,
    flush: recorder.flush,
    saved,
    closed: readModels.close,
  });
  const steps = createSteps(context, account);
  const saver = createSaver({
    service,
    account,
    inbox,
    store,
    steps,
    state: (): Saved => ({ n: paper.trade.state.n, seq: ledger.seq(), ...stage.snapshot() }),
  });
  const step = (take: () => Promise<void> | void): Promise<void> =>
    steps.run(async () => {
      await take();
      await stage.drain();
      saver.touch();
      arm();
    });
  let timer: NodeJS.Timeout | undefined;
  /** Whoever does not bring a candle in time is not waited for. */
  function arm(): void {
    clearTimeout(timer);
    const due = stage.collector.dueAt();
    if (due !== undefined)
      timer = setTimeout(() => void inbox.exclusive(() => step(() => undefined)), Math.max(1, due - performance.now()));
  }

  const stop = async (): Promise<void> => {
    await saver.stop();
    clearTimeout(timer);
  };
  await openOrStop(() => openInputs({ service, plan, checkpoint, ledger, inbox, step, stage }), stop);
  return {
    variants: [plan.id],
    async command(order: Command) {
      await inbox.exclusive(() => step(() => stage.command(order)));
      return recorded(steps, account, order);
    },
    view: () => viewAccount(paper.trade.state, account, clock.now()),
    stop,
  };
}

interface Recovery {
  readonly account: string;
  readonly paper: WallAccount;
  readonly ledger: LedgerLog;
  readonly saved: Saved | undefined;
  readonly clock: MarketClock;
}

async function recover({ account, paper, ledger, saved, clock }: Recovery): Promise<void> {
  if (ledger.n() === 0) return paper.open(randomBytes(4).toString("hex"), clock.now());
  const tail: LedgerEntry[] = [];
  for await (const { entry } of ledger.read(saved?.seq ?? 0)) tail.push(entry);
  foldOf(account, () => paper.resume(saved?.account, tail));
  paper.start(Math.max(clock.now(), tail.at(-1)?.time ?? 0), ledger.ownerEpoch() + 1);
}

interface Inputs {
  readonly service: ServiceContext;
  readonly plan: VariantPlan;
  readonly checkpoint: Checkpoint | undefined;
  readonly ledger: LedgerLog;
  readonly inbox: ReturnType<typeof createInbox>;
  readonly step: (take: () => Promise<void> | void) => Promise<void>;
  readonly stage: Stage;
}

async function openInputs({ service, plan, checkpoint, ledger, inbox, step, stage }: Inputs): Promise<void> {
  for (const { id: instrument } of plan.instruments) {
    const candles = subjectOf("candle", { venue: plan.broker, instrument, timeframe: plan.finestTimeframe });
    const decisions = subjectOf("decision", { variant: plan.id, instrument });
    const from = (filter: string) => startFrom(service.bus, checkpoint, filter, ledger);
    await inbox.open({ kind: "candle", filter: candles, from: await from(candles), take: ({ data }) => step(() => stage.market(data)) });
    await inbox.open({
      kind: "decision",
      filter: decisions,
      from: await from(decisions),
      take: ({ data }) => step(() => stage.decision(data as Decision)),
    });
  }
}

interface StageOptions {
  readonly plan: VariantPlan;
  readonly effectiveFrom: number;
  readonly paper: WallAccount;
  readonly clock: MarketClock;
  readonly flush: (cause: string | undefined) => Promise<void>;
  readonly saved: Saved | undefined;
  readonly closed: (time: number) => void;
}

interface Stage {
  readonly collector: CloseCollector;
  market(event: MarketEvent): void;
  decision(decision: Decision): void;
  command(command: Command): Promise<void>;
  drain(): Promise<void>;
  snapshot(): Omit<Saved, "n" | "seq">;
}

/** The account behind its collector: a decision is worked when the candles of its close have been. */
function createStage({ plan, effectiveFrom, paper, clock, flush, saved, closed }: StageOptions): Stage {
  const collector = createCollector(
    plan.instruments.map(({ id }) => id),
    graceWallMs(plan.finestTimeframe, clock.speed()),
  );
  /** Candles up to here are in the ledger: they are not worked twice. */
  const folded = paper.trade.state.watermark;
  let worked = Math.max(saved?.worked ?? 0, folded);
  let decisions: Decision[] = (saved?.decisions ?? []).filter(({ closeTime }) => closeTime > effectiveFrom);
  const before = new Map(saved?.seen);
  const seen = new Map(plan.instruments.map(({ id }) => [id, createProgress(before.get(id))]));

  function market(event: MarketEvent): void {
    if (event.type === "gap") return collector.gap(event.instrument, event.to);
    if (event.type === "end") return collector.gap(event.instrument, Infinity);
    if (event.type === "correction" || event.candle.origin === "warmup") return;
    // An older one has prices that nobody can trade at any more.
    if (seen.get(event.candle.instrument)?.passes(event.candle.closeTime) !== true) return;
    if (event.candle.closeTime <= folded) paper.mark(event.candle);
    else collector.candle(event.candle, performance.now());
  }

  async function decide(): Promise<void> {
    const now = Math.max(clock.now(), worked);
    // One whose close never comes is given when it has expired, for the record.
    const due = decisions.filter(({ closeTime, validUntil }) => closeTime <= worked || validUntil < now);
    if (due.length === 0) return;
    decisions = decisions.filter((decision) => !due.includes(decision));
    for (const decision of due) {
      paper.decide(decision, now);
      await flush(messageId.decision(decision));
    }
  }

  for (const candle of saved?.candles ?? []) collector.candle(candle, performance.now());
  return {
    collector,
    market,
    decision: (decision) => void (decision.closeTime > effectiveFrom && decisions.push(decision)),
    async command(command) {
      paper.command(command, Math.max(clock.now(), worked));
      await flush(undefined);
    },
    async drain() {
      for (let close = collector.take(performance.now()); close !== undefined; close = collector.take(performance.now())) {
        worked = Math.max(worked, close.time);
        paper.close(worked, close.candles);
        await flush(messageId.market(plan.broker, { type: "candle", candle: close.candles[0]! }));
        closed(worked);
        await decide();
      }
      await decide();
      await flush(undefined);
    },
    snapshot: () => ({
      account: paper.snapshot(),
      worked,
      seen: [...seen].map(([id, progress]) => [id, progress.at()] as const),
      candles: collector.waiting(),
      decisions,
    }),
  };
}
