import { createHash } from "node:crypto";
import { formatFixed, type Instrument } from "@tradewind/core";
import type { VariantConfig } from "./variant-schema.ts";

/** JSON with sorted keys and no spaces: equal values give equal text. Undefined members are left out; bigint is refused. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const entries = Object.entries(value).filter(([, member]) => member !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(",")}}`;
}

/** Lower-case hex SHA-256. */
export function sha256(data: string | Uint8Array): string {
  return createHash("sha256").update(data).digest("hex");
}

/** An instrument with its fixed-point values as decimal strings. */
function plainInstrument(instrument: Instrument): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(instrument).map(([key, value]) => [
      key,
      typeof value === "bigint" ? formatFixed(value as Parameters<typeof formatFixed>[0]) : value,
    ]),
  );
}

/**
 * SHA-256 of what decides the trading: the effective configuration with the instruments it resolved to.
 * Left out are the mode, the credentials, the trader's name and `$schema`; a user's strategy counts by its
 * bytes (`strategySha256`), not by its path. Secrets cannot get in: a file holds `${NAME}` only.
 */
export function configHash(config: VariantConfig, instruments: readonly Instrument[], strategySha256: string | null): string {
  const { $schema: _schema, trader_name: _name, strategy_file: _path, variants, broker_config, ...rest } = config;
  const { mode: _mode, ...choices } = variants;
  const { credentials: _credentials, ...broker } = broker_config;
  return sha256(
    canonicalJson({
      ...rest,
      variants: choices,
      broker_config: broker,
      strategy_sha256: strategySha256,
      resolved: instruments.map(plainInstrument),
    }),
  );
}
