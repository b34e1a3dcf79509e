import { Failure, isFailure, timeframeMs, type Candle, type Timeframe } from "@tradewind/core";
import type { MemberWord } from "@tradewind/contracts";
import { lineOf, type MarketClock } from "@tradewind/kit";
import { verdictOf } from "@tradewind/onnx";
import type { FeatureSource } from "./features.ts";
import type { InferenceMetrics, Silence } from "./metrics.ts";
import type { Voice } from "./voice.ts";

/** What one model says on the closes of one instrument. */
export interface Speaker {
  /** Exactly one word on a close of the model's timeframe, whatever happens; throws only when the host is stopped. */
  word(candle: Candle): Promise<MemberWord>;
  /** The word on a close that is not one of the model's timeframe. */
  aside(candle: Candle): MemberWord;
}

export interface SpeakerOptions {
  readonly voice: Voice;
  readonly features: FeatureSource;
  readonly metrics: InferenceMetrics;
  /** Market time with deadlines; undefined under the events clock, where a word takes the time it takes. */
  readonly clock: MarketClock | undefined;
  /** Aborts when no word is wanted any more: `word` then throws `HOST_STOPPED`. */
  readonly signal: AbortSignal;
}

/** Wall time that the orchestrator gives the members of a close, ms, at most half its timeframe of market time. */
const PATIENCE_MS = 5_000;

/** Market time by which a word on this close must be out; later ones are not waited for. */
export function deadlineOf(closeTime: number, timeframe: Timeframe, speed: number): number {
  return closeTime + Math.min(timeframeMs(timeframe) / 2, PATIENCE_MS * speed);
}

export function createSpeaker(options: SpeakerOptions): Speaker {
  const { voice, features, metrics, clock, signal } = options;
  const { speaksAs: source, matrix: plan } = voice.current();
  const finest = plan.timeframes[0]!;

  function abstain({ instrument, closeTime }: Candle, silence: Silence, reason: string): MemberWord {
    metrics.abstentions.inc({ model: source, reason: silence });
    return { type: "abstention", abstention: { source, instrument, closeTime, reason } };
  }

  /** Wall ms that are left for a word; Infinity without deadlines. */
  function leftMs(closeTime: number): number {
    if (clock === undefined) return Infinity;
    const speed = clock.speed();
    return speed > 0 ? (deadlineOf(closeTime, finest, speed) - clock.now()) / speed : PATIENCE_MS;
  }

  async function predict(candle: Candle): Promise<MemberWord> {
    const { instrument, closeTime } = candle;
    const { matrix, from } = await features.at(candle);
    if (matrix === undefined) return abstain(candle, "not_ready", "the feature matrix is not ready");
    metrics.features.inc({ model: source, from });
    const left = leftMs(closeTime);
    const answer = await within(left, signal, voice.ask(matrix, 1, performance.now() + left));
    if (answer === undefined) return abstain(candle, "late", "the model did not answer by the deadline");
    metrics.predictions.inc({ model: source });
    const { probabilities, by } = answer;
    const { sha256: modelHash, featureSchema } = by;
    const said = { source, instrument, closeTime, modelHash, featureSchema };
    return { type: "prediction", prediction: { ...said, ...verdictOf(probabilities, 0, by.labels) } };
  }

  return {
    async word(candle) {
      const end = metrics.latency.startTimer({ model: source });
      try {
        const { expiresAt } = voice.current();
        if (expiresAt !== undefined && candle.closeTime > expiresAt)
          return abstain(candle, "expired", `expired: the model was good until ${new Date(expiresAt).toISOString()}`);
        if (leftMs(candle.closeTime) <= 0) return abstain(candle, "late", "the close is older than its deadline");
        return await predict(candle);
      } catch (error) {
        if (isFailure(error) && (error.code === "HOST_STOPPED" || error.action === "bug")) throw error;
        return abstain(candle, silenceOf(error), lineOf(error));
      } finally {
        end();
      }
    },
    aside: (candle) => abstain(candle, "other_timeframe", `the model speaks on ${finest} closes`),
  };
}

function silenceOf(error: unknown): Silence {
  if (!isFailure(error)) return "failed";
  if (error.code === "DEADLINE") return "late";
  return error.code === "MEMORY_REFUSED" || error.code === "MODEL_MEMORY" ? "memory" : "failed";
}

/** The result, or undefined when it is not there in time. Throws `HOST_STOPPED` on abort. */
export function within<T>(ms: number, signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const leave = (): void => reject(new Failure("service", "HOST_STOPPED", "the service ends"));
    const timer = ms === Infinity ? undefined : setTimeout(() => resolve(undefined), ms);
    if (signal.aborted) leave();
    signal.addEventListener("abort", leave);
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
    });
  });
}
