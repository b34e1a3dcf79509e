import { isFailure } from "@tradewind/core";
import type { Path } from "./problems.ts";

/** Something a person should know that stops nothing: a setting that was lowered, ignored or unused. */
export interface Notice {
  readonly code: string;
  readonly message: string;
}

/** Where problems go while a configuration is compiled. */
export type Report = (path: Path, message: string) => void;

/** Runs `make`, turning a person's mistake it throws into a problem at `path`. */
export function reporting<T>(report: Report, path: Path, make: () => T): T | undefined {
  try {
    return make();
  } catch (error) {
    if (!isFailure(error) || error.action !== "input") throw error;
    report(path, error.message);
    return undefined;
  }
}
