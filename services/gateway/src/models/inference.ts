import type { ServiceCommand, ServiceReply } from "@tradewind/contracts";
import { Failure, inputFailure } from "@tradewind/core";
import type { ServiceContext } from "@tradewind/kit";
import { askService } from "../ask-service.ts";
import type { Services } from "../model/services.ts";
import { statsView, summed, type StatsView } from "./model-views.ts";

const SERVICE = "model-inference";
const ANSWER_WITHIN_MS = 10_000;

export interface AskOptions {
  readonly withinMs?: number | undefined;
  /** What is said when nobody answers. */
  readonly silence?: string;
}

/** What model-inference is asked. */
export interface Inference {
  /** What it refuses is thrown (input) under its own code; without an answer `NO_INFERENCE` (retry). */
  ask(command: ServiceCommand, options?: AskOptions): Promise<ServiceReply>;
  /** What all of its instances hold. */
  stats(by: string): Promise<ReturnType<typeof summed>>;
}

export function inferenceOf(context: ServiceContext, services: Services): Inference {
  async function ask(command: ServiceCommand, { withinMs = ANSWER_WITHIN_MS, silence }: AskOptions = {}): Promise<ServiceReply> {
    const message = silence ?? `no ${SERVICE} answers; see "tradewind status" and ask again`;
    const asked = { service: SERVICE, withinMs, who: SERVICE, silence: { code: "NO_INFERENCE", message } };
    const reply = await askService(context, asked, command);
    if (reply.ok) return reply;
    const coded = /^([A-Z][A-Z_]+): (.*)$/s.exec(reply.message);
    throw inputFailure(coded?.[1] ?? "REFUSED", coded?.[2] ?? reply.message);
  }

  async function statsOf(instance: string, by: string): Promise<[string, StatsView]> {
    const { data } = await ask({ verb: "stats", by, parameters: { instance } });
    const read = statsView.safeParse(data);
    if (!read.success) throw new Failure("retry", "BAD_REPLY", `${instance} gave figures that cannot be read; see its log`);
    return [instance, read.data];
  }

  return {
    ask,
    async stats(by) {
      const instances = services.all().filter(({ service, state }) => service === SERVICE && state !== "silent");
      if (instances.length === 0) throw new Failure("retry", "NO_INFERENCE", `no ${SERVICE} runs; see "tradewind status"`);
      return summed(Object.fromEntries(await Promise.all(instances.map(({ instance }) => statsOf(instance, by)))));
    },
  };
}
