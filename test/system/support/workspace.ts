import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseVariant, type LoadedVariant } from "@tradewind/config";
import type { DesiredVariant } from "@tradewind/contracts";

/** A folder of its own with settings and variants, as an installation has one. */
export interface Workspace {
  readonly dir: string;
  readonly configDir: string;
  readonly variants: readonly LoadedVariant[];
  readonly desired: readonly DesiredVariant[];
  [Symbol.dispose](): void;
}

export interface WorkspaceOptions {
  /** Sections of system.yaml; JSON is YAML. */
  readonly system: Readonly<Record<string, unknown>>;
  /** Variant files by id. */
  readonly variants: Readonly<Record<string, unknown>>;
  /** Market time from which they decide; 0, from the first candle, when left out. */
  readonly effectiveFrom?: number;
}

export function createWorkspace(options: WorkspaceOptions): Workspace {
  const dir = mkdtempSync(join(tmpdir(), "tradewind-system-"));
  const configDir = join(dir, "configs");
  mkdirSync(join(configDir, "variants"), { recursive: true });
  const data = { dir: join(dir, "data"), cache_dir: join(dir, "cache") };
  writeFileSync(join(configDir, "system.yaml"), JSON.stringify({ data, ...options.system }));
  const variants: LoadedVariant[] = [];
  const desired = Object.entries(options.variants).map(([id, variant]): DesiredVariant => {
    const text = JSON.stringify(variant);
    const file = join(configDir, "variants", `${id}.json`);
    writeFileSync(file, text);
    const loaded = parseVariant(text, file);
    variants.push(loaded);
    return { id, revision: 1, effectiveFrom: options.effectiveFrom ?? 0, enabled: true, text, configHash: loaded.configHash, by: "test" };
  });
  return { dir, configDir, variants, desired, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}
