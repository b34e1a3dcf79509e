import { inputFailure } from "@tradewind/core";
import { nearest } from "@tradewind/config";
import type { Command } from "../command.ts";
import { configOption, settingsOf, shownPath } from "../settings.ts";
import { endRequests } from "../start/signals.ts";
import { serviceNames, superviseServices } from "../services/supervisor.ts";

export const services: Command = {
  name: "services",
  summary: "Run services as processes of their own on NATS, and keep them running",
  usage: "[NAME...]",
  options: configOption,
  details: `Names: ${serviceNames.join(", ")}; all of them where left out. A name given twice runs twice.
NATS and Redis are those of system.yaml (bus.url, redis.url) or of TRADEWIND__BUS__URL and TRADEWIND__REDIS__URL.
/health and /metrics are on http.port and the free ports after it. What dies is started again; Ctrl-C ends all.`,
  async run(args, io) {
    for (const name of args.positionals)
      if (!serviceNames.includes(name)) {
        const meant = nearest(name, serviceNames);
        throw inputFailure(
          "UNKNOWN_SERVICE",
          `"${name}" is not a service;${meant === undefined ? "" : ` did you mean ${meant}?`} there are ${serviceNames.join(", ")}`,
        );
      }
    const { config, configDir } = settingsOf(args, io);
    const end = endRequests(io.env, () => process.exit(130));
    const names = args.positionals.length === 0 ? serviceNames : args.positionals;
    const say = (text: string): void => (args.flag("json") ? io.out(`${JSON.stringify({ type: "note", text })}\n`) : io.say(text));
    const { host, port, token, token_file: file } = config.gateway;
    if (names.includes("gateway"))
      say(
        `dashboard http://${host}:${port}, its token in ${token === undefined ? shownPath(file, io.cwd) : "gateway.token of the settings"}`,
      );
    try {
      return await superviseServices({
        names,
        configDir,
        host: config.http.host,
        firstPort: config.http.port,
        env: io.env,
        cwd: io.cwd,
        say,
        ended: end.asked,
      });
    } finally {
      end.stop();
    }
  },
};
