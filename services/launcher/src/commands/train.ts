import { resolve } from "node:path";
import { completeTraining } from "@tradewind/trainer";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { choiceFlag, numberFlag, settingsOf, shownPath } from "../settings.ts";
import { noMoreThan } from "../support.ts";
import { trainHere } from "../train/here.ts";
import { wishOf, wishOptions } from "../train/options.ts";
import { registerHint, registerModel, registerStates } from "../train/register.ts";
import { resultText } from "../train/text.ts";

const CHECKPOINT_EVERY_S = 10;

export const train: Command = {
  name: "train",
  summary: "Train a model on candles: .onnx file, model card, figures",
  usage: "--family F (--data FILE | --from TIME --to TIME --symbol S)",
  options: {
    ...wishOptions,
    out: { type: "string", value: "DIR", doc: "folder of what comes out (default: training.dir of system.yaml)" },
    fresh: { type: "boolean", doc: "begin anew, whatever checkpoint is there" },
    "checkpoint-every": { type: "string", value: "SECONDS", doc: `of work, between two checkpoints (default ${CHECKPOINT_EVERY_S})` },
    register: { type: "string", value: "STATE", doc: `register the model where a system runs, as ${registerStates.join(", ")}` },
    ...gatewayOptions,
  },
  details: `The same command on the same data gives the same weights_hash and the same file. Each fold is judged by rows after those it
learnt from; the file holds the model of the last one. Ctrl-C keeps a checkpoint: the same command goes on from it, as it
does after a kill. Exit codes: 0 done, 1 failed, 2 bad input, 130 stopped.`,
  run: runCommand,
};

async function runCommand(args: Arguments, io: Io): Promise<number> {
  noMoreThan(args, 0);
  const state = choiceFlag(args, "register", registerStates);
  const notices: string[] = [];
  const training = completeTraining(wishOf(args, io, notices));
  const out = resolve(io.cwd, args.text("out") ?? settingsOf(args, io).config.training.dir);
  // Whoever cannot be told of the model is better missed before the work than after it.
  if (state !== undefined) await gatewayOf(args, io).get("/api/models");
  for (const notice of notices) io.say(notice);
  const everyMs = 1_000 * (numberFlag(args, "checkpoint-every", 0.01, 86_400, false) ?? CHECKPOINT_EVERY_S);
  const startedAt = performance.now();
  const finished = await trainHere(training, { dir: out, checkpointEveryMs: everyMs, fresh: args.flag("fresh") }, io);
  if (finished === undefined) return exitCodes.interrupted;
  const seconds = (performance.now() - startedAt) / 1_000;
  const registered = state === undefined ? undefined : await registerModel(finished, state, args, io);
  if (args.flag("json"))
    io.out(
      `${JSON.stringify({ ...finished.result, seconds: Number(seconds.toFixed(2)), files: finished.files, registered: registered ?? null })}\n`,
    );
  else
    io.out(
      `${resultText(finished, seconds, io.cwd)}${registered === undefined ? registerHint(finished, shownPath(finished.files.model, io.cwd)) : `  ${registered.message}\n`}`,
    );
  return exitCodes.done;
}
