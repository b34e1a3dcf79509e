import { messageId, subjectOf, type MarketEvent } from "@tradewind/contracts";
import {
  calendarNamed,
  createBarrier,
  createPaperAccount,
  encodeEntry,
  Failure,
  type Candle,
  type CloseBarrier,
  type Decision,
  type LedgerEntry,
  type PaperAccount,
  type VariantPlan,
} from "@tradewind/core";
import { checkpointStore, createInbox, createOutbox, type Incoming } from "@tradewind/kit";
import { assertNotAhead, createSaver, createSteps, openOrStop, unpack, type AccountWork, type Desk, type DeskContext } from "./desk.ts";
import { openLedger, type LedgerLog } from "./ledger-log.ts";
import { createReadModels } from "./read-models.ts";
import { createRecorder, type Recorder } from "./recorder.ts";
import { viewAccount, type AccountView } from "./view.ts";

/** The ledger epoch of every run under the events clock, as of backtests: client ids repeat. */
const EVENTS_EPOCH = "00000001";
const STATE_VERSION = "replay-1";

/** What a checkpoint holds. */
interface Saved {
  /** Entries that the account has made, and the sequence of the last of them. */
  readonly n: number;
  readonly seq: number;
  readonly startTime: number | undefined;
  readonly account: unknown;
  readonly barrier: unknown;
  readonly first: readonly (readonly [string, number])[];
  readonly last: readonly (readonly [string, Candle])[];
  readonly ended: readonly string[];
  readonly worked: number;
  readonly finished: boolean;
}

/**
 * A paper account under the events clock. Its ledger is a function of candles and decisions, the one a backtest
 * makes; a new owner works the log again from the checkpoint, and what the ledger holds already is compared with what
 * comes out (`LEDGER_DIVERGED` when it differs) instead of being appended twice.
 */
export async function openReplayDesk(context: DeskContext, work: AccountWork): Promise<Desk> {
  const { service, metrics, lost } = context;
  const { account } = work;
  const { desired, loaded } = work.variants[0]!;
  const { plan } = loaded;
  const ledger = await openLedger(service, account, lost);
  const store = checkpointStore(service, account, `${STATE_VERSION} ${loaded.configHash}`);
  const checkpoint = await store.load();
  const saved = checkpoint && (unpack(checkpoint.state) as Saved);
  assertNotAhead(account, saved, ledger.n());
  const verifier = await createVerifier(account, ledger, saved?.seq ?? 0);
  const readModels = lateReadModels();
  const recorder = createRecorder({ ledger, readModels, metrics, revision: desired.revision, alreadyThere: verifier.alreadyThere });
  const stage = createStage(plan, desired.effectiveFrom, recorder, saved);
  const steps = createSteps(context, account);
  const inbox = createInbox(service);
  const outbox = createOutbox(service);
  const saver = createSaver({
    service,
    account,
    inbox,
    store,
    steps,
    state: (): Saved => ({ ...stage.snapshot(), ...verifier.reached() }),
  });

  const step = (take: () => void): Promise<void> =>
    steps.run(async () => {
      take();
      await stage.drain((opened) => readModels.set(createReadModels(account, opened.trade.state, outbox, metrics)), readModels.close);
      saver.touch();
    });
  const open = async (): Promise<void> => {
    if (saved?.startTime !== undefined) await step(() => undefined);
    for (const { id: instrument } of plan.instruments) {
      const candles = subjectOf("candle", { venue: plan.broker, instrument, timeframe: plan.finestTimeframe });
      const decisions = subjectOf("decision", { variant: plan.id, instrument });
      const from = (filter: string) => ({ after: checkpoint?.positions[filter] ?? 0 });
      await inbox.open({ kind: "candle", filter: candles, from: from(candles), take: ({ data }) => step(() => stage.market(data)) });
      const decided = ({ data }: Incoming<"decision">): Promise<void> => step(() => stage.barrier.decision(data as Decision));
      await inbox.open({ kind: "decision", filter: decisions, from: from(decisions), take: decided });
    }
  };
  await openOrStop(open, saver.stop);
  return {
    variants: [plan.id],
    command: () =>
      Promise.reject(
        new Failure("input", "COMMAND_REFUSED", "a run under the events clock is a function of its log and takes no commands"),
      ),
    view: (): AccountView => {
      const paper = stage.account();
      if (paper !== undefined) return viewAccount(paper.trade.state, account, stage.worked());
      return { account, currency: plan.account.currency, entries: 0, ownerEpoch: 0, variants: [], orders: [], states: [] };
    },
    stop: saver.stop,
  };
}

/** Read models of an account that does not exist before its first candles. */
function lateReadModels() {
  let models: ReturnType<typeof createReadModels> | undefined;
  return {
    set: (next: typeof models) => void (models = next),
    entry: (entry: LedgerEntry) => models?.entry(entry),
    close: (time: number) => models?.close(time),
  };
}

/** Holds what re-execution makes against what the ledger holds beyond the checkpoint. */
async function createVerifier(account: string, ledger: LedgerLog, afterSeq: number) {
  const expected: { n: number; seq: number; text: string }[] = [];
  for await (const { entry, seq, text } of ledger.read(afterSeq)) expected.push({ n: entry.n, seq, text });
  let next = 0;
  let seq = afterSeq;
  return {
    alreadyThere(entry: LedgerEntry): boolean {
      const there = expected[next];
      if (there === undefined) return false;
      const text = encodeEntry(entry);
      if (there.text !== text)
        throw new Failure(
          "service",
          "LEDGER_DIVERGED",
          `entry ${there.n} of ${account} is ${there.text}, worked again it comes out as ${text}`,
        );
      seq = there.seq;
      next += 1;
      if (next === expected.length) expected.length = next = 0;
      return true;
    },
    /** Where re-execution and appends have got to. */
    reached: () => ({ seq: expected.length > 0 ? seq : Math.max(seq, ledger.seq()) }),
  };
}

interface Stage {
  readonly barrier: CloseBarrier;
  market(event: MarketEvent): void;
  /** Works every complete close; `opened` hears of the account when it comes to be. */
  drain(opened: (account: PaperAccount) => void, closed: (time: number) => void): Promise<void>;
  account(): PaperAccount | undefined;
  worked(): number;
  snapshot(): Omit<Saved, "seq">;
}

/** The account behind its barrier. It begins when every instrument has shown its first candle. */
function createStage(plan: VariantPlan, effectiveFrom: number, recorder: Recorder, saved: Saved | undefined): Stage {
  const barrier = createBarrier(plan, calendarNamed, effectiveFrom > 0 ? effectiveFrom : -Infinity);
  const first = new Map(saved?.first);
  const last = new Map(saved?.last);
  const ended = new Set(saved?.ended);
  let worked = saved?.worked ?? -Infinity;
  let finished = saved?.finished ?? false;
  let startTime = saved?.startTime;
  let paper: PaperAccount | undefined;
  if (saved !== undefined) barrier.restore(saved.barrier);

  function open(opened: (account: PaperAccount) => void): PaperAccount | undefined {
    const known = plan.instruments.every(({ id }) => first.has(id) || ended.has(id));
    if (startTime === undefined && (!known || first.size === 0)) return undefined;
    startTime ??= Math.min(...first.values());
    paper = createPaperAccount({ plan, epoch: EVENTS_EPOCH, startTime, onEntry: recorder.add });
    if (saved?.account !== undefined) {
      recorder.clear();
      paper.restore(saved.account);
    }
    opened(paper);
    return paper;
  }

  async function drain(opened: (account: PaperAccount) => void, closed: (time: number) => void): Promise<void> {
    const account = paper ?? open(opened);
    if (account === undefined) return;
    for (let close = barrier.take(); close !== undefined; close = barrier.take()) {
      account.close(close.time, close.candles);
      await recorder.flush(messageId.market(plan.broker, { type: "candle", candle: close.candles[0]! }));
      for (const decision of close.decisions) {
        account.decide(decision, close.time);
        await recorder.flush(messageId.decision(decision));
      }
      for (const candle of close.candles) last.set(candle.instrument, candle);
      worked = close.time;
      closed(worked);
    }
    if (finished || ended.size < plan.instruments.length || barrier.waiting() > 0) return;
    finished = true;
    account.finish(lastCandles(plan, last, worked));
    await recorder.flush(undefined);
  }

  return {
    barrier,
    market(event) {
      if (event.type === "candle" && event.candle.closeTime > effectiveFrom && !first.has(event.candle.instrument))
        first.set(event.candle.instrument, event.candle.openTime);
      if (event.type === "end") ended.add(event.instrument);
      show(barrier, event);
    },
    drain,
    account: () => paper,
    worked: () => Math.max(worked, 0),
    snapshot: () => ({
      n: paper?.trade.state.n ?? 0,
      startTime,
      account: paper?.snapshot(),
      barrier: barrier.snapshot(),
      first: [...first],
      last: [...last],
      ended: [...ended],
      worked,
      finished,
    }),
  };
}

function show(barrier: CloseBarrier, event: MarketEvent): void {
  if (event.type === "candle") barrier.candle(event.candle);
  else if (event.type === "gap") barrier.gap(event.instrument, event.to);
  else if (event.type === "end") barrier.gap(event.instrument, Infinity);
}

/** As the backtest ends: positions close at the last candle of each instrument, as of the end of the data. */
function lastCandles(plan: VariantPlan, last: ReadonlyMap<string, Candle>, closeTime: number): Candle[] {
  return plan.instruments.flatMap(({ id }) => (last.has(id) ? [{ ...last.get(id)!, closeTime }] : []));
}
