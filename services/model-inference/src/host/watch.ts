import { Failure } from "@tradewind/core";
import { mib } from "../budget/mib.ts";
import { limitGrowth, mappedBytes, peakBytes } from "./memory.ts";

/** Holds one host process to its bytes. */
export interface Watch {
  /**
   * The process may have had this many bytes at its peak and no more; it is killed beyond. When it comes near, `grow` is
   * asked for a larger limit.
   */
  limit(bytes: number, grow?: (peakBytes: number) => number | undefined): Promise<void>;
  /** Its own failure, if what ended it looks like a want of memory. */
  failureOf(why: string): Failure | undefined;
  stop(): void;
}

/** Between two looks at the peak; memory is touched at about 1 GB a second, so the kernel's own bound has to be nearer. */
const LOOK_MS = 25;
/** Growth that no data limit covers: the runtime's code as it is first used, V8's heap inside what it has mapped. */
const UNCOVERED_BYTES = 28 * 2 ** 20;
/** The same of a host that has made its largest run. */
const UNCOVERED_WARM_BYTES = 2 * 2 ** 20;
/** A host with less room than this asks for more. */
const NEAR_BYTES = 6 * 2 ** 20;
/** A thread's stack is mapped in one piece of 8 MiB: so much has to be free at any time. */
const NEAR_MAPPED_BYTES = 12 * 2 ** 20;
/** The kernel's bound is moved by no less. */
const LEAST_STEP_BYTES = 2 ** 20;
const NO_MEMORY = /bad_alloc|bad allocation|out of memory|allocat|mmap|terminate called/i;
const CRASHED = /SIGTRAP|SIGABRT/;

/** `bounded` asks the kernel for a bound too; a device's driver maps far more than it uses, so there it is left out. */
export function watchMemory(pid: number, name: () => string, bounded: boolean): Watch {
  let limitBytes = Infinity;
  let exceeded: number | undefined;
  let lastPeak = 0;
  /** What the kernel lets it map; undefined while nothing bounds it. */
  let bound: number | undefined;
  let moving = false;
  let ask: ((peakBytes: number) => number | undefined) | undefined;

  function look(): void {
    const peak = peakBytes(pid);
    if (peak === undefined || exceeded !== undefined) return;
    lastPeak = peak;
    if (ask !== undefined && peak > limitBytes - NEAR_BYTES) {
      const larger = ask(peak);
      if (larger !== undefined) void limit(larger, ask);
    } else loosen(peak);
    if (peak <= limitBytes) return;
    exceeded = peak;
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  /** What is mapped and not used, such as a thread's stack, does not count against the limit: the bound moves along. */
  function loosen(peak: number): void {
    if (bound === undefined || moving || exceeded !== undefined) return;
    const mapped = mappedBytes(pid) ?? 0;
    const room = roomAt(peak);
    if (mapped < bound - NEAR_MAPPED_BYTES || mapped + room < bound + LEAST_STEP_BYTES) return;
    moving = true;
    void move(room).finally(() => (moving = false));
  }

  function roomAt(peak: number): number {
    return Math.max(0, limitBytes - peak - (ask === undefined ? UNCOVERED_BYTES : UNCOVERED_WARM_BYTES));
  }

  async function move(room: number): Promise<void> {
    bound = await limitGrowth(pid, room);
  }

  const timer = setInterval(look, LOOK_MS);
  timer.unref();

  async function limit(bytes: number, grow?: (peakBytes: number) => number | undefined): Promise<void> {
    limitBytes = bytes;
    ask = grow;
    const peak = peakBytes(pid);
    if (bounded && peak !== undefined) await move(roomAt(peak));
  }

  return {
    limit,
    failureOf(why) {
      // V8 and the runtime end in their own ways when the kernel gives them nothing more.
      const starved = bound !== undefined && (NO_MEMORY.test(why) || (CRASHED.test(why) && lastPeak > limitBytes - 2 * UNCOVERED_BYTES));
      if (exceeded === undefined && !starved) return undefined;
      const took = exceeded === undefined ? "wants more than" : `took ${mib(exceeded)} of`;
      return new Failure("service", "MODEL_MEMORY", `the host of model ${name()} ${took} the ${mib(limitBytes)} it was granted`);
    },
    stop: () => clearInterval(timer),
  };
}
