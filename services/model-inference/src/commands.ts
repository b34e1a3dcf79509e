import type { Subscription } from "@tradewind/bus";
import { decodeMessage, type ServiceReply } from "@tradewind/contracts";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import { registryVerbs } from "./registry-verbs.ts";
import { servingVerbs, type Serving } from "./serving-verbs.ts";

/**
 * Answers `tw.command.model-inference.{verb}`. What changes the registry is done by one of the instances, whoever is
 * first; what a model says and what an instance holds is answered by the one that is asked for.
 */
export function answerCommands(context: ServiceContext, serving: Serving): Subscription {
  const { bus } = context;
  const changing = registryVerbs(bus, serving.tryOut);
  const telling = servingVerbs(context, serving);
  const all = { ...changing, ...telling };

  /** One lease per command: whoever makes it does the work. */
  async function isMine({ id }: { readonly id: string }): Promise<boolean> {
    const key = `${context.service}.command.${Buffer.from(id).toString("base64url")}`;
    return (await bus.kv("leases").create(key, JSON.stringify({ owner: context.instance, since: Date.now() }))) !== undefined;
  }

  async function answer(verb: string, text: string): Promise<ServiceReply | undefined> {
    const decoded = decodeMessage("command", text);
    if (!decoded.ok) return { ok: false, message: decoded.problem };
    if (!Object.hasOwn(all, verb))
      return { ok: false, message: `model-inference knows no "${verb}"; it takes ${Object.keys(all).join(", ")}` };
    try {
      if (Object.hasOwn(changing, verb) && !(await isMine(decoded.envelope))) return undefined;
      const said = await all[verb]!(decoded.envelope.data);
      return said && { ok: true, ...said };
    } catch (error) {
      return { ok: false, message: lineOf(error) };
    }
  }

  return bus.respond("tw.command.model-inference.*", async ({ subject, data }) => {
    const reply = await answer(subject.split(".")[3] ?? "", data);
    return reply && JSON.stringify(reply);
  });
}
