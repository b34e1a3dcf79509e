import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { customVariant, program, repo, walkCsv, workplace, type Workplace } from "./support.ts";

interface Proof {
  readonly proven: boolean;
  readonly decisions: number;
  readonly actions: number;
  readonly changed: number;
  readonly outside_reads: readonly string[];
  readonly ledger_hash: string;
}

/** A strategy that trades on `next(candle)`, the close of the candle to come where it knows it. */
function trader(body: string): string {
  return `${body}
export default (kit) => ({
  name: "leak", doc: "Trades on the next close where it knows it.", parameters: {}, warmup: () => 1,
  create: () => kit.strategy({}, (state, candle) => {
    const coming = next(candle);
    if (coming === undefined) return kit.views.hold;
    return coming > candle.close ? kit.views.buy("up") : kit.views.sell("down");
  }),
});
`;
}

const parse = `
const closes = new Map();
const learn = (text) => { for (const line of String(text).split("\\n").slice(1)) { const f = line.split(","); closes.set(Number(f[0]) + 60000, Number(f[4])); } };
const next = (candle) => closes.get(candle.closeTime + 60000);
`;

/** Searches whatever a replaced built-in gets hold of for columns of candles. */
const search = `
let found;
const look = (value, depth = 0) => {
  if (typeof value !== "object" || value === null || found || depth > 3) return;
  if (value.close instanceof Float64Array && value.closeTime instanceof Float64Array) { found = value; return; }
  if (Array.isArray(value)) { for (let i = 0; i < value.length && i < 4; i++) look(value[i], depth + 1); }
};
const next = (candle) => {
  if (!found) return undefined;
  for (let i = 0; i < found.length - 1; i++) if (found.closeTime[i] === candle.closeTime) return found.close[i + 1];
};
`;

interface Leak {
  readonly source: (csv: string) => string;
  /** What the proof must name; where left out, decisions must differ. */
  readonly names?: RegExp;
}

const leaks: Readonly<Record<string, Leak>> = {
  "remembers candles of an earlier run in its module": {
    source: () =>
      `const seen = new Map(); const next = (candle) => { seen.set(candle.closeTime, candle.close); return seen.get(candle.closeTime + 60000); };`,
  },
  "remembers them on a global": {
    source: () =>
      `const seen = (globalThis.kept ??= new Map()); const next = (candle) => { seen.set(candle.closeTime, candle.close); return seen.get(candle.closeTime + 60000); };`,
  },
  "reads the file with node:fs": {
    source: (csv) => `import fs from "node:fs"; ${parse} learn(fs.readFileSync(${csv}, "utf8"));`,
    names: /^file .*prices\.csv$/,
  },
  "reads it with a named import": {
    source: (csv) => `import { readFileSync as get } from "fs"; ${parse} learn(get(${csv}, "utf8"));`,
    names: /^file .*prices\.csv$/,
  },
  "reads it with fs/promises": {
    source: (csv) => `import { readFile } from "node:fs/promises"; ${parse} learn(await readFile(${csv}, "utf8"));`,
    names: /^file .*prices\.csv$/,
  },
  "reads it through a file handle": {
    source: (csv) =>
      `import { open } from "node:fs/promises"; ${parse} const f = await open(${csv}); learn(await f.readFile("utf8")); await f.close();`,
    names: /^file .*prices\.csv$/,
  },
  "reads it by descriptor": {
    source: (csv) =>
      `import * as fs from "node:fs"; ${parse} const b = Buffer.alloc(1e6); const n = fs.readSync(fs.openSync(${csv}), b); learn(b.toString("utf8", 0, n));`,
    names: /^file .*prices\.csv$/,
  },
  "reads standard input": {
    source: () => `import fs from "node:fs"; ${parse} learn(fs.readFileSync(0, "utf8"));`,
    names: /^file descriptor 0$/,
  },
  "reads it as a stream": {
    source: (csv) =>
      `import { ReadStream } from "node:fs"; ${parse} let text = ""; for await (const part of new ReadStream(${csv})) text += part; learn(text);`,
    names: /^file .*prices\.csv$/,
  },
  "reads it as a blob": {
    source: (csv) => `import { openAsBlob } from "node:fs"; ${parse} learn(await (await openAsBlob(${csv})).text());`,
    names: /^file .*prices\.csv$/,
  },
  "reads it by URL": {
    source: (csv) =>
      `import { pathToFileURL } from "node:url"; import fs from "node:fs"; ${parse} learn(fs.readFileSync(pathToFileURL(${csv}), "utf8"));`,
    names: /^file .*prices\.csv$/,
  },
  "reads it in the middle of a run": {
    source: (csv) =>
      `import fs from "node:fs"; ${parse.replace("const next", "const known")} let n = 0; const next = (candle) => { if (n++ === 50) learn(fs.readFileSync(${csv}, "utf8")); return known(candle); };`,
    names: /^file .*prices\.csv$/,
  },
  "reads it with a made require": {
    source: (csv) =>
      `import { createRequire } from "node:module"; ${parse} learn(createRequire(import.meta.url)("fs").readFileSync(${csv}, "utf8"));`,
    names: /^file .*prices\.csv$/,
  },
  "reads it with a built-in of the process": {
    source: (csv) => `${parse} learn(process.getBuiltinModule("fs").readFileSync(${csv}, "utf8"));`,
    names: /^file .*prices\.csv$/,
  },
  "reads it in a child process": {
    source: (csv) => `import { execFileSync } from "node:child_process"; ${parse} learn(execFileSync("cat", [${csv}]));`,
    names: /^process cat$/,
  },
  "reads it in a worker": {
    source: (csv) => `
      import { Worker, receiveMessageOnPort, MessageChannel } from "node:worker_threads"; ${parse}
      const flag = new Int32Array(new SharedArrayBuffer(4)); const { port1, port2 } = new MessageChannel();
      new Worker('const w = require("node:worker_threads"); w.workerData.port.postMessage(require("node:fs").readFileSync(w.workerData.csv, "utf8")); Atomics.store(w.workerData.flag, 0, 1); Atomics.notify(w.workerData.flag, 0);',
        { eval: true, workerData: { csv: ${csv}, flag, port: port2 }, transferList: [port2] }).unref();
      Atomics.wait(flag, 0, 0, 10000); learn(receiveMessageOnPort(port1).message); port1.close();`,
    names: /^module node:worker_threads$/,
  },
  "looks for it in the process's own memory": {
    source: () => `import { Session } from "node:inspector"; new Session().connect(); const next = () => undefined;`,
    names: /^module node:inspector$/,
  },
  "imports it as JSON": {
    source: () => `import rows from "./prices.json" with { type: "json" }; ${parse} learn(rows);`,
    names: /^module file:.*prices\.json$/,
  },
  "reads a copy that is named as code": {
    source: (csv) => `import fs from "node:fs"; ${parse} learn(fs.readFileSync(${csv}.replace("prices.csv", "prices.js"), "utf8"));`,
    names: /^file .*prices\.js$/,
  },
  "reads it with the platform's own reader": {
    source: (csv) => `
      import { readCandleCsv } from ${JSON.stringify(repo("libs/store/src/index.ts"))}; import { calendarNamed } from ${JSON.stringify(repo("libs/core/src/index.ts"))};
      const { columns } = readCandleCsv(${csv}, { instrument: "x", calendar: calendarNamed("crypto-24-7") });
      const next = (candle) => columns.close[columns.closeTime.indexOf(candle.closeTime) + 1];`,
    names: /^file .*prices\.csv$/,
  },
  "reads it as an environment file": {
    source: (csv) => `process.loadEnvFile(${csv}); const next = () => undefined;`,
    names: /^file .*prices\.csv$/,
  },
  "reads it from the target of a link": {
    source: (csv) => `import fs from "node:fs"; try { fs.readlinkSync(${csv}); } catch {} const next = () => undefined;`,
    names: /^file .*prices\.csv$/,
  },
  "reads it from a link's real path": {
    source: (csv) => `import fs from "node:fs"; fs.realpathSync.native(${csv}); const next = () => undefined;`,
    names: /^file .*prices\.csv$/,
  },
  "reads it from the names in a folder": {
    source: () => `import { readdir } from "node:fs/promises"; await readdir("."); const next = () => undefined;`,
    names: /^file \.$/,
  },
  "reads it from an opened folder": {
    source: () => `import { opendirSync } from "node:fs"; opendirSync(".").closeSync(); const next = () => undefined;`,
    names: /^file \.$/,
  },
  "reads it from the names that fit a pattern": {
    source: () => `import fs from "node:fs"; fs.globSync("*.up"); const next = () => undefined;`,
    names: /^file \*\.up$/,
  },
  "reads it from sizes": {
    source: (csv) => `import { statSync } from "node:fs"; statSync(${csv}); const next = () => undefined;`,
    names: /^file .*prices\.csv$/,
  },
  "reads it from what is there": {
    source: (csv) => `import { existsSync } from "node:fs"; existsSync(${csv}); const next = () => undefined;`,
    names: /^file .*prices\.csv$/,
  },
  "reads it with a binding of the process": {
    source: () => `try { process.binding("fs"); } catch {} const next = () => undefined;`,
    names: /^process binding fs$/,
  },
  "asks a server": {
    source: () => `const next = () => undefined; try { await fetch("http://127.0.0.1:9/prices"); } catch {}`,
    names: /^address http:/,
  },
  "opens a socket": {
    source: () => `import net from "node:net"; const next = () => undefined; net.connect(9, "127.0.0.1").on("error", () => {});`,
    names: /^network connection$/,
  },
  "replaces the methods of arrays": {
    source: () => `${search}
      for (const name of Object.getOwnPropertyNames(Array.prototype)) {
        const own = Array.prototype[name];
        if (name !== "constructor" && typeof own === "function") Array.prototype[name] = function (...args) { look(this); for (let i = 0; i < args.length; i++) look(args[i]); return Reflect.apply(own, this, args); };
      }`,
  },
};

/** Sees whatever else passes through a built-in: no candle to come is among it. */
const eavesdropper = `${search}
      const apply = Reflect.apply;
      for (const holder of [Object, Map.prototype, Math, Float64Array.prototype]) for (const [name, { value: own }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
        if (typeof own === "function" && name !== "constructor") holder[name] = function (...args) { look(this); for (let i = 0; i < args.length; i++) look(args[i]); return apply(own, this, args); };
      }
      const values = Object.getPrototypeOf([][Symbol.iterator]()); const step = values.next;
      values.next = function () { const item = apply(step, this, []); look(item.value); return item; };`;

/** Strategies that are sound must stay so: what they do beside trading is no look-ahead. */
const sound: Readonly<Record<string, string>> = {
  "imports a helper of its own": `import { next } from "./helper.js";`,
  "imports pure built-ins": `import { format } from "node:util"; import path from "node:path"; const next = (candle) => (format("%s", path.sep) ? candle.open : undefined);`,
  prints: `const next = (candle) => { console.log(candle.close); return undefined; };`,
  "follows the candle": `const next = (candle) => candle.close + (candle.close - candle.open);`,
};

describe("the proof of no look-ahead", () => {
  let place: Workplace;
  beforeAll(() => {
    place = workplace();
    const prices = walkCsv(300);
    place.write("prices.csv", prices);
    place.write("prices.js", prices);
    place.write("prices.json", JSON.stringify(prices));
    place.write("helper.js", `export const next = (candle) => candle.open;`);
  });
  afterAll(() => place.dispose());

  /** Proves each strategy in one fresh process, in turn. */
  async function prove(sources: readonly string[]): Promise<{ code: number; proof: Proof }[]> {
    const ids = sources.map((source) => {
      const id = `s${place.files().size}`;
      place.write(`${id}.js`, trader(source));
      place.write(`${id}.json`, customVariant(`${id}.js`));
      return id;
    });
    const { out, err } = await program(process.execPath, [repo("services/launcher/test/prove-each.ts"), ...ids], place.path);
    const lines = out.trim().split("\n");
    expect(lines, err).toHaveLength(ids.length);
    return lines.map((line) => JSON.parse(line) as { code: number; proof: Proof });
  }

  it("catches every leak", async () => {
    const csv = JSON.stringify(`${place.path}/prices.csv`);
    const all = Object.entries(leaks);
    // What replaces built-ins would spoil the process for the others.
    const groups = [all.filter(([name]) => !name.startsWith("replaces")), all.filter(([name]) => name.startsWith("replaces"))];
    for (const group of groups) {
      const outcomes = await prove(group.map(([, { source }]) => source(csv)));
      group.forEach(([name, { names }], i) => {
        const { code, proof } = outcomes[i]!;
        expect(proof.proven, name).toBe(false);
        expect(code, name).toBe(3);
        if (names === undefined) expect(proof.changed, name).toBeGreaterThan(0);
        else expect(proof.outside_reads, name).toEqual(expect.arrayContaining([expect.stringMatching(names)]));
      });
    }
  });

  it("shows no candle to come to the functions of objects, maps and iterators", async () => {
    const [outcome] = await prove([eavesdropper]);
    expect(outcome!.proof.changed > 0 || outcome!.proof.actions === 0).toBe(true);
  });

  it("holds for sound strategies, whatever they print or import", async () => {
    const outcomes = await prove(Object.values(sound));
    Object.keys(sound).forEach((name, i) => {
      expect(outcomes[i], name).toMatchObject({ code: 0, proof: { proven: true, decisions: 300, changed: 0, outside_reads: [] } });
    });
  });
});
