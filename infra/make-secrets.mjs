#!/usr/bin/env node
// Draws the passwords of a compose installation, once: what exists is kept. Runs on any Node from 20.
import { randomBytes } from "node:crypto";
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const users = ["market-data", "strategy", "model-inference", "orchestrator", "execution", "trainer", "gateway", "tap"];

if (process.argv.includes("--help")) {
  process.stdout.write(`node infra/make-secrets.mjs [folder]

Draws passwords into the folder (infra/secrets) and names it in .env for docker compose. What exists is kept.
`);
  process.exit(0);
}
const given = process.argv[2];
const dir = resolve(given ?? join(root, "infra/secrets"));
// The folder keeps others out; the files can be read by any user of a container they are mounted into.
mkdirSync(dir, { recursive: true, mode: 0o700 });
chmodSync(dir, 0o700);

let drawn = 0;
function secret(name) {
  const file = join(dir, name);
  if (!existsSync(file)) {
    write(name, `${randomBytes(24).toString("hex")}\n`);
    drawn++;
  }
  return readFileSync(file, "utf8").trim();
}
function write(name, text) {
  const file = join(dir, name);
  rmSync(file, { force: true });
  writeFileSync(file, text);
  chmodSync(file, 0o444);
}

const passwords = users.map((user) => [user, secret(`nats-${user}.txt`)]);
const redis = secret("redis.txt");
for (const name of ["gateway-token.txt", "grafana.txt"]) secret(name);
// The same again in the servers' own words; a file that is mounted somewhere must stay the same file.
function derived(name, text) {
  const file = join(dir, name);
  if (!existsSync(file) || readFileSync(file, "utf8") !== text) write(name, text);
}
derived(
  "nats-passwords.conf",
  passwords.map(([user, value]) => `${user.toUpperCase().replaceAll("-", "_")}_PASSWORD: "${value}"\n`).join(""),
);
derived("redis-password.conf", `requirepass ${redis}\n`);

if (given === undefined) {
  const env = join(root, ".env");
  const present = existsSync(env) ? readFileSync(env, "utf8") : "";
  if (!/^TRADEWIND_SECRETS=/m.test(present))
    appendFileSync(env, `${present === "" || present.endsWith("\n") ? "" : "\n"}TRADEWIND_SECRETS=./infra/secrets\n`);
}
process.stdout.write(`${drawn === 0 ? "nothing to draw" : `${drawn} passwords drawn`}: ${dir}\n`);
