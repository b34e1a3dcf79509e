import { isFailure } from "@tradewind/core";
import type { ServedModel } from "@tradewind/contracts";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import type { ModelFiles } from "./files.ts";
import { pause } from "./host/pause.ts";
import type { Hosts, Leased } from "./hosts.ts";

/** Who answers for a model: a version, and after a swap another one. */
export interface Voice {
  /** Throws as `ModelHost.run`. */
  ask(matrices: Float32Array, rows: number, deadlineAt: number): Promise<Answer>;
  /** Loads the version that answers now. Throws as `ModelHost.ready`. */
  ready(): Promise<void>;
  /** The version that answers now. */
  current(): ServedModel;
  /**
   * Lets another version, of the same feature schema, answer as soon as it is loaded and checked; until then, and if it
   * fails, the one before goes on. A record whose version stays is taken at once.
   */
  become(next: ServedModel): void;
  stop(): Promise<void>;
}

export interface Answer {
  /** In the order of `by.labels`. */
  readonly probabilities: Float32Array;
  readonly by: ServedModel;
}

export interface VoiceOptions {
  readonly context: ServiceContext;
  readonly hosts: Hosts;
  readonly files: ModelFiles;
  readonly served: ServedModel;
  /** How many may ask at the same time. */
  readonly callers: number;
}

/** A version in use; it is given back when the last request to it has ended. */
interface Use {
  served: ServedModel;
  readonly leased: Leased;
  asked: number;
  retired: boolean;
  givenBack: boolean;
}

const TRY_AGAIN_MS = 1_000;

export async function openVoice(options: VoiceOptions): Promise<Voice> {
  let superseded = new AbortController();
  let use = await take(options, options.served);
  let wanted = JSON.stringify(options.served);

  return {
    async ask(matrices, rows, deadlineAt) {
      const own = use;
      own.asked += 1;
      try {
        return { probabilities: await own.leased.host.run(matrices, rows, deadlineAt), by: own.served };
      } finally {
        own.asked -= 1;
        giveBack(own);
      }
    },
    ready: () => use.leased.host.ready(),
    current: () => use.served,
    become(next) {
      // Others' records change too; a model that is left alone is tried again when its own does.
      const text = JSON.stringify(next);
      if (text === wanted) return;
      wanted = text;
      superseded.abort();
      superseded = new AbortController();
      if (next.sha256 === use.served.sha256 && next.device === use.served.device) {
        use.served = next;
        use.leased.change(next);
        return;
      }
      const { signal } = superseded;
      void successor(options, next, use.served, signal).then((other) => {
        if (other === undefined) return;
        if (signal.aborted) return retire(other);
        retire(use);
        use = other;
      });
    },
    stop() {
      superseded.abort();
      retire(use);
      return Promise.resolve();
    },
  };
}

async function take({ hosts, files, callers }: VoiceOptions, served: ServedModel): Promise<Use> {
  const file = await files.of(served);
  return { served, leased: hosts.lease(served, file, callers), asked: 0, retired: false, givenBack: false };
}

/** Its host is left when the last request to it has ended. */
function retire(use: Use): void {
  use.retired = true;
  giveBack(use);
}

function giveBack(use: Use): void {
  if (!use.retired || use.asked > 0 || use.givenBack) return;
  use.givenBack = true;
  use.leased.release();
}

/** Tries until the next version serves; undefined when another one is wanted meanwhile. */
async function successor(options: VoiceOptions, next: ServedModel, before: ServedModel, signal: AbortSignal): Promise<Use | undefined> {
  const { log, state } = options.context;
  const [name, old] = [next.sha256.slice(0, 8), before.sha256.slice(0, 8)];
  for (let told = false; !signal.aborted; await pause(TRY_AGAIN_MS, signal)) {
    let other: Use | undefined;
    try {
      other = await take(options, next);
      if (!told) other.leased.change(next);
      await other.leased.host.ready();
    } catch (error) {
      // Both do not fit beside each other: the old one makes room, and the closes in between wait for the load.
      const crowded = other !== undefined && isFailure(error) && error.code === "MEMORY_REFUSED";
      if (!crowded) {
        if (other !== undefined) retire(other);
        const line = `model ${next.speaksAs}: version ${name} cannot serve, ${old} goes on: ${lineOf(error)}`;
        if (!told && !signal.aborted) {
          log.warn(line);
          state.note(line);
        }
        told = true;
        continue;
      }
    }
    log.info(`model ${next.speaksAs}: ${name} answers from now on, after ${old}`);
    return other;
  }
  return undefined;
}
