import { z } from "zod";
import { problemAt, type SourceDocument } from "./document.ts";
import { nearest } from "./nearest.ts";
import { formatPath, type Path, type Problem } from "./problems.ts";

/** The part of JSON Schema that naming the nearest key needs. */
export interface SchemaNode {
  readonly type?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

function alternatives(node: SchemaNode): readonly SchemaNode[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? [])];
  return inner.length === 0 ? [node] : inner.flatMap(alternatives);
}

function step(node: SchemaNode, part: string | number): SchemaNode[] {
  const found = typeof part === "number" ? node.items : (node.properties?.[part] ?? node.additionalProperties);
  return typeof found === "object" ? [found] : [];
}

/** The schema's nodes at a path: several where it offers alternatives. */
export function nodesAt(root: SchemaNode, path: Path): readonly SchemaNode[] {
  let nodes = alternatives(root);
  for (const part of path) nodes = nodes.flatMap((node) => step(node, part)).flatMap(alternatives);
  return nodes;
}

/** Every place where the schema knows a key of this name. */
function placesOf(root: SchemaNode, key: string, path: readonly string[] = []): readonly string[] {
  return alternatives(root).flatMap((node) =>
    Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
      const here = [...path, name];
      return [...(name === key ? [formatPath(here)] : []), ...placesOf(child, key, here)];
    }),
  );
}

function unknownKeyMessage(root: SchemaNode, path: Path, key: string): string {
  const known = nodesAt(root, path).flatMap((node) => Object.keys(node.properties ?? {}));
  const elsewhere = placesOf(root, key)[0];
  const meant = elsewhere ?? nearest(key, known);
  if (meant !== undefined) return `unknown key; did you mean "${meant}"?`;
  return known.length === 0 ? "unknown key; none is expected here" : `unknown key; known here: ${known.join(", ")}`;
}

function kindOf(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

/** A scalar as written. Values under `broker_config` are never shown: a secret may stand in a wrong place there. */
function show(value: unknown, path: Path): string {
  if (typeof value === "object" || value === undefined || path[0] === "broker_config") return kindOf(value);
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const kinds: Readonly<Record<string, string>> = {
  object: "an object",
  record: "an object",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const part of path)
    found = typeof found === "object" && found !== null ? (found as Record<string | number, unknown>)[part] : undefined;
  return found;
}

function choiceMessage(found: unknown, choices: readonly unknown[], path: Path): string {
  const texts = choices.map(String);
  const meant = typeof found === "string" && path[0] !== "broker_config" ? nearest(found, texts) : undefined;
  const hint = meant === undefined ? "" : `; did you mean "${meant}"?`;
  return `expected one of ${texts.join(", ")}, found ${show(found, path)}${hint}`;
}

type Issue = z.core.$ZodIssue;

function issueMessage(issue: Issue, found: unknown, path: Path): string {
  const value = show(found, path);
  switch (issue.code) {
    case "invalid_type":
      if (found === undefined) return `missing; expected ${kinds[issue.expected] ?? issue.expected}`;
      if (issue.expected === "object" || issue.expected === "record") return `expected an object, found ${kindOf(found)}`;
      return `expected ${kinds[issue.expected] ?? issue.expected}, found ${value}`;
    case "invalid_value":
      return found === undefined
        ? `missing; expected one of ${issue.values.map(String).join(", ")}`
        : choiceMessage(found, issue.values, path);
    case "too_small":
      if (issue.origin === "array" || issue.origin === "string")
        return `must have at least ${issue.minimum} ${issue.origin === "array" ? "entries" : "characters"}`;
      return `must be ${issue.inclusive ? "at least" : "more than"} ${issue.minimum}, found ${value}`;
    case "too_big":
      if (issue.origin === "array" || issue.origin === "string")
        return `must have at most ${issue.maximum} ${issue.origin === "array" ? "entries" : "characters"}`;
      return `must be ${issue.inclusive ? "at most" : "less than"} ${issue.maximum}, found ${value}`;
    default:
      return issue.message;
  }
}

function unionProblems(issue: Issue & { code: "invalid_union" }, path: Path, document: SourceDocument, root: SchemaNode): Problem[] {
  const found = valueAt(document.value, path);
  if ("options" in issue && Array.isArray(issue.options)) return [problemAt(document, path, choiceMessage(found, issue.options, path))];
  const fitting = issue.errors.filter((branch) => !branch.some((inner) => inner.code === "invalid_type" && inner.path.length === 0));
  if (fitting.length === 1)
    return fitting[0]!.flatMap((inner) =>
      issueProblems({ ...inner, path: [...issue.path, ...inner.path] }, path.slice(0, path.length - issue.path.length), document, root),
    );
  const expected = issue.errors.flat().flatMap((inner) => (inner.code === "invalid_type" ? [kinds[inner.expected] ?? inner.expected] : []));
  return [problemAt(document, path, `expected ${[...new Set(expected)].join(" or ")}, found ${show(found, path)}`)];
}

function issueProblems(issue: Issue, prefix: Path, document: SourceDocument, root: SchemaNode): Problem[] {
  const path = [...prefix, ...(issue.path as (string | number)[])];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => problemAt(document, [...path, key], unknownKeyMessage(root, path.slice(prefix.length), key), "key"));
  if (issue.code === "invalid_union") return unionProblems(issue, path, document, root);
  return [problemAt(document, path, issueMessage(issue, valueAt(document.value, path), path))];
}

/** What a check gave: the value with its defaults, or the problems. */
export type Checked<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly Problem[] };

/**
 * Checks the value at `prefix` of a document (or `value` in its stead) against a strict schema, and
 * turns each issue into a problem with its place and, for unknown keys and choices, the nearest known one.
 */
export function check<T>(
  schema: z.ZodType<T>,
  document: SourceDocument,
  prefix: Path = [],
  value = valueAt(document.value, prefix),
): Checked<T> {
  const result = schema.safeParse(value);
  if (result.success) return { ok: true, value: result.data };
  const root = z.toJSONSchema(schema, { io: "input" }) as SchemaNode;
  return { ok: false, problems: result.error.issues.flatMap((issue) => issueProblems(issue, prefix, document, root)) };
}

/**
 * A copy of `value` without what the problems point at (a list goes as a whole), so that later checks
 * can go on and a person sees every problem at once.
 */
export function withoutFaults(value: unknown, problems: readonly Problem[]): unknown {
  const copy: unknown = structuredClone(value);
  for (const { path } of problems) {
    const firstIndex = path.findIndex((part) => typeof part === "number");
    const end = firstIndex === -1 ? path : path.slice(0, firstIndex);
    const parent = valueAt(copy, end.slice(0, -1));
    const key = end.at(-1);
    if (typeof parent === "object" && parent !== null && key !== undefined) delete (parent as Record<string | number, unknown>)[key];
  }
  return copy;
}
