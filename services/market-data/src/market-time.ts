import { setTimeout as pause } from "node:timers/promises";
import type { ClockSetting } from "@tradewind/contracts";
import { createTrouble, lineOf, openMarketClock, readClockSetting, type MarketClock, type ServiceContext } from "@tradewind/kit";

/** The clock of a market that is made here. */
export interface MarketTime {
  readonly clock: MarketClock;
  /** Where the market's time was last set from; only after `ready`. */
  setting(): ClockSetting;
  /** Resolves when the market's time is set and runs; false when `signal` aborts first. */
  ready(signal: AbortSignal): Promise<boolean>;
  /** Sets it and keeps it going, until `signal` aborts: for the one instance that holds the lease. */
  keep(signal: AbortSignal): Promise<void>;
}

/** What the keeper says of itself, so that the next one knows how long nobody kept it. */
interface Beat {
  readonly wallMs: number;
  readonly marketMs: number;
  /** Of the setting it is about. */
  readonly since: number;
}

const SETTING_KEY = "clock";
const BEAT_KEY = "market-data.clock";
const BEAT_MS = 1_000;
const LOOK_MS = 20;
/** After an outage up to here the market has gone on and is caught up with; after a longer one it has stood still. */
export const STANDS_STILL_MS = 60_000;

/** `newest` gives the close of the newest candle published, ms, so that the market never goes on before it. */
export async function openMarketTime(context: ServiceContext, newest: () => Promise<number>): Promise<MarketTime & { stop(): void }> {
  const { bus, log, state } = context;
  const { start, speed } = context.config.market;
  const run = bus.kv("run");
  const beats = bus.kv("checkpoints");
  const trouble = createTrouble(context);
  const clock = await openMarketClock(bus);

  async function beat(): Promise<Beat | undefined> {
    return beatIn((await beats.get(BEAT_KEY))?.value);
  }

  /** The setting as it should be, where that is not the stored one. */
  async function due(stored: ClockSetting | undefined, now: number): Promise<ClockSetting | undefined> {
    const last = await beat();
    // A setting that is none is taken for one that is not there; the market goes on where it was.
    if (stored === undefined) return { wallMs: now, marketMs: Math.max(last?.marketMs ?? Date.parse(start), await newest()), speed };
    if (last !== undefined && now - last.wallMs > STANDS_STILL_MS) {
      const marketMs = Math.max(last.marketMs, await newest());
      const line = `the simulated market stood still for ${Math.round((now - last.wallMs) / 1000)} s and goes on at ${new Date(marketMs).toISOString()}`;
      log.info(line);
      state.note(line);
      return { wallMs: now, marketMs, speed };
    }
    if (stored.speed === speed) return undefined;
    return { wallMs: now, marketMs: stored.marketMs + (now - stored.wallMs) * stored.speed, speed };
  }

  async function tick(): Promise<void> {
    const entry = await run.get(SETTING_KEY);
    const stored = entry === undefined ? undefined : readClockSetting(entry.value);
    const now = Date.now();
    const next = await due(stored, now);
    if (next !== undefined) {
      const text = JSON.stringify(next);
      const written = entry === undefined ? await run.create(SETTING_KEY, text) : await run.update(SETTING_KEY, text, entry.revision);
      if (written === undefined) return;
    }
    const { wallMs, marketMs, speed: pace } = next ?? stored!;
    const said: Beat = { wallMs: now, marketMs: marketMs + (now - wallMs) * pace, since: wallMs };
    await beats.put(BEAT_KEY, JSON.stringify(said));
  }

  const cannotKeep = (error: unknown): void => {
    if (bus.connected) trouble.tell("", `the market's time cannot be kept: ${lineOf(error)}`);
  };
  return {
    clock,
    setting: () => clock.setting(),
    async ready(signal) {
      while (!signal.aborted) {
        const said = await beat().catch(() => undefined);
        if (said !== undefined && Date.now() - said.wallMs < STANDS_STILL_MS && said.since === clock.setting().wallMs) return true;
        await pause(LOOK_MS, undefined, { signal }).catch(() => undefined);
      }
      return false;
    },
    async keep(signal) {
      while (!signal.aborted) {
        // While the bus is away nobody can be told; the next beat sees how long that was.
        await tick().then(() => trouble.over(""), cannotKeep);
        await pause(BEAT_MS, undefined, { signal }).catch(() => undefined);
      }
    },
    stop: () => clock.stop(),
  };
}

/** What is no beat is as good as none. */
function beatIn(text: string | undefined): Beat | undefined {
  try {
    return text === undefined ? undefined : (JSON.parse(text) as Beat);
  } catch {
    return undefined;
  }
}
