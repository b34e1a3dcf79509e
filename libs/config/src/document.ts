import { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode, type Node, type ParseError } from "jsonc-parser";
import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { problemsFailure, type Path, type Position, type Problem } from "./problems.ts";

/** A parsed configuration file that knows where each of its values stands. */
export interface SourceDocument {
  /** As shown to people. */
  readonly file: string;
  readonly value: unknown;
  /** Where the key or the value at `path` stands; the nearest existing ancestor when it is absent. */
  locate(path: Path, part: "key" | "value"): Position;
}

/** A problem at a place of a document. */
export function problemAt(document: SourceDocument, path: Path, message: string, part: "key" | "value" = "value"): Problem {
  return { file: document.file, position: document.locate(path, part), path, message };
}

function positionOf(text: string, offset: number): Position {
  const before = text.slice(0, offset).split("\n");
  return { line: before.length, column: before.at(-1)!.length + 1 };
}

/** Keys given twice: JSON keeps the last one silently, which hides a mistake. */
function duplicateKeys(node: Node, path: Path, found: (path: Path, offset: number) => void): void {
  const seen = new Set<string>();
  for (const [i, child] of (node.children ?? []).entries()) {
    if (node.type === "array") duplicateKeys(child, [...path, i], found);
    if (node.type !== "object") continue;
    const [keyNode, valueNode] = child.children ?? [];
    const key = String(keyNode?.value);
    if (seen.has(key)) found([...path, key], child.offset);
    seen.add(key);
    if (valueNode) duplicateKeys(valueNode, [...path, key], found);
  }
}

/** `InvalidSymbol` as "invalid symbol". */
function words(code: string): string {
  return code.replace(/([a-z])([A-Z])/g, "$1 $2").toLowerCase();
}

/** The parser recurses; a file nested thousands deep is a mistake, not a variant. */
function parseShallow(text: string, errors: ParseError[], file: string, code: string): ReturnType<typeof parseTree> {
  try {
    return parseTree(text, errors, { allowTrailingComma: true, disallowComments: false });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw problemsFailure(code, [
      { file, position: { line: 1, column: 1 }, path: [], message: "nested too deeply to be read; a variant is a few levels deep" },
    ]);
  }
}

/** Parses JSON with comments and trailing commas. Throws `code` listing every syntax error and repeated key. */
export function parseJsonc(source: string, file: string, code: string): SourceDocument {
  // Some editors begin a file with a byte order mark.
  const text = source.replace(/^\uFEFF/, "");
  if (text.trim() === "") throw problemsFailure(code, [{ file, position: { line: 1, column: 1 }, path: [], message: "file is empty" }]);
  const errors: ParseError[] = [];
  const tree = parseShallow(text, errors, file, code);
  const problems: Problem[] = errors.map((error) => ({
    file,
    position: positionOf(text, error.offset),
    path: [],
    message: `not valid JSON: ${words(printParseErrorCode(error.error))}`,
  }));
  if (tree) {
    duplicateKeys(tree, [], (path, offset) =>
      problems.push({ file, position: positionOf(text, offset), path, message: "key given twice; keep one of them" }),
    );
  }
  if (!tree || problems.length > 0) throw problemsFailure(code, problems);
  return {
    file,
    value: getNodeValue(tree),
    locate(path, part) {
      for (let length = path.length; length > 0; length -= 1) {
        const node = findNodeAtLocation(tree, path.slice(0, length));
        if (!node) continue;
        const keyed = (part === "key" || length < path.length) && node.parent?.type === "property";
        return positionOf(text, keyed ? node.parent.offset : node.offset);
      }
      return positionOf(text, tree.offset);
    },
  };
}

/** Parses one YAML document. Throws `code` listing every syntax error (repeated keys are one). */
export function parseYaml(text: string, file: string, code: string): SourceDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const position = (offset: number): Position => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    throw problemsFailure(
      code,
      document.errors.map((error) => ({
        file,
        position: position(error.pos[0]),
        path: [],
        message: `not valid YAML: ${words(error.code)}`,
      })),
    );
  }
  return {
    file,
    value: document.toJS() ?? {},
    locate(path, part) {
      for (let length = path.length; length > 0; length -= 1) {
        const node = document.getIn(path.slice(0, length), true);
        if (!isNode(node) || !node.range) continue;
        const parent = document.getIn(path.slice(0, length - 1), true);
        const pair = isMap(parent)
          ? parent.items.find((item) => isScalar(item.key) && String(item.key.value) === String(path[length - 1]))
          : undefined;
        const keyOffset = isScalar(pair?.key) ? pair.key.range?.[0] : undefined;
        const keyed = part === "key" || length < path.length;
        return position(keyed ? (keyOffset ?? node.range[0]) : node.range[0]);
      }
      return { line: 1, column: 1 };
    },
  };
}
