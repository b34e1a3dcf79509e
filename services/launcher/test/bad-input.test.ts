import { mkdirSync } from "node:fs";
import { loadVariant } from "@tradewind/config";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { customVariant, tradewind, variantText, walkCsv, workplace, type Workplace } from "./support.ts";

const header = "time_ms,open,high,low,close,volume";
const first = "1704067200000,10,12,9,11,5";
const second = "1704067260000,11,12,10,11,5";
const csv = (...lines: string[]) => `${[header, ...lines].join("\n")}\n`;

/** A strategy file around the body of `onCandle`. */
const strategy = (body: string) =>
  `export default (kit) => ({ name: "s", doc: "d", parameters: {}, warmup: () => 1,\n  create: () => kit.strategy({}, (state, candle) => { ${body} }) });\n`;

interface Case {
  /** Files it needs beside v.json and good.csv. */
  readonly files?: Readonly<Record<string, string>>;
  readonly argv: readonly string[];
  /** What the message must hold: the place, the offending value, the way out. */
  readonly says: readonly RegExp[];
}

/** `name` a CSV that a backtest is given. */
function candles(content: string, ...says: RegExp[]): Case {
  return { files: { "bad.csv": content }, argv: ["backtest", "v.json", "--data", "bad.csv"], says: [/bad\.csv/, ...says] };
}

function variant(content: string, ...says: RegExp[]): Case {
  return { files: { "bad.json": content }, argv: ["backtest", "bad.json", "--data", "good.csv"], says: [/bad\.json/, ...says] };
}

function file(content: string, ...says: RegExp[]): Case {
  return {
    files: { "own.js": content, "own.json": customVariant("own.js") },
    argv: ["backtest", "own.json", "--data", "good.csv"],
    says: [/own\.js/, ...says],
  };
}

function command(argv: readonly string[], ...says: RegExp[]): Case {
  return { argv, says };
}

const variants: Readonly<Record<string, Case>> = {
  "unknown key": variant(variantText({ risk_setings: {} }), /bad\.json:1:\d+/, /risk_setings/, /did you mean "risk_settings"/),
  "unknown parameter": variant(variantText({ strategy_config: { lookback: 5 } }), /lookback/, /lookback_period/),
  "wrong type": variant(variantText({ risk_settings: { stop_loss_pct: "two" } }), /stop_loss_pct/, /number/),
  "bad symbol": variant(variantText({ trading_symbols: ["btc"] }), /"btc"/, /accepted for futures/),
  "impossible number": variant(variantText({ risk_settings: { stop_loss_pct: -2 } }), /stop_loss_pct/, /0/),
  "combination that does not run": variant(variantText({}, { asset_class: "stocks" }), /bybit/, /nearest that runs/),
  "not JSON": variant("{ variants: ", /bad\.json:1:/, /not valid JSON/),
  empty: variant("", /bad\.json/),
  "missing file": command(["backtest", "nothing.json", "--data", "good.csv"], /nothing\.json/, /its folder has .*\bv\b/),
  "a folder": command(["backtest", ".", "--data", "good.csv"], /is a folder/, /v\.json/),
  "strategy file that is not there": variant(customVariant("nothing.js"), /strategy_file/, /nothing\.js/),
};

const data: Readonly<Record<string, Case>> = {
  "missing column": candles("time_ms,open,high,low,close\n1704067200000,1,1,1,1\n", /:1/, /volume/, /name the columns/),
  "repeated time": candles(csv(first, first), /:3/, /1704067200000/, /keep one/),
  "time that goes back": candles(csv(second, first), /:3/, /sort the file/),
  "not a number": candles(csv("1704067200000,10,12,9,NaN,5", second), /:2/, /close "NaN"/, /mend or remove/),
  "negative price": candles(csv("1704067200000,10,12,-9,11,5", second), /:2/, /low -9/, /mend or remove/),
  "high below low": candles(csv("1704067200000,10,8,9,8.5,5", second), /:2/, /high 8 is below low 9/),
  "infinite price": candles(csv("1704067200000,10,1e999,9,11,5", second), /:2/, /Infinity|1e999/),
  empty: candles("", /is empty/, /header/),
  "header only": candles(`${header}\n`, /no rows/),
  "one candle": candles(csv(first), /one candle/, /--timeframe/),
  "one candle and its timeframe": {
    files: { "bad.csv": csv(first) },
    argv: ["backtest", "v.json", "--data", "bad.csv", "--timeframe", "1m"],
    says: [/bad\.csv/, /1 candle/, /at least 2/],
  },
  "prices far below the tick": {
    files: { "bad.csv": walkCsv(20, 1, undefined, 1) },
    argv: ["backtest", "v.json", "--data", "bad.csv"],
    says: [/median close of 1/, /ticks of 0\.1/, /BTC\/USDT:USDT/, /--symbol/, /instruments/],
  },
  "not there": command(["backtest", "v.json", "--data", "nothing.csv"], /nothing\.csv/, /check the path/),
  "a folder": command(["backtest", "v.json", "--data", "."], /is not a file/, /name one/),
  "funding that is not there": command(
    ["backtest", "v.json", "--data", "good.csv", "--funding", "nothing.csv"],
    /nothing\.csv/,
    /check the path/,
  ),
  "mark prices alone": command(["backtest", "v.json", "--data", "good.csv", "--mark", "good.csv"], /--mark/, /--funding/),
  "import of a bad file": {
    files: { "bad.csv": csv(first, first) },
    argv: ["data", "import", "bad.csv", "--venue", "bybit", "--symbol", "BTC/USDT"],
    says: [/bad\.csv:3/, /keep one/],
  },
  "import for an unknown venue": command(["data", "import", "good.csv", "--venue", "bibyt", "--symbol", "BTC/USDT"], /"bibyt"/, /bybit/),
  "import of a bad symbol": command(["data", "import", "good.csv", "--venue", "bybit", "--symbol", "b"], /"b"/, /accepted/),
};

const expected = /expected undefined or \{ action: "BUY"/;
const strategies: Readonly<Record<string, Case>> = {
  throws: file(strategy("throw new Error('boom\\nsecond line');"), /own\.js:2/, /boom$/m, /closing at 2024-01-01T00:01:00\.000Z/),
  "throws what is no error": file(strategy("throw Object.create(null);"), /no error/),
  "returns a text": file(strategy("return 'BUY';"), /returned "BUY"/, expected),
  "returns NaN confidence": file(strategy("return { action: 'BUY', confidence: NaN, reason: '' };"), /confidence/, /expected undefined or/),
  "returns a confidence that is a text": file(strategy("return { action: 'BUY', confidence: '1', reason: '' };"), /confidence/, expected),
  "returns a promise": file(strategy("return Promise.resolve(kit.views.hold);"), /action/, expected),
  "returns a circle": file(strategy("const a = {}; a.a = a; return a;"), /action/, expected),
  "returns a stop that is a text": file(strategy("return { ...kit.views.buy('x'), stop: '1' };"), /stop/, expected),
  "changes the candle": file(strategy("candle.close = 1; return kit.views.hold;"), /read only/),
  "changes the kit": file(strategy("kit.views = {}; return kit.views.hold;"), /read only/),
  "exports nothing": file("export const x = 1;\n", /must export default/),
  "exports an object": file("export default { name: 'x' };\n", /must export default/),
  "exports a class": file("export default class A {}\n", /own\.js/),
  "fails when it is called": file("export default (kit) => kit.nothing.here;\n", /:1/, /here/),
  "fails when it is made": file(
    "export default () => ({ name: 's', doc: '', parameters: {}, warmup: () => 1, create: () => { throw new Error('no'); } });\n",
    /:1: no/,
  ),
  "makes nothing": file(
    "export default () => ({ name: 's', doc: '', parameters: {}, warmup: () => 1, create: () => null });\n",
    /onCandle is missing/,
    /kit\.strategy/,
  ),
  "describes its parameters badly": file(
    "export default () => ({ name: 's', doc: '', parameters: { fast: 5 }, warmup: () => 1, create: () => null });\n",
    /parameter fast/,
    /type: "number"/,
  ),
  "uses an indicator wrongly": file(
    "export default (kit) => ({ name: 's', doc: '', parameters: {}, warmup: () => 1, create: () => kit.strategy({ a: kit.indicators.sma({ period: -1 }) }, () => undefined) });\n",
    /period/,
  ),
  "does not parse": file("export default (kit) => ({ name: \n", /does not load/),
  "fails while it loads": file("throw new Error('at load');\n", /does not load: at load/),
  "imports what is not there": file("import './nothing.js';\nexport default 1;\n", /does not load/, /nothing\.js/),
};

const commands: Readonly<Record<string, Case>> = {
  "unknown command": command(["backtst"], /"backtst"/, /did you mean backtest/),
  "unknown word of a group": command(["data", "imprt"], /tradewind data import/),
  "unknown flag": command(["backtest", "v.json", "--dta", "good.csv"], /--dta/, /did you mean --data/),
  "flag without its value": command(["backtest", "v.json", "--data"], /--data/, /--help/),
  "value for a switch": command(["backtest", "v.json", "--data", "good.csv", "--json=yes"], /--json/),
  "one argument too many": command(["backtest", "v.json", "w.json", "--data", "good.csv"], /"w\.json"/, /--help/),
  "no argument": command(["backtest"], /variant/, /for example/),
  "no data": command(["backtest", "v.json"], /--data/, /--from/),
  "two sources": command(["backtest", "v.json", "--data", "good.csv", "--from", "2024-01-01"], /--data and --from/),
  "from after to": command(["backtest", "v.json", "--from", "2024-02-01", "--to", "2024-01-01"], /--from/, /--to/),
  "a day that is none": command(["backtest", "v.json", "--from", "2024-02-31"], /2024-02-31/, /2022-01-31/),
  "a time that is none": command(["backtest", "v.json", "--from", "yesterday"], /yesterday/, /2022-01-31/),
  "no candles in the store": command(
    ["backtest", "v.json", "--from", "2024-01-01", "--to", "2024-02-01"],
    /BTC-USDT-PERP/,
    /tradewind data import/,
  ),
  "bad symbol": command(["backtest", "v.json", "--data", "good.csv", "--symbol", "??"], /"\?\?"/, /accepted/),
  "bad timeframe": command(["backtest", "v.json", "--data", "good.csv", "--timeframe", "7m"], /"7m"/, /15m/),
  "timeframe of the store": command(["backtest", "v.json", "--from", "2024-01-01", "--timeframe", "1m"], /--timeframe/, /--data/),
  "bad seed": command(["backtest", "v.json", "--data", "good.csv", "--prove-no-lookahead", "--seed", "x"], /--seed "x"/),
  "report of a proof": command(
    ["backtest", "v.json", "--data", "good.csv", "--prove-no-lookahead", "--report", "r.html"],
    /--report/,
    /run twice/,
  ),
  "report that is a folder": command(["backtest", "v.json", "--data", "good.csv", "--report", "."], /is a folder/, /name a file/),
  "report under a file": command(["backtest", "v.json", "--data", "good.csv", "--report", "good.csv/r.html"], /good\.csv/, /not a folder/),
  "report over the data": command(["backtest", "v.json", "--data", "good.csv", "--report", "./good.csv"], /good\.csv/, /--data/, /another/),
  "report over the variant": command(["backtest", "v.json", "--data", "good.csv", "--report", "v.json"], /v\.json/, /another/),
  "list of a folder that is not there": command(["variants", "list", "nowhere"], /nowhere/, /name the folder/),
  "no run": command(["ledger", "export"], /no run/, /tradewind backtest/),
  "unknown run": command(["ledger", "verify", "nothing"], /nothing/, /tradewind backtest/),
  "ledger that is a folder": command(["ledger", "verify", "."], /is a folder/, /name a ledger file/),
};

const tables = { variants, data, strategies, commands };

describe("bad input", () => {
  let place: Workplace;
  beforeAll(() => {
    place = workplace({ TRADEWIND__DATA__CACHE_DIR: "data/cache" });
    place.write("v.json", variantText());
    place.write("good.csv", walkCsv(50));
  });
  afterAll(() => place.dispose());

  for (const [table, cases] of Object.entries(tables)) {
    it.each(Object.entries(cases))(
      `${table}: %s is refused in a clear message, and nothing is written`,
      async (name, { files = {}, argv, says }) => {
        // A strategy file is imported once per process, so each case has its own name for it.
        const id = `own${table}${Object.keys(cases).indexOf(name)}`;
        const mine = (text: string) => text.replace(/own\.js(?!on)/g, `${id}.js`);
        for (const [path, content] of Object.entries(files)) place.write(mine(path), mine(content));
        const before = place.files();
        const { code, out, err } = await place.cli(...argv);
        expect(code).toBe(2);
        expect(out).toBe("");
        const message = err.replaceAll(id, "own");
        for (const part of says) expect(message).toMatch(part);
        expect(message).not.toMatch(/\n {4}at |node:internal|\.part\b|undefined is|Error:/);
        expect(err.trim().split("\n").length).toBeLessThanOrEqual(4);
        const after = place.files();
        // What is parsed once may be kept for the next time; results may not.
        for (const path of after.keys()) if (path.startsWith("data/cache") || path === "data") after.delete(path);
        expect([...after]).toEqual([...before].filter(([path]) => !path.startsWith("data/cache") && path !== "data"));
      },
    );
  }

  it("a place that cannot be written to is named, and no part of a file stays", async () => {
    const blocked = workplace({ TRADEWIND__DATA__DIR: "good.csv/data" });
    blocked.write("v.json", variantText());
    blocked.write("good.csv", walkCsv(50));
    const before = [...blocked.files()].filter(([path]) => !path.startsWith(".tradewind"));
    const { code, out, err } = await blocked.cli("backtest", "v.json", "--data", "good.csv", "--json");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/good\.csv\/data.*not a folder/);
    expect([...blocked.files()].filter(([path]) => !path.startsWith(".tradewind"))).toEqual(before);
    blocked.dispose();
  });

  it("a report goes into folders that are made for it", async () => {
    const { code } = await place.cli("backtest", "v.json", "--data", "good.csv", "--no-save", "--report", "new/folder/r.html");
    expect(code).toBe(0);
    expect(place.files().get("new/folder/r.html")).toMatch(/^<!doctype html>/i);
  });

  it("a missing secret is named with its variable", () => {
    mkdirSync(`${place.path}/live`, { recursive: true });
    const path = place.write("live/secret.json", variantText({}, { mode: "live" }));
    expect(() => loadVariant(path, { env: {} })).toThrow(/BYBIT_API_KEY/);
    expect(() => loadVariant(path, { env: { BYBIT_API_KEY: "k", BYBIT_API_SECRET: "s" } })).not.toThrow();
  });

  it("a list of variants goes on after a bad one", async () => {
    mkdirSync(`${place.path}/some`, { recursive: true });
    place.write("some/a.json", variantText({ sizing: { method: "luck" } }));
    place.write("some/b.json", variantText());
    const { code, out } = await place.cli("variants", "list", "some", "--json");
    expect(code).toBe(3);
    expect(JSON.parse(out)).toMatchObject([
      { id: "a", problems: expect.stringMatching(/a\.json:1:\d+ .*sizing/) as string },
      { id: "b", problems: null },
    ]);
  });

  it("a strategy that ends the process does not pass for a result", async () => {
    place.write("exit.js", strategy("process.exit(0);"));
    place.write("exit.json", customVariant("exit.js"));
    const { code, out, err } = await tradewind(place.path, "backtest", "exit.json", "--data", "good.csv", "--json");
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/ended before it was done/);
  });

  it("every command tells how it is used", async () => {
    for (const words of [
      ["backtest"],
      ["data", "import"],
      ["data", "list"],
      ["ledger", "export"],
      ["ledger", "verify"],
      ["variants", "list"],
    ]) {
      const { code, out } = await place.cli(...words, "--help");
      expect(code).toBe(0);
      expect(out).toContain(`Usage: tradewind ${words.join(" ")}`);
      expect(out).toContain("--json");
    }
    expect((await place.cli()).out).toContain("ledger verify");
  });
});
