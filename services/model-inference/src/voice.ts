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
  const { context, hosts, files, callers } = options;
  const ending = new AbortController();
  let superseded = new AbortController();
  const take = async (served: ServedModel): Promise<Use> => {
    const file = await files.of(served);
    return { served, leased: hosts.lease(served, file, callers), asked: 0, retired: false, givenBack: false };
  };
  let use = await take(options.served);

  function note(line: string): void {
    context.log.warn(line);
    context.state.note(line);
  }

  function giveBack(one: Use): void {
    if (!one.retired || one.asked > 0 || one.givenBack) return;
    one.givenBack = true;
    one.leased.release();
  }
  function retire(one: Use): void {
    one.retired = true;
    giveBack(one);
  }

  /** Tries until the next version serves, or another one is wanted. */
  async function swap(next: ServedModel, signal: AbortSignal): Promise<void> {
    for (let told = false; !signal.aborted; await pause(TRY_AGAIN_MS, signal)) {
      let other: Use | undefined;
      try {
        other = await take(next);
        await other.leased.host.ready();
      } catch (error) {
        // Both do not fit beside each other: the old one makes room, and the closes in between wait for the load.
        const crowded = other !== undefined && isFailure(error) && error.code === "MEMORY_REFUSED";
        if (!crowded) {
          if (other !== undefined) retire(other);
          const before = use.served.sha256.slice(0, 8);
          if (!told && !signal.aborted)
            note(`model ${next.speaksAs}: version ${next.sha256.slice(0, 8)} cannot serve, ${before} goes on: ${lineOf(error)}`);
          told = true;
          continue;
        }
      }
      if (signal.aborted) return retire(other!);
      const old = use;
      use = other!;
      retire(old);
      context.log.info(`model ${next.speaksAs}: ${next.sha256.slice(0, 8)} answers from now on, after ${old.served.sha256.slice(0, 8)}`);
      return;
    }
  }

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
      superseded.abort();
      superseded = new AbortController();
      if (next.sha256 === use.served.sha256 && next.device === use.served.device) {
        use.served = next;
        use.leased.change(next);
      } else void swap(next, AbortSignal.any([superseded.signal, ending.signal]));
    },
    stop() {
      ending.abort();
      superseded.abort();
      retire(use);
      return Promise.resolve();
    },
  };
}
