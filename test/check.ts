/** `pnpm check`: everything that reads the code without running it, one after the other; the first failure ends it. */
import { spawnSync } from "node:child_process";

const steps: readonly [string, readonly string[]][] = [
  ["types", ["tsc", "-b"]],
  ["lint", ["oxlint", "--type-aware"]],
  ["format", ["oxfmt", "--check", "."]],
  ["dead code", ["knip", "--no-config-hints"]],
];

if (process.argv.includes("--help")) {
  process.stdout.write(`pnpm check [--json]: ${steps.map(([name]) => name).join(", ")}\n`);
  process.exit(0);
}
const json = process.argv.includes("--json");
for (const [name, [command, ...args]] of steps) {
  const started = performance.now();
  const result = spawnSync(command!, args, { encoding: "utf8", stdio: json ? "pipe" : "inherit", shell: process.platform === "win32" });
  const passed = result.status === 0;
  const seconds = Math.round(performance.now() - started) / 1000;
  process.stdout.write(
    json
      ? `${JSON.stringify({ step: name, passed, seconds, output: passed ? "" : result.stdout + result.stderr })}\n`
      : `${name}: ${passed ? "ok" : "FAILED"} (${seconds} s)\n`,
  );
  if (!passed) process.exit(1);
}
