import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case } from "./cases.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

/** A workspace that replays a case on the events clock. */
export function replay(
  given: Case,
  system: Readonly<Record<string, object>> = {},
): Workspace & { files: Readonly<Record<string, string>> } {
  const first = createWorkspace({ system: {}, variants: {} });
  const models = Object.fromEntries(
    Object.entries(given.models ?? {}).map(([id, bytes]) => {
      const file = join(first.dir, `${id}.onnx`);
      writeFileSync(file, bytes);
      return [id, file];
    }),
  );
  const files = given.files(first.dir);
  const workspace = createWorkspace({
    system: {
      run: { clock: "events" },
      inference: { models },
      log: { level: "warn" },
      ...system,
      market: { feed: "replay", files, keep: false, ...system["market"] },
    },
    variants: { [given.id]: given.variant },
  });
  return {
    ...workspace,
    files,
    [Symbol.dispose]() {
      workspace[Symbol.dispose]();
      first[Symbol.dispose]();
    },
  };
}
