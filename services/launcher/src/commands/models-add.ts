import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { inputFailure } from "@tradewind/core";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Command, type Io } from "../command.ts";
import { stateOf, uploadModel, uploadStates } from "../models/upload.ts";
import { noMoreThan, required } from "../support.ts";

export const modelsAdd: Command = {
  name: "models add",
  summary: "Register an ONNX file as a version of a model, or as a new model",
  usage: "FILE.onnx",
  options: {
    name: { type: "string", value: "ID", doc: "the model (default: the file's name)" },
    state: { type: "string", value: "STATE", doc: `${uploadStates.join(", ")} (default: candidate, which does not run)` },
    metadata: { type: "string", value: "FILE.json", doc: "what the file does not say of itself" },
    card: { type: "string", value: "FILE.html", doc: "a page about it, as tradewind train writes one" },
    ...gatewayOptions,
  },
  details: `A file of any framework, with our metadata in it or beside it:
  {"features": {"timeframes": ["1m"], "window": 20, "features": [{"name": "rsi"}]}, "labels": ["down", "flat", "up"], "version": "1"}
It is checked, loaded and run once before it is kept. A variant takes it as a member by its name.`,
  async run(args, io) {
    noMoreThan(args, 1);
    const path = required(args, 0, "the model's file", "for example: tradewind models add model.onnx --name my-model");
    const id = args.text("name") ?? basename(path).replace(/\.onnx$/, "");
    const state = stateOf(args.text("state"));
    const metadata = args.text("metadata");
    const card = args.text("card");
    const upload = {
      id,
      state,
      file: read(io, path),
      ...(metadata !== undefined && { metadata: parsed(read(io, metadata), metadata) }),
      ...(card !== undefined && { card: read(io, card) }),
    };
    const answer = await uploadModel(gatewayOf(args, io), upload);
    io.out(args.flag("json") ? `${JSON.stringify(answer)}\n` : `${answer.message}\n`);
    return exitCodes.done;
  },
};

function read(io: Io, path: string): Uint8Array {
  try {
    return readFileSync(resolve(io.cwd, path));
  } catch {
    throw inputFailure("NO_FILE", `no file can be read at "${path}"; correct the path`);
  }
}

function parsed(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString("utf8")) as unknown;
  } catch {
    throw inputFailure("BAD_METADATA", `"${path}" is not JSON; see tradewind models add --help`);
  }
}
