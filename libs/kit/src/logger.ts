import { pino, type DestinationStream, type Logger } from "pino";

/** Keys whose values never reach a log line. */
const secret = ["api_key", "api_secret", "passphrase", "password", "token", "authorization"];

/** One JSON object a line, on standard error unless told otherwise. */
export function createLogger(service: string, instance: string, level: string, out?: DestinationStream): Logger {
  const options = {
    level,
    base: { service, instance },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secret.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]), censor: "[redacted]" },
  };
  return pino(options, out ?? pino.destination({ dest: 2, sync: true }));
}

/** What starts a line or drives a terminal. */
const CONTROL = /\s*[\p{Cc}\p{Zl}\p{Zp}]+\s*/gu;

/** An error as one line for people: a failure's code and message, anything else with what it is. */
export function lineOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error).replaceAll(CONTROL, " ");
  const code = "code" in error && typeof error.code === "string" && !error.message.startsWith(error.code) ? `${error.code}: ` : "";
  return `${code}${error.message}`.replaceAll(CONTROL, " ");
}
