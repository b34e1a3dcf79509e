import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");
const FILE_LINES_MAX = 300;
const FUNCTION_LINES_MAX = 70;

/** What a service on the bus is made of. */
const service = ["@tradewind/core", "@tradewind/contracts", "@tradewind/bus", "@tradewind/config", "@tradewind/kit"];

/** Which package may use which. An arrow that is not here is refused; a new one is a decision for ARCHITECTURE.md. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  "@tradewind/core": [],
  "@tradewind/config": ["@tradewind/core"],
  "@tradewind/store": ["@tradewind/core"],
  "@tradewind/venues": ["@tradewind/core"],
  "@tradewind/onnx": ["@tradewind/core"],
  "@tradewind/contracts": ["@tradewind/core"],
  "@tradewind/bus": ["@tradewind/core", "@tradewind/contracts"],
  "@tradewind/kit": ["@tradewind/core", "@tradewind/contracts", "@tradewind/bus", "@tradewind/config"],
  "@tradewind/testkit": ["@tradewind/core", "@tradewind/bus"],
  "@tradewind/lab": ["@tradewind/core", "@tradewind/config", "@tradewind/store", "@tradewind/onnx", "@tradewind/plots"],
  "@tradewind/plots": [],
  "@tradewind/trainer": [...service, "@tradewind/store", "@tradewind/venues", "@tradewind/onnx", "@tradewind/plots"],
  "@tradewind/market-data": [...service, "@tradewind/store", "@tradewind/venues"],
  "@tradewind/strategy": service,
  "@tradewind/orchestrator": service,
  "@tradewind/model-inference": [...service, "@tradewind/store", "@tradewind/onnx"],
  "@tradewind/execution": [...service, "@tradewind/venues"],
  "@tradewind/gateway": service,
  // The command line and the one-process start: the only place where services are put together.
  "@tradewind/launcher": [
    ...service,
    "@tradewind/store",
    "@tradewind/venues",
    "@tradewind/lab",
    "@tradewind/market-data",
    "@tradewind/strategy",
    "@tradewind/orchestrator",
    "@tradewind/model-inference",
    "@tradewind/execution",
    "@tradewind/gateway",
    "@tradewind/trainer",
    "@tradewind/onnx",
  ],
};

/** Folders of plug-ins and the registry that must name each of them. `except` are the port and shared parts. */
const plugIns: readonly { dir: string; registry: string; except: readonly string[] }[] = [
  { dir: "libs/core/src/risk/rules", registry: "libs/core/src/risk/registry.ts", except: [] },
  { dir: "libs/core/src/risk/protections", registry: "libs/core/src/risk/protections/registry.ts", except: ["protection.ts"] },
  { dir: "libs/core/src/dataset/labels", registry: "libs/core/src/dataset/labels/registry.ts", except: [] },
  { dir: "libs/core/src/market/calendars", registry: "libs/core/src/market/calendars/registry.ts", except: [] },
  {
    dir: "libs/core/src/strategies",
    registry: "libs/core/src/strategies/registry.ts",
    except: ["strategy.ts", "define.ts", "views.ts", "gates.ts", "kit.ts", "evaluate.ts"],
  },
  {
    dir: "libs/core/src/indicators",
    registry: "libs/core/src/indicators/registry.ts",
    except: ["indicator.ts", "parameters.ts", "state.ts", "window.ts"],
  },
  {
    dir: "libs/config/src/instruments",
    registry: "libs/config/src/instruments/registry.ts",
    except: ["broker.ts", "resolve.ts", "symbol.ts"],
  },
  { dir: "libs/venues/src/feeds", registry: "libs/venues/src/feeds/registry.ts", except: ["feed.ts"] },
  {
    dir: "libs/onnx/src/families",
    registry: "libs/onnx/src/families/registry.ts",
    except: ["family.ts", "blocks.ts", "initial.ts"],
  },
  {
    dir: "services/trainer/src/learners",
    registry: "services/trainer/src/learners/registry.ts",
    except: ["learner.ts", "settings.ts", "rows.ts", "speakers.ts"],
  },
  { dir: "services/launcher/src/commands", registry: "services/launcher/src/commands/registry.ts", except: ["backtest-text.ts"] },
];

const tracked = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard"], { cwd: root, encoding: "utf8" })
  .split("\n")
  .filter((path) => path !== "" && existsSync(join(root, path)));
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const sources = tracked.filter((path) => /\.(?:ts|mjs)$/.test(path));
const packages = tracked
  .filter((path) => /^(?:libs|services)\/[^/]+\/package\.json$/.test(path))
  .map((path) => ({ dir: dirname(path), ...(JSON.parse(read(path)) as Manifest) }));

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

/** Specifiers of every import and re-export in a file. */
function importsOf(path: string): string[] {
  return [...read(path).matchAll(/(?:from|import)\s*\(?\s*"([^"]+)"/g)].map((match) => match[1]!);
}

/** Names and lengths of top-level and nested functions, by brace depth from the line they start on. */
function longFunctions(path: string): string[] {
  const found: string[] = [];
  const lines = read(path).split("\n");
  lines.forEach((line, start) => {
    if (!/^\s*(?:export\s+)?(?:async\s+)?function\b/.test(line)) return;
    const indent = /^\s*/.exec(line)![0];
    const end = lines.findIndex((other, i) => i > start && other === `${indent}}`);
    if (end - start + 1 > FUNCTION_LINES_MAX) found.push(`${path}:${start + 1} has ${end - start + 1} lines`);
  });
  return found;
}

describe("the house", () => {
  test("has no arrow between packages that is not declared", () => {
    const wrong: string[] = [];
    for (const { dir, name, dependencies = {} } of packages) {
      const allowed = arrows[name];
      expect(allowed, `${name} has no line in the table of arrows`).toBeDefined();
      const declared = Object.keys(dependencies).filter((dependency) => dependency.startsWith("@tradewind/"));
      for (const dependency of declared) if (!allowed!.includes(dependency)) wrong.push(`${dir}/package.json -> ${dependency}`);
      for (const path of sources.filter((source) => source.startsWith(`${dir}/src/`)))
        for (const specifier of importsOf(path)) {
          if (specifier.startsWith("@tradewind/") && !declared.includes(specifier.split("/").slice(0, 2).join("/")))
            wrong.push(`${path} -> ${specifier}`);
          if (specifier.startsWith(".") && relative(join(dir, "src"), join(dirname(path), specifier)).startsWith(".."))
            wrong.push(`${path} -> ${specifier}`);
          if (name === "@tradewind/core" && !specifier.startsWith(".")) wrong.push(`${path} -> ${specifier}`);
        }
    }
    expect(wrong).toEqual([]);
  });

  test("has each plug-in in its registry", () => {
    const missing: string[] = [];
    for (const { dir, registry, except } of plugIns) {
      const named = read(registry);
      for (const file of readdirSync(join(root, dir)))
        if (file.endsWith(".ts") && file !== "registry.ts" && !except.includes(file) && !named.includes(`/${file}"`))
          missing.push(`${dir}/${file}`);
    }
    expect(missing).toEqual([]);
  });

  test("has a wire sample of each subject", () => {
    const kinds = [...read("libs/contracts/src/subjects.ts").matchAll(/^ {2}(\w+): \{ pattern:/gm)].map((match) => match[1]!);
    expect(kinds.length).toBeGreaterThan(5);
    expect(kinds.filter((kind) => !existsSync(join(root, `libs/contracts/wire/${kind}.json`)))).toEqual([]);
  });

  test(`has no file over ${FILE_LINES_MAX} lines and no function over ${FUNCTION_LINES_MAX}`, () => {
    const long = sources
      .filter((path) => read(path).split("\n").length > FILE_LINES_MAX + 1)
      .map((path) => `${path} has ${read(path).split("\n").length - 1} lines`);
    expect([...long, ...sources.flatMap(longFunctions)]).toEqual([]);
  });

  test("has no barrel below a package's index.ts, no skipped test, no reminder left behind", () => {
    const marks = /\b(?:TODO|FIXME|XXX|HACK)\b/;
    const skipped = /\b(?:it|test|describe)\.(?:skip|only|todo)\(/;
    const barrel = (path: string) => basename(path) === "index.ts" && !/^(?:libs|services)\/[^/]+\/src\/index\.ts$/.test(path);
    const others = sources.filter((path) => path !== "test/tidy.test.ts");
    const wrong = others.filter((path) => barrel(path) || marks.test(read(path)) || skipped.test(read(path)));
    expect(wrong).toEqual([]);
  });

  test("speaks of itself alone: no path of a machine, no registry address in the lock file", () => {
    const wrong = tracked.filter(
      (path) => !/\.(?:png|parquet)$/.test(path) && /(?:^|["'\s(=])\/(?:home|root|work|Users)\//m.test(read(path)),
    );
    expect(wrong).toEqual([]);
    expect(read("pnpm-lock.yaml")).not.toMatch(/tarball:|https?:\/\//);
  });
});
