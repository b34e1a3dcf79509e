import { parseArgs } from "node:util";
import { nearest } from "@tradewind/config";
import { inputFailure } from "@tradewind/core";
import { commonOptions, type Arguments, type Command, type Option } from "./command.ts";

/** Flags and positionals of one command. Throws `UNKNOWN_FLAG` and `BAD_FLAG`. */
export function parseArguments(command: Command, args: readonly string[]): Arguments {
  const options: Record<string, Option> = { ...command.options, ...commonOptions };
  const names = Object.keys(options);
  for (const arg of args) {
    const name = /^--([^=]+)/.exec(arg)?.[1];
    if (name !== undefined && !names.includes(name))
      throw inputFailure(
        "UNKNOWN_FLAG",
        `tradewind ${command.name} has no flag --${name};${hint(name, names, "--")} tradewind ${command.name} --help lists all`,
      );
  }
  try {
    const spec = Object.fromEntries(
      Object.entries(options).map(([name, { type, short, multiple }]) => [
        name,
        { type, ...(short && { short }), ...(multiple && { multiple }) },
      ]),
    );
    const { values, positionals } = parseArgs({ args: [...args], options: spec, allowPositionals: true, strict: true });
    return {
      positionals,
      text: (name) => (typeof values[name] === "string" ? values[name] : undefined),
      texts: (name) => {
        const value = values[name];
        return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
      },
      flag: (name) => values[name] === true,
    };
  } catch (error) {
    const said = error instanceof Error ? error.message.split("\n")[0]! : String(error);
    throw inputFailure("BAD_FLAG", `tradewind ${command.name}: ${said}; tradewind ${command.name} --help lists all flags`);
  }
}

/** " did you mean X?", or nothing. */
export function hint(word: string, known: readonly string[], prefix: string): string {
  const found = nearest(word, known);
  return found === undefined ? "" : ` did you mean ${prefix}${found}?`;
}
