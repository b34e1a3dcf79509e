import { inputFailure, type Failure } from "@tradewind/core";
import { inspectModel, type InspectedModel } from "../inspect.ts";
import type { Model } from "../model.ts";
import { readModel } from "../read-model.ts";

/** A classifier that becomes part of a larger one. */
export interface MemberFile {
  /** Names its output `p_<name>`: letters, digits, `_` and `-`. */
  readonly name: string;
  /** An .onnx file of any maker, with our metadata. */
  readonly file: Uint8Array;
}

export interface Member {
  readonly name: string;
  readonly model: Model;
  readonly inspected: InspectedModel;
}

const NAME = /^[A-Za-z0-9_-]{1,40}$/;

/**
 * Reads members that may stand in one graph. Throws as `inspectModel` and `readModel`, and `COMPOSE_MEMBERS` for those
 * that do not fit each other: other feature matrices, other classes, a fixed number of rows, equal names.
 */
export function readMembers(files: readonly MemberFile[]): Member[] {
  if (files.length === 0) throw refused("there are none", "name at least one");
  const members = files.map(({ name, file }): Member => {
    if (!NAME.test(name)) throw refused(`"${name}" is no name`, "use up to 40 letters, digits, _ and -");
    return { name, model: readModel(file, name), inspected: inspectModel(file, name) };
  });
  const [first] = members as [Member, ...Member[]];
  const seen = new Set<string>();
  for (const { name, inspected } of members) {
    const { metadata, signature } = inspected;
    if (seen.has(name)) throw refused(`two are called ${name}`, "give each a name of its own");
    seen.add(name);
    if (metadata.featureSchema !== first.inspected.metadata.featureSchema)
      throw refused(`${name} takes another feature matrix than ${first.name}`, "train it on the same features");
    if (metadata.labels.toSorted().join() !== first.inspected.metadata.labels.toSorted().join())
      throw refused(
        `${name} gives ${metadata.labels.join(", ")}, ${first.name} gives ${first.inspected.metadata.labels.join(", ")}`,
        "train it for the same classes",
      );
    if (signature.fixedRows !== undefined)
      throw refused(
        `${name} takes ${signature.fixedRows} row${signature.fixedRows === 1 ? "" : "s"} at a time`,
        "export it with a free batch",
      );
  }
  return members;
}

function refused(what: string, remedy: string): Failure {
  return inputFailure("COMPOSE_MEMBERS", `members of a joint model: ${what}; ${remedy}`);
}
