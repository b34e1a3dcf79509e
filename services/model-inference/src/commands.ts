import type { Subscription } from "@tradewind/bus";
import { decodeMessage, type ServiceCommand, type ServiceReply } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import { lineOf, type ServiceContext } from "@tradewind/kit";
import type { HostPool } from "./host/host-pool.ts";
import { registerModel, tryOut, unregisterModel } from "./registration.ts";

type Verb = (command: ServiceCommand) => Promise<Pick<ServiceReply, "message" | "data">>;

/**
 * Answers `tw.command.model-inference.{verb}`: `register` takes `model` and the `blob` of bucket `model-files` that
 * holds its file, `unregister` takes `model`; `list` gives the records, `stats` the hosts of the instance that answers.
 * Every instance answers; what two of them do comes to the same.
 */
export function answerCommands(context: ServiceContext, pool: HostPool): Subscription {
  const { bus } = context;
  const need = (text: string | undefined, what: string): string => {
    if (text === undefined || text === "") throw inputFailure("COMMAND_INCOMPLETE", `name the ${what}`);
    return text;
  };
  const verbs: Readonly<Record<string, Verb>> = {
    async register({ model, blob }) {
      const name = need(blob, "blob of model-files that holds the file");
      const bytes = await bus.blobs("model-files").get(name);
      if (bytes === undefined) throw inputFailure("MODEL_FILE_MISSING", `there is no blob "${name}"; put the file there first`);
      const record = await registerModel(bus, need(model, "model"), bytes, tryOut);
      const { sha256 } = record.versions[0]!;
      if (name !== sha256) await bus.blobs("model-files").delete(name);
      return { message: `model ${record.id} is registered: ${sha256.slice(0, 8)}`, data: record };
    },
    async unregister({ model }) {
      const id = need(model, "model");
      if (!(await unregisterModel(bus, id))) throw inputFailure("MODEL_UNKNOWN", `there is no model "${id}"`);
      return { message: `model ${id} is no longer registered` };
    },
    async list() {
      const records = (await bus.kv("models").entries()).map(({ value }) => JSON.parse(value) as unknown);
      return { message: `${records.length} models`, data: records };
    },
    async stats() {
      const hosts = await pool.stats();
      return { message: `${hosts.length} hosts on ${context.instance}`, data: hosts };
    },
  };

  async function answer(verb: string, text: string): Promise<ServiceReply> {
    const decoded = decodeMessage("command", text);
    if (!decoded.ok) return { ok: false, message: decoded.problem };
    if (!Object.hasOwn(verbs, verb))
      return { ok: false, message: `model-inference knows no "${verb}"; it takes ${Object.keys(verbs).join(", ")}` };
    try {
      return { ok: true, ...(await verbs[verb]!(decoded.envelope.data)) };
    } catch (error) {
      return { ok: false, message: lineOf(error) };
    }
  }

  return bus.respond("tw.command.model-inference.*", async ({ subject, data }) =>
    JSON.stringify(await answer(subject.split(".")[3] ?? "", data)),
  );
}
