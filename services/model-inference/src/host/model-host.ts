import { Failure, isFailure } from "@tradewind/core";
import type { InspectedModel } from "@tradewind/onnx";
import { startHostProcess, type HostProcess } from "./host-process.ts";

/** A model that is served: its host process is started when needed, and again when it ends. */
export interface ModelHost {
  /** Loads it if it is not; throws as `run`. */
  ready(): Promise<void>;
  /**
   * Class probabilities of `rows` matrices. A run whose host process is lost is made again on a new one, as often as
   * `attempts` allows; then throws `HOST_LOST`. Throws `MODEL_LOAD`, `MODEL_RUN`, `MODEL_OUTPUT` of the model itself, and
   * `HOST_STOPPED` (service) after `stop`.
   */
  run(matrices: Float32Array, rows: number): Promise<Float32Array>;
  /** Undefined while no process runs. */
  pid(): number | undefined;
  device(): string | undefined;
  stop(): Promise<void>;
}

export interface ModelHostOptions {
  readonly model: InspectedModel;
  readonly name: string;
  /** Runs of one request at most, when its host process is lost. */
  readonly attempts: number;
  readonly hungMs?: number;
  /** The process has ended without being asked. */
  readonly onLost?: (why: string) => void;
}

const HUNG_MS = 30_000;
/** The first restart is made at once; each further one without a run in between waits twice as long. */
const BACK_OFF_FIRST_MS = 100;
const BACK_OFF_MOST_MS = 10_000;

export function createModelHost(options: ModelHostOptions): ModelHost {
  const { model, name, attempts, hungMs = HUNG_MS, onLost } = options;
  const stopping = new AbortController();
  let starting: Promise<HostProcess> | undefined;
  let running: HostProcess | undefined;
  /** The file itself is at fault: trying again would say the same. */
  let refused: unknown;
  let losses = 0;

  function lost(why: string): void {
    losses += 1;
    if (!stopping.signal.aborted) onLost?.(why);
  }

  async function start(): Promise<HostProcess> {
    if (losses > 1) await pause(Math.min(BACK_OFF_FIRST_MS * 2 ** (losses - 2), BACK_OFF_MOST_MS), stopping.signal);
    checkStopped();
    try {
      const host = await startHostProcess(model, name, { hungMs });
      running = host;
      void host.ended.then((why) => {
        if (running === host) running = starting = undefined;
        lost(why);
      });
      return host;
    } catch (error) {
      starting = undefined;
      if (isFailure(error) && error.code === "HOST_LOST") lost(error.message);
      else refused = error;
      throw error;
    }
  }

  function checkStopped(): void {
    if (stopping.signal.aborted) throw new Failure("service", "HOST_STOPPED", `model ${name} is no longer served here`);
  }

  /** Calls `work` with a running process, again with a new one when it is lost. */
  async function withProcess<T>(work: (host: HostProcess) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      checkStopped();
      if (refused !== undefined) throw refused;
      try {
        const result = await work(running ?? (await (starting ??= start())));
        losses = 0;
        return result;
      } catch (error) {
        checkStopped();
        if (!isFailure(error) || error.code !== "HOST_LOST" || attempt >= attempts) throw error;
      }
    }
  }

  return {
    ready: () => withProcess(() => Promise.resolve()),
    run: (matrices, rows) => withProcess((host) => host.run(matrices, rows)),
    pid: () => running?.pid,
    device: () => running?.device,
    async stop() {
      stopping.abort();
      const host = running ?? (await starting?.catch(() => undefined));
      await host?.stop();
    },
  };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
  });
}
