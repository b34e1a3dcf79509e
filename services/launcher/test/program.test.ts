import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { program, repo, variantText, walkCsv, workplace, type Workplace } from "./support.ts";

let place: Workplace;
beforeAll(() => {
  place = workplace();
});
afterAll(() => place.dispose());

describe("the program", () => {
  it("keeps standard output for its one JSON object, however a strategy prints", async () => {
    place.write("prints.csv", walkCsv(5));
    place.write("prints.json", JSON.stringify({ ...JSON.parse(variantText({}, { strategy: "custom" })), strategy_file: "./prints.js" }));
    const print = (where: string) => `console.log("${where} 1"); process.stdout.write("${where} 2\\n"); other.info("${where} 3");`;
    place.write(
      "prints.js",
      `import other from "node:console"; ${print("loading")}
      export default (kit) => ({ name: "prints", doc: "", parameters: {}, warmup: () => 1,
        create: () => kit.strategy({}, () => { ${print("running")} return kit.views.hold; }) });`,
    );
    const argv = [repo("tradewind.mjs"), "backtest", "prints.json", "--data", "prints.csv", "--json", "--no-save"];
    const { code, out, err } = await program(process.execPath, argv, place.path);
    expect(code, err).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ variant: "prints", candles: 5 });
    for (const where of ["loading", "running"]) for (const n of [1, 2, 3]) expect(err).toContain(`${where} ${n}`);
  });

  it("runs from its file at the root, prints nothing but the result, and leaves no part of a file", async () => {
    place.write("root.json", variantText());
    place.write("root.csv", walkCsv(600));
    const { code, out, err } = await program(
      process.execPath,
      [repo("tradewind.mjs"), "backtest", "root.json", "--data", "root.csv", "--json", "--report", "root.html"],
      place.path,
    );
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(JSON.parse(out)).toMatchObject({ variant: "root", candles: 600 });
    expect(out.indexOf("\n")).toBe(out.length - 1);
    expect([...place.files().keys()].filter((name) => name.includes(".part"))).toEqual([]);
  });

  it("ends quietly when its reader does", async () => {
    const child = spawn(
      "bash",
      ["-c", `"${process.execPath}" "${repo("services/launcher/src/main.ts")}" ledger export root | head -1; echo "\${PIPESTATUS[0]}"`],
      { cwd: place.path },
    );
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => (out += String(chunk)));
    child.stderr.on("data", (chunk) => (err += String(chunk)));
    await new Promise((resolve) => child.on("close", resolve));
    expect(out).toMatch(/^1\|\d+\|root\|.*\n0\n$/);
    expect(err).toBe("");
  });

  it("names a full disk and leaves nothing behind", async () => {
    place.write("run.json", variantText());
    place.write("run.csv", walkCsv(1_200, 9));
    const before = place.files();
    // A limit on the size of files stands in for the disk: 8 blocks of 1 KiB.
    const limited = `ulimit -f 8; exec "${process.execPath}" "${repo("services/launcher/src/main.ts")}" backtest run.json --data run.csv --json --symbol ETH/USDT:USDT`;
    const { code, out, err } = await program("bash", ["-c", limited], place.path);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/data\/runs\/run-[0-9a-f]+: .*larger than is allowed/);
    expect([...place.files().keys()].filter((name) => name.startsWith("data/"))).toEqual(
      [...before.keys()].filter((name) => name.startsWith("data/")),
    );
  });

  it("two of the same run at once both succeed", async () => {
    const run = () =>
      program(
        process.execPath,
        [repo("services/launcher/src/main.ts"), "backtest", "root.json", "--data", "root.csv", "--json"],
        place.path,
      );
    const [a, b] = await Promise.all([run(), run()]);
    expect([a.code, b.code], a.err + b.err).toEqual([0, 0]);
    expect((await place.cli("ledger", "verify", "root")).code).toBe(0);
  });
});
