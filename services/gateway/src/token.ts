import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { SystemConfig } from "@tradewind/config";
import { inputFailure } from "@tradewind/core";

const SHORTEST = 16;

/**
 * The token every request needs: the one that is set, else the one in the token's file, else one drawn now and kept
 * there for its owner alone. Throws `BAD_TOKEN_FILE`.
 */
export function openToken({ token, token_file: file }: SystemConfig["gateway"]): string {
  if (token !== undefined) return token;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const drawn = randomBytes(32).toString("hex");
    writeFileSync(file, `${drawn}\n`, { flag: "wx", mode: 0o600 });
    return drawn;
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw unusable(file, error);
  }
  return keptToken(file);
}

function keptToken(file: string): string {
  let kept: string;
  try {
    kept = readFileSync(file, "utf8").trim();
    // A file that is another's, as a container is handed its secrets, has the modes its owner gave it.
    if (statSync(file).uid === process.getuid?.()) chmodSync(file, 0o600);
  } catch (error) {
    throw unusable(file, error);
  }
  if (kept.length < SHORTEST)
    throw inputFailure("BAD_TOKEN_FILE", `gateway.token_file "${file}" holds less than ${SHORTEST} characters; delete it and start again`);
  return kept;
}

function unusable(file: string, error: unknown): Error {
  const why = error instanceof Error ? error.message : String(error);
  return inputFailure("BAD_TOKEN_FILE", `gateway.token_file "${file}" cannot be used (${why}); correct its path or its permissions`);
}

/** Compares in a time that does not depend on where the two differ. */
export function createTokenCheck(token: string): (given: string) => boolean {
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  const expected = digest(token);
  return (given) => timingSafeEqual(digest(given), expected);
}
