import { Failure } from "@tradewind/core";

export type Path = readonly (string | number)[];

/** Place in a file, both counted from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** One thing a person must mend in a configuration file. */
export interface Problem {
  readonly file: string;
  readonly position: Position;
  readonly path: Path;
  readonly message: string;
}

/** A path as people write it: `members[0].weight`, `instruments["BTC/USDT"].tick`. */
export function formatPath(path: Path): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (!/^[A-Za-z_$][\w$]*$/.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

/** `file:line:column path: message`. */
export function formatProblem(problem: Problem): string {
  const path = formatPath(problem.path);
  const place = `${problem.file}:${problem.position.line}:${problem.position.column}`;
  return `${place} ${path === "" ? "" : `${path}: `}${problem.message}`;
}

/** All problems as one failure, one line each, in the order of the file. */
export function problemsFailure(code: string, problems: readonly Problem[]): Failure {
  const ordered = [...problems].sort((a, b) => a.position.line - b.position.line || a.position.column - b.position.column);
  return new Failure("input", code, ordered.map(formatProblem).join("\n"));
}
