import { withModel, type Case } from "./cases.ts";
import { modelFile } from "./model.ts";
import { createWorkspace, type Workspace } from "./workspace.ts";

/** A workspace that replays a case on the events clock. */
export function replay(
  given: Case,
  system: Readonly<Record<string, object>> = {},
): Workspace & { files: Readonly<Record<string, string>> } {
  const models = given === withModel ? { nn: modelFile() } : {};
  const first = createWorkspace({ system: {}, variants: {} });
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
