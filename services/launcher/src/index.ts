export { runCli } from "./cli.ts";
export type { Io } from "./command.ts";
