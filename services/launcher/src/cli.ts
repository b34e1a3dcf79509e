import { inputFailure, isFailure } from "@tradewind/core";
import { commonOptions, exitCodes, type Command, type Io } from "./command.ts";
import { commands } from "./commands/registry.ts";
import { hint, parseArguments } from "./parse-arguments.ts";
import { told } from "./told.ts";

/** Runs the command line and returns its exit code. Never throws. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  try {
    const [first] = argv;
    if (first === undefined || first === "help" || first === "--help" || first === "-h") {
      io.out(overview());
      return exitCodes.done;
    }
    const found = findCommand(argv);
    if (found.rest.includes("--help") || found.rest.includes("-h")) {
      io.out(helpOf(found.command));
      return exitCodes.done;
    }
    return await found.command.run(parseArguments(found.command, found.rest), io);
  } catch (error) {
    io.progress("");
    io.say(told(error, io.env));
    return isFailure(error) && error.action === "input" ? exitCodes.badInput : exitCodes.failed;
  }
}

function findCommand(argv: readonly string[]): { command: Command; rest: readonly string[] } {
  for (const words of [2, 1]) {
    const name = argv.slice(0, words).join(" ");
    const command = commands.find((candidate) => candidate.name === name);
    if (command) return { command, rest: argv.slice(words) };
  }
  const group = commands.filter((command) => command.name.startsWith(`${argv[0]} `)).map((command) => command.name);
  if (group.length > 0)
    throw inputFailure(
      "UNKNOWN_COMMAND",
      `"${argv.slice(0, 2).join(" ")}" is not a command; there are ${group.map((name) => `tradewind ${name}`).join(", ")}`,
    );
  const names = commands.map((command) => command.name);
  throw inputFailure("UNKNOWN_COMMAND", `"${argv[0]}" is not a command;${hint(argv[0]!, names, "")} tradewind --help lists all`);
}

function overview(): string {
  const width = Math.max(...commands.map((command) => command.name.length));
  const list = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`).join("\n");
  return `Tradewind, a trading platform.\n\nUsage: tradewind COMMAND [ARGUMENTS]\n\n${list}\n\ntradewind COMMAND --help tells more. Every command takes --json.\nExit codes: 0 done, 1 failed, 2 bad input, 3 a check did not hold.\n`;
}

function helpOf(command: Command): string {
  const options = Object.entries({ ...command.options, ...commonOptions }).map(([name, option]) => {
    const left = `  --${name}${option.value ? ` ${option.value}` : ""}${option.short ? `, -${option.short}` : ""}`;
    return `${left.padEnd(28)} ${option.doc}`;
  });
  return `${command.summary}\n\nUsage: tradewind ${command.name} ${command.usage}\n\n${options.join("\n")}\n${command.details ? `\n${command.details.trim()}\n` : ""}`;
}
