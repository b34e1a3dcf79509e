import { expect, test } from "vitest";
import fc from "fast-check";
import { isFailure } from "@tradewind/core";
import { loadVariant } from "../src/load-variant.ts";
import { resolveSecrets } from "../src/secrets.ts";
import { compile, minimal, refusal } from "./variant-file.ts";

const live = { ...minimal, variants: { ...minimal.variants, mode: "live" } };
const withCredentials = (credentials: unknown) => ({ ...live, broker_config: { credentials } });

/** Long enough that it stands in no message by chance. */
const secret = fc.stringMatching(/^[A-Za-z0-9+/=_-]{16,48}$/).map((text) => `s3cr3t${text}`);

test("a secret written into a file is refused and shown nowhere, wherever it stands", () => {
  const places = (text: string): unknown[] => [
    withCredentials({ api_key: text }),
    withCredentials({ api_key: "${A}", api_secret: text, passphrase: text }),
    withCredentials({ api_key: `\${A}${text}` }),
    withCredentials({ api_kee: text }),
    withCredentials({ api_key: [text] }),
    withCredentials({ api_key: { value: text } }),
    withCredentials(text),
    withCredentials([text]),
    { ...live, broker_config: text },
    { ...live, broker_config: { api_key: text } },
    { ...live, broker_config: { test_mode: text } },
    { ...live, broker_config: { active_broker: text } },
    { ...live, credentials: { api_key: text } },
    { ...live, api_key: text },
    `{"broker_config": {"credentials": {"api_key": "${text}}`,
    `{"broker_config": {"credentials": {"api_key": ${text}}}}`,
  ];
  fc.assert(
    fc.property(secret, (text) => {
      for (const file of places(text)) {
        const message = refusal(file);
        expect(message).not.toBe("");
        expect(message).not.toContain(text);
      }
    }),
    { numRuns: 50 },
  );
});

test("what is loaded holds references only, whatever the environment holds", () => {
  fc.assert(
    fc.property(secret, secret, (key, secretValue) => {
      const loaded = compile(withCredentials({ api_key: "${MY_KEY}" }), { env: { MY_KEY: key, BYBIT_API_SECRET: secretValue } });
      const text = JSON.stringify(loaded, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value));
      expect(text).not.toContain(key);
      expect(text).not.toContain(secretValue);
      expect(loaded.credentials).toMatchObject({ apiKey: "${MY_KEY}", apiSecret: "${BYBIT_API_SECRET}", passphrase: null, needed: true });
    }),
    { numRuns: 20 },
  );
});

test("values are read at the moment of use", () => {
  const { credentials } = compile({ ...live, variants: { ...live.variants, broker: "okx" } });
  const env = { OKX_API_KEY: "k", OKX_API_SECRET: "s", OKX_PASSPHRASE: "p" };
  expect(resolveSecrets(credentials, env)).toEqual({ apiKey: "k", apiSecret: "s", passphrase: "p" });
});

test("a missing variable is named with its file, and those that are there stay unsaid", () => {
  const env = { BYBIT_API_KEY: "s3cr3t", BYBIT_API_SECRET: "" };
  const message = refusal(live, { env });
  expect(message).toContain("sample.json");
  expect(message).toContain("BYBIT_API_SECRET");
  expect(message).not.toContain("s3cr3t");
});

test.each(["paper", "backtest"])("mode %s needs no credentials", (mode) => {
  const { credentials } = compile({ ...live, variants: { ...live.variants, mode } }, { env: {} });
  expect(credentials.needed).toBe(false);
});

test("a file that is not there is an input failure that lists its neighbours", () => {
  const folder = new URL("../../../configs/variants/", import.meta.url).pathname;
  let caught: unknown;
  try {
    loadVariant(`${folder}no_such.json`);
  } catch (error) {
    caught = error;
  }
  expect(isFailure(caught) && caught.code).toBe("VARIANT_MISSING");
  expect(String(caught)).toContain("template");
});
