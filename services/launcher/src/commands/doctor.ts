import { dirname } from "node:path";
import { isFailure } from "@tradewind/core";
import { gatewayOf, gatewayOptions, type Gateway } from "../client.ts";
import { exitCodes, type Arguments, type Command, type Io } from "../command.ts";
import { fail, ok, type Finding } from "../doctor/check.ts";
import { checkClock, checkFolder, checkNode, checkPackages, checkSpace } from "../doctor/machine.ts";
import { checkGateway, checkNats, checkRedis } from "../doctor/servers.ts";
import { settingsOf } from "../settings.ts";
import { noMoreThan } from "../support.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Check what Tradewind needs: Node, packages, folders, ports, servers, clock, disk",
  usage: "",
  options: gatewayOptions,
  details: "Each line is ok, warn or fail, with the way out. Exit code 3: something fails.",
  async run(args, io) {
    noMoreThan(args, 0);
    const findings = await lookAround(args, io);
    if (args.flag("json")) io.out(`${JSON.stringify(findings)}\n`);
    else
      for (const { what, verdict, found, way } of findings)
        io.out(`${verdict.padEnd(4)}  ${what}: ${found}${way === undefined ? "" : `; ${way}`}\n`);
    return findings.some(({ verdict }) => verdict === "fail") ? exitCodes.checkFailed : exitCodes.done;
  },
};

async function lookAround(args: Arguments, io: Io): Promise<readonly Finding[]> {
  const here = [checkNode(), checkPackages()];
  let settings;
  try {
    settings = settingsOf(args, io);
  } catch (error) {
    if (!isFailure(error)) throw error;
    return [...here, fail("settings", error.message, "correct them; the rest cannot be checked without")];
  }
  const { config, configDir } = settings;
  const folders = new Map([
    ["data folder", config.data.dir],
    ["cache folder", config.data.cache_dir],
    ["bus folder", dirname(config.bus.file)],
  ]);
  return [
    ...here,
    ok("settings", configDir),
    ...[...folders]
      .filter(([, path], i, all) => all.findIndex(([, other]) => other === path) === i)
      .map(([what, path]) => checkFolder(what, path)),
    checkSpace(config.data.dir),
    ...(await Promise.all([
      checkGateway(config, clientOf(args, io), args.text("url") !== undefined),
      checkNats(config),
      checkRedis(config),
      checkClock(),
    ])),
  ];
}

function clientOf(args: Arguments, io: Io): Gateway | undefined {
  try {
    return gatewayOf(args, io);
  } catch {
    return undefined;
  }
}
