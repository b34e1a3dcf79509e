import { runCli } from "./cli.ts";

const terminal = process.stderr.isTTY;
// A reader that stops early (`| head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(0);
  throw error;
});

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void process.stdout.write(text),
  say: (text) => void process.stderr.write(`${text}\n`),
  progress: (text) => void (terminal && process.stderr.write(`\r\u001b[2K${text}`)),
  cwd: process.cwd(),
  env: process.env,
});
