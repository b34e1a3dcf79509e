import { checkModelId } from "@tradewind/kit";
import type { ModelAnswer, ModelStatsAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Command } from "../command.ts";
import { modelLine, modelText, statsText } from "../models/text.ts";
import { noMoreThan, required } from "../support.ts";

export const modelsList: Command = {
  name: "models list",
  summary: "List the registered models",
  usage: "",
  options: gatewayOptions,
  async run(args, io) {
    noMoreThan(args, 0);
    const models = await gatewayOf(args, io).get<readonly ModelAnswer[]>("/api/models");
    if (args.flag("json")) io.out(`${JSON.stringify(models)}\n`);
    else for (const model of models) io.out(`${modelLine(model)}\n`);
    if (models.length === 0) io.say("no model is registered; register one with: tradewind models add FILE.onnx");
    return exitCodes.done;
  },
};

export const modelsShow: Command = {
  name: "models show",
  summary: "Show a model's versions, what they were made of, and what happened to them",
  usage: "ID",
  options: gatewayOptions,
  async run(args, io) {
    const id = required(args, 0, "the model", 'list them with "tradewind models list"');
    noMoreThan(args, 1);
    const model = await gatewayOf(args, io).get<ModelAnswer>(`/api/models/${checkModelId(id)}`);
    io.out(args.flag("json") ? `${JSON.stringify(model)}\n` : modelText(model));
    return exitCodes.done;
  },
};

export const modelsStats: Command = {
  name: "models stats",
  summary: "Show what models take of the memory they may, and where they run",
  usage: "",
  options: gatewayOptions,
  async run(args, io) {
    noMoreThan(args, 0);
    const stats = await gatewayOf(args, io).get<ModelStatsAnswer>("/api/models/stats");
    io.out(args.flag("json") ? `${JSON.stringify(stats)}\n` : statsText(stats));
    return exitCodes.done;
  },
};
