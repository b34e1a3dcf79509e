import { Failure, isFailure } from "@tradewind/core";

const LONGEST = 400;

/**
 * What `work` gives. It reads a file of a stranger and quotes it where it fails: control characters and endless texts
 * are kept out of the message.
 */
export function inOneLine<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!isFailure(error)) throw error;
    const line = error.message.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ");
    throw new Failure(error.action, error.code, line.length > LONGEST ? `${line.slice(0, LONGEST)}...` : line);
  }
}
