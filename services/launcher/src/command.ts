import type { ParseArgsConfig } from "node:util";

type OptionSpec = NonNullable<ParseArgsConfig["options"]>[string];

/** One flag of a command: what the parser needs and what `--help` says. */
export interface Option {
  readonly type: OptionSpec["type"];
  readonly short?: string;
  /** May be given again; `texts` has them all. */
  readonly multiple?: true;
  /** Placeholder of its value in `--help`. */
  readonly value?: string;
  readonly doc: string;
}

/** What a command was called with. */
export interface Arguments {
  readonly positionals: readonly string[];
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
  flag(name: string): boolean;
}

/** Where a command speaks: results to `out`, everything else to `say`. */
export interface Io {
  out(text: string): void;
  say(text: string): void;
  /** Overwrites one line on a terminal; silent elsewhere. */
  progress(text: string): void;
  /** Base folder of relative paths. */
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** One command of the command line: its words, its flags, what it does. */
export interface Command {
  /** "backtest", "data import". */
  readonly name: string;
  readonly summary: string;
  /** Positional arguments as `--help` shows them. */
  readonly usage: string;
  readonly options: Readonly<Record<string, Option>>;
  /** Longer text of `--help`: examples, exit codes of its own. */
  readonly details?: string;
  /** Returns the exit code. Throws `Failure` for anything a person can mend. */
  run(args: Arguments, io: Io): Promise<number>;
}

/** Exit codes: 0 done, 1 failed, 2 bad input, 3 a check did not hold, 130 (as shells say it) stopped by Ctrl-C. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, checkFailed: 3, interrupted: 130 } as const;

/** Flags every command has. */
export const commonOptions: Readonly<Record<string, Option>> = {
  json: { type: "boolean", doc: "print one JSON value on standard output" },
  help: { type: "boolean", short: "h", doc: "show this help" },
};
