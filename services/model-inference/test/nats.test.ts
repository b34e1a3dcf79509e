import { afterEach, expect, test } from "vitest";
import { connectNats, type Bus } from "@tradewind/bus";
import { eventually, startNats, type NatsServer } from "@tradewind/testkit";
import { registerModel } from "../src/index.ts";
import { toStop } from "./support/bus.ts";
import { ask, backtestWords, closesOf, MODEL, modelFile, publish, start, variantText, walk, want, wordsOf } from "./support/scene.ts";

const INSTRUMENT = "BTC-USDT-PERP";
const LENGTH = 120;
const text = variantText({ trading_symbols: { futures: ["BTC/USDT:USDT"] } });

let server: NatsServer | undefined;
let bus: Bus | undefined;
afterEach(async () => {
  await Promise.all(toStop.splice(0).map((stop) => stop()));
  await bus?.close();
  await server?.stop();
});

test("given a real NATS server, when an instance is stopped and another goes on, then each close has one word with the bits of a backtest", async () => {
  server = await startNats();
  bus = await connectNats({ servers: server.url, name: "test" });
  await bus.ensure();
  const candles = walk(INSTRUMENT, 5, LENGTH);
  const said = await backtestWords(modelFile(), text, [candles]);
  await registerModel(bus, MODEL, modelFile());
  await want(bus, text);
  await publish(bus, candles.slice(0, 60));
  const first = await start(bus);
  expect(await ask(bus, "list")).toMatchObject({ ok: true, data: [{ id: MODEL }] });
  await eventually(async () => (await wordsOf(bus!, INSTRUMENT)).length === 60);
  await first.stop();
  await publish(bus, candles.slice(60));
  await start(bus);
  const words = await eventually(async () => {
    const found = await wordsOf(bus!, INSTRUMENT);
    return found.length >= LENGTH && found;
  });
  expect(closesOf(words)).toEqual(candles.map(({ closeTime }) => closeTime));
  for (const word of words.slice(17))
    expect(word).toEqual({ type: "prediction", prediction: said(INSTRUMENT, word.type === "prediction" ? word.prediction.closeTime : 0) });
});
