import { Failure } from "@tradewind/core";

const referencePattern = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}$/;

/** True for `${NAME}` and nothing else around it. */
export function isReference(text: string): boolean {
  return referencePattern.test(text);
}

/** The variable a reference names. */
function variableOf(reference: string): string {
  return referencePattern.exec(reference)![1]!;
}

/** Where a variant's credentials are: references, never values. */
export interface CredentialReferences {
  /** The file that names them, for messages. */
  readonly file: string;
  /** False for backtest and for paper on the simulated venue. */
  readonly needed: boolean;
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly passphrase: string | null;
}

/** Credential values. Keep them no longer than the call that needs them; never log them. */
export interface Credentials {
  readonly apiKey: string;
  readonly apiSecret: string;
  readonly passphrase: string | null;
}

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The values behind the references, at the moment of use. Throws `SECRET_MISSING` naming every variable
 * that is unset or empty, and the file that asks for it.
 */
export function resolveSecrets(references: CredentialReferences, env: Environment): Credentials {
  const { file, apiKey, apiSecret, passphrase } = references;
  const names = [apiKey, apiSecret, ...(passphrase === null ? [] : [passphrase])].map(variableOf);
  const missing = [...new Set(names.filter((name) => !env[name]))];
  if (missing.length > 0) {
    const list = missing.join(", ");
    throw new Failure(
      "input",
      "SECRET_MISSING",
      `${file}: broker_config.credentials needs the environment variable ${list}; set it and start again`,
    );
  }
  const value = (reference: string): string => env[variableOf(reference)]!;
  return { apiKey: value(apiKey), apiSecret: value(apiSecret), passphrase: passphrase === null ? null : value(passphrase) };
}
