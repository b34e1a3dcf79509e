import { readFileSync } from "node:fs";
import { join } from "node:path";
import { startNats, type NatsServer } from "@tradewind/testkit";
import { passwordVariable } from "../../infra/nats/config.ts";
import { roles } from "../../infra/nats/permissions.ts";

/** The server's configuration as the repository has it. */
export const checkedIn = readFileSync(join(import.meta.dirname, "../../infra/nats/nats.conf"), "utf8");

export const passwordOf = (user: string): string => `password-of-${user}`;
export const credential = (user: string) => ({ user, pass: passwordOf(user) });

/** A real server with the users of the repository's configuration. */
export function startNatsWithUsers(): Promise<NatsServer> {
  const passwords = roles.map(({ user }) => `${passwordVariable(user)}: "${passwordOf(user)}"`);
  return startNats({ config: [...passwords, checkedIn.slice(checkedIn.indexOf("authorization {"))].join("\n") });
}
