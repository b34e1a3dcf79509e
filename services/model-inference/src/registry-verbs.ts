import type { Bus } from "@tradewind/bus";
import {
  modelStates,
  versionNamed,
  withSettings,
  withState,
  type ChangeNote,
  type ModelRecord,
  type ModelSettings,
  type ModelState,
  type ServiceCommand,
} from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import { dropModel, modelUnknown, readModel, updateModel } from "@tradewind/kit";
import { registerVersion, type RegisterOptions } from "./registration.ts";
import { idOf, incomplete, textOf, type Verb } from "./verb.ts";

type TryOut = NonNullable<RegisterOptions["tryOut"]>;

const DEVICE = /^(?:cpu|webgpu|cuda(?::\d{1,2})?)$/;

/**
 * What changes the registry. Each takes `model`; answers with the record as it is then.
 *
 * | verb | parameters |
 * |---|---|
 * | register   | `blob` of `model-files` with the file, which is used up; state?, metadata? |
 * | unregister | version?; all of them when left out |
 * | state      | version, state, reason? |
 * | pin, unpin | - |
 * | device     | device: cpu, cuda:N, webgpu |
 * | limit      | limit_mb; null for the installation's |
 */
export function registryVerbs(bus: Bus, tryOut: TryOut): Readonly<Record<string, Verb>> {
  const settings = async (command: ServiceCommand, change: ModelSettings, what: string) => {
    const record = await changed(bus, idOf(command), (present) => withSettings(present, change));
    return { message: `model ${record.id} ${what}`, data: record };
  };
  return {
    register: (command) => register(bus, command, tryOut),
    unregister: (command) => unregister(bus, command),
    state: (command) => setState(bus, command),
    pin: (command) => settings(command, { pinned: true }, "stays in memory"),
    unpin: (command) => settings(command, { pinned: false }, "may leave the memory"),
    async device(command) {
      const device = textOf(command, "device") ?? "";
      if (!DEVICE.test(device)) throw inputFailure("BAD_DEVICE", `device "${device}" is not cpu, cuda:0 or webgpu`);
      return settings(command, { device }, `is wanted on ${device}`);
    },
    async limit(command) {
      const limitMb = command.parameters?.["limit_mb"];
      if (limitMb !== null && !(Number.isSafeInteger(limitMb) && Number(limitMb) > 0))
        throw inputFailure("BAD_LIMIT", `limit_mb ${JSON.stringify(limitMb)} is not a whole number of MiB above 0, or null`);
      return settings(
        command,
        { limitMb: limitMb as number | null },
        limitMb === null ? "has the usual limit" : `may take ${Number(limitMb)} MiB`,
      );
    },
  };
}

async function register(bus: Bus, command: ServiceCommand, tryOut: TryOut) {
  const id = idOf(command);
  const state = stateOf(textOf(command, "state") ?? "candidate");
  const { blob } = command;
  if (blob === undefined || blob === "") throw incomplete("blob of model-files that holds the file");
  const bytes = await bus.blobs("model-files").get(blob);
  if (bytes === undefined) throw inputFailure("MODEL_FILE_MISSING", `there is no blob "${blob}"; put the file there first`);
  try {
    const metadata = command.parameters?.["metadata"];
    const { record, version } = await registerVersion(bus, id, bytes, { state, metadata, by: command.by, tryOut });
    return { message: `model ${id} is registered: ${version.sha256.slice(0, 8)} as ${version.state}`, data: record };
  } finally {
    // A version's own blob is named by its hash and stays.
    if (!/^[0-9a-f]{64}$/.test(blob)) await bus.blobs("model-files").delete(blob);
  }
}

async function unregister(bus: Bus, command: ServiceCommand) {
  const id = idOf(command);
  const version = textOf(command, "version");
  const note = noteOf(command, "removed");
  if (version === undefined) {
    await dropModel(bus, id, undefined, note);
    return { message: `model ${id} is no longer registered` };
  }
  const { sha256 } = versionNamed(await known(bus, id), version);
  const left = await dropModel(bus, id, sha256, note);
  return {
    message: `version ${sha256.slice(0, 8)} of model ${id} is no longer registered${left === undefined ? "; it was the last" : ""}`,
    ...(left !== undefined && { data: left }),
  };
}

async function setState(bus: Bus, command: ServiceCommand) {
  const id = idOf(command);
  const to = stateOf(textOf(command, "state") ?? "");
  const name = textOf(command, "version");
  let sha256 = "";
  const record = await changed(bus, id, (present) => {
    ({ sha256 } = versionNamed(present, name));
    return withState(present, sha256, to, noteOf(command, textOf(command, "reason") ?? `asked for by ${command.by}`));
  });
  return { message: `version ${sha256.slice(0, 8)} of model ${id} is ${to}`, data: record };
}

async function changed(bus: Bus, id: string, change: (record: ModelRecord) => ModelRecord): Promise<ModelRecord> {
  const record = await updateModel(bus, id, (present) => present && change(present));
  if (record === undefined) throw modelUnknown(id);
  return record;
}

async function known(bus: Bus, id: string): Promise<ModelRecord> {
  const record = await readModel(bus, id);
  if (record === undefined) throw modelUnknown(id);
  return record;
}

const noteOf = ({ by }: ServiceCommand, reason: string): ChangeNote => ({ by, reason, at: Date.now() });

function stateOf(text: string): ModelState {
  const found = modelStates.find((state) => state === text);
  if (found === undefined) throw inputFailure("BAD_MODEL_STATE", `state "${text}" is not one of ${modelStates.join(", ")}`);
  return found;
}
