import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BrokerShell } from "@tradewind/venues";

const POLL_MS = 10;

/**
 * For tests of what happens between a recorded intent and the socket: `TRADEWIND_PAUSE_SEND=<check|write>:<folder>`
 * stops the first placement before its last check or right before its write, tells so by the file `paused` in the
 * folder, and goes on when there is a file `go`.
 */
export function pauseFromEnvironment(): Pick<BrokerShell, "pause"> {
  const setting = /^(check|write):(.+)$/.exec(process.env["TRADEWIND_PAUSE_SEND"] ?? "");
  if (setting === null) return {};
  const [, wanted, folder] = setting as unknown as [string, string, string];
  let paused = false;
  return {
    async pause(point) {
      if (point !== wanted || paused) return;
      paused = true;
      writeFileSync(join(folder, "paused"), "");
      while (!existsSync(join(folder, "go"))) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    },
  };
}
