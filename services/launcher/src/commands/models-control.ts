import { inputFailure } from "@tradewind/core";
import { checkModelId } from "@tradewind/kit";
import type { ModelChanged } from "../answers.ts";
import { gatewayOf, gatewayOptions, type Gateway } from "../client.ts";
import { exitCodes, type Arguments, type Command, type Option } from "../command.ts";
import { noMoreThan, required } from "../support.ts";

type Change = (gateway: Gateway, path: string, args: Arguments) => Promise<ModelChanged>;

const version: Readonly<Record<string, Option>> = {
  version: { type: "string", value: "SHA8", doc: "first digits of the file's hash, as models show gives them" },
};

function command(name: string, summary: string, change: Change, options: Readonly<Record<string, Option>> = {}, details?: string): Command {
  return {
    name: `models ${name}`,
    summary,
    usage: "ID",
    options: { ...options, ...gatewayOptions },
    ...(details !== undefined && { details }),
    async run(args, io) {
      const id = required(args, 0, "the model", 'list them with "tradewind models list"');
      noMoreThan(args, 1);
      const answer = await change(gatewayOf(args, io), `/api/models/${checkModelId(id)}`, args);
      io.out(args.flag("json") ? `${JSON.stringify(answer)}\n` : `${answer.message}\n`);
      return exitCodes.done;
    },
  };
}

const toState =
  (state: string): Change =>
  (gateway, path, args) => {
    const reason = args.text("reason");
    const named = args.text("version");
    return gateway.post(`${path}/state`, {
      state,
      ...(named !== undefined && { version: named }),
      ...(reason !== undefined && { reason }),
    });
  };

const withReason: Readonly<Record<string, Option>> = { ...version, reason: { type: "string", value: "TEXT", doc: "for its history" } };

export const modelsPromote = command(
  "promote",
  "Make a version speak for its model; the one before retires",
  toState("champion"),
  withReason,
  "From the next close on, the variants that have the model as a member act on it. To go back: promote the former version.",
);
export const modelsShadow = command("shadow", "Let a version speak without effect, to be scored", toState("shadow"), withReason);
export const modelsRetire = command(
  "retire",
  "Let a version speak no more; it is kept",
  toState("retired"),
  withReason,
  "A model without a champion abstains.",
);
export const modelsPin = command("pin", "Keep a model in memory whatever others need", (gateway, path) =>
  gateway.post(`${path}/settings`, { pinned: true }),
);
export const modelsUnpin = command("unpin", "Let a model leave the memory when others need the room", (gateway, path) =>
  gateway.post(`${path}/settings`, { pinned: false }),
);
export const modelsSet = command(
  "set",
  "Say where a model runs, or how much memory it may take",
  (gateway, path, args) => gateway.post(`${path}/settings`, settingOf(args)),
  {
    device: { type: "string", value: "D", doc: "cpu, cuda:0, webgpu; where it cannot be had, the model runs on the CPU and says so" },
    "limit-mb": { type: "string", value: "N", doc: "most MiB its process may take; usual for the installation's" },
  },
);
export const modelsRemove = command(
  "remove",
  "Take out one version, or a model with all of them",
  (gateway, path, args) => gateway.delete(path, { version: args.text("version") }),
  version,
);

function settingOf(args: Arguments): Readonly<Record<string, unknown>> {
  const device = args.text("device");
  const limit = args.text("limit-mb");
  if ((device === undefined) === (limit === undefined)) throw inputFailure("ONE_SETTING", "give one of --device and --limit-mb");
  if (device !== undefined) return { device };
  if (limit !== "usual" && !/^[1-9]\d{0,6}$/.test(limit!))
    throw inputFailure("BAD_LIMIT", `--limit-mb "${limit}" is no number of MiB, nor "usual"`);
  return { limit_mb: limit === "usual" ? null : Number(limit) };
}
