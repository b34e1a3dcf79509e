import { Console } from "node:console";
import { runCli } from "./cli.ts";
import { exitCodes } from "./command.ts";
import { told } from "./told.ts";

const terminal = process.stderr.isTTY;
const say = (text: string) => void process.stderr.write(`${text}\n`);

/** The command has done what it could; until then nothing may end the process as if it had. */
let ended = false;
// A reader that stops early (`| head`) is no failure of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  ended = true;
  if (error.code === "EPIPE") process.exit(exitCodes.done);
  say(`standard output: ${told(error, process.env)}`);
  process.exit(exitCodes.failed);
});
// Nobody is left to tell.
process.stderr.on("error", () => process.exit(exitCodes.failed));
// Standard output is for results alone; what a strategy prints goes beside them, whichever way it prints.
globalThis.console = new Console(process.stderr, process.stderr);
const out = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
process.on("uncaughtException", (error) => {
  say(told(error, process.env));
  process.exit(exitCodes.failed);
});
process.on("exit", (code) => {
  if (ended || code !== exitCodes.done) return;
  say("the command was ended before it was done; a strategy file must not end the process");
  process.exitCode = exitCodes.failed;
});

process.exitCode = await runCli(process.argv.slice(2), {
  out: (text) => void out(text),
  say,
  progress: (text) => void (terminal && process.stderr.write(`\r\u001b[2K${text}`)),
  cwd: process.cwd(),
  env: process.env,
});
ended = true;
