import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { inputFailure, isFailure } from "@tradewind/core";
import { listVariants, loadVariant } from "@tradewind/config";
import type { StatusAnswer, VariantAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { settingsOf, variantsFolder } from "../settings.ts";
import { noMoreThan } from "../support.ts";
import { variantLine } from "./status.ts";

export const variantsList: Command = {
  name: "variants list",
  summary: "Check and list variant files, and which of them run",
  usage: "[FOLDER]",
  options: gatewayOptions,
  details: `FOLDER is that of the system's settings where left out; then what runs is shown too, if a system does.
Exit code 3: a file has problems; they are listed.`,
  run: async (args, io) => {
    noMoreThan(args, 1);
    const named = args.positionals[0];
    const folder = named === undefined ? variantsFolder(settingsOf(args, io).configDir) : resolve(io.cwd, named);
    if (!existsSync(folder) || !statSync(folder).isDirectory())
      throw inputFailure("NO_FOLDER", `no folder at "${folder}"; name the folder of your variant files`);
    const running = named === undefined ? await runningOf(args, io) : new Map<string, VariantAnswer>();
    const rows = listVariants(folder).map(({ id, path }) => ({
      ...describe(id, path),
      ...(running.has(id) && { running: running.get(id)! }),
    }));
    if (args.flag("json")) io.out(`${JSON.stringify(rows)}\n`);
    else
      for (const row of rows)
        io.out(
          row.problems === null
            ? `${row.id}  ${row.broker} ${row.strategy} ${row.mode} ${row.asset_class}  ${row.symbols?.join(", ")}${row.running?.enabled ? `\n    runs: ${variantLine(row.running)}` : ""}\n`
            : `${row.id}  NOT VALID\n${row.problems}\n`,
        );
    if (rows.length === 0) io.say(`no variant files in ${folder}`);
    return rows.some((row) => row.problems !== null) ? exitCodes.checkFailed : exitCodes.done;
  },
};

function describe(id: string, path: string) {
  try {
    const { plan, configHash } = loadVariant(path);
    const strategy = plan.members.map((member) => member.source).join(" + ");
    return {
      id,
      broker: plan.broker,
      strategy,
      mode: plan.mode,
      asset_class: plan.assetClass,
      symbols: plan.instruments.map((instrument) => instrument.symbol),
      config_hash: configHash,
      problems: null,
    };
  } catch (error) {
    if (!isFailure(error) || error.action !== "input") throw error;
    return { id, problems: error.message };
  }
}

/** What runs, by id; nothing when no system does. */
async function runningOf(args: Arguments, io: Io): Promise<ReadonlyMap<string, VariantAnswer>> {
  try {
    const { variants } = await gatewayOf(args, io).get<StatusAnswer>("/api/status");
    return new Map(variants.map((variant) => [variant.id, variant]));
  } catch (error) {
    if (args.text("url") !== undefined || args.text("token-file") !== undefined || !isFailure(error) || error.action !== "retry")
      throw error;
    return new Map();
  }
}
