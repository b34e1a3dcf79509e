import { existsSync, statSync } from "node:fs";
import { resolve } from "node:path";
import { inputFailure, isFailure } from "@tradewind/core";
import { listVariants, loadVariant } from "@tradewind/config";
import { exitCodes, type Command } from "../command.ts";
import { noMoreThan } from "../support.ts";

export const variantsList: Command = {
  name: "variants list",
  summary: "Check and list the variant files of a folder",
  usage: "[FOLDER]",
  options: {},
  details: "FOLDER is configs/variants where left out. Exit code 3: a file has problems; they are listed.",
  run: async (args, io) => {
    noMoreThan(args, 1);
    const folder = resolve(io.cwd, args.positionals[0] ?? "configs/variants");
    if (!existsSync(folder) || !statSync(folder).isDirectory())
      throw inputFailure("NO_FOLDER", `no folder at "${folder}"; name the folder of your variant files`);
    const rows = listVariants(folder).map(({ id, path }) => describe(id, path));
    if (args.flag("json")) io.out(`${JSON.stringify(rows)}\n`);
    else
      for (const row of rows)
        io.out(
          row.problems === null
            ? `${row.id}  ${row.broker} ${row.strategy} ${row.mode} ${row.asset_class}  ${row.symbols?.join(", ")}\n`
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
