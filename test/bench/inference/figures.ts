import { join } from "node:path";
import { tmpdir } from "node:os";
import { inspectModel, openModelSession } from "@tradewind/onnx";
import type { Figure } from "../figure.ts";
import { percentile } from "../bus/times.ts";
import { median } from "../measure.ts";
import { startService, type Service } from "./service.ts";
import { BATCH, commandOf, modelFile, rowSize, seededRows } from "./task.ts";
import { trialHost } from "@tradewind/model-inference";

const ROUNDS = 5;
const WARM_MS = 500;
const ROUND_MS = 1_500;
/** Who asks at once while latency under load is measured. */
const CLIENTS = 64;
/** Who asks at once for whole batches. */
const BATCH_CLIENTS = 4;

/** What a prediction costs through the service, beside a bare request and reply, and beside the runtime alone. */
export async function inferenceFigures(say: (text: string) => void): Promise<Figure[]> {
  say("inference: one by one");
  const batched = await startService(BATCH);
  const single = await startService(1);
  try {
    const cost = await costFigures(batched);
    say("inference: under load");
    const latency = await latencyFigures({ batched, single });
    say("inference: throughput");
    return [...cost, ...latency, ...(await throughputFigures(batched))];
  } finally {
    await Promise.all([batched.stop(), single.stop()]);
  }
}

/** Work done in a time, by `clients` at once; the ms that each piece took. */
async function during(ms: number, clients: number, work: () => Promise<unknown>): Promise<number[]> {
  const until = performance.now() + ms;
  const taken: number[] = [];
  const client = async (): Promise<void> => {
    for (let from = performance.now(); from < until; from = performance.now()) {
      await work();
      taken.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return taken;
}

/** CPU of the answering side per request, one request at a time. */
async function costFigures({ bus, cpuMs, predict }: Service): Promise<Figure[]> {
  const command = commandOf(seededRows(1), 1);
  const sides = { predict: () => predict(command), echo: () => bus.request("bench.echo", command, 5_000) };
  const cost = { predict: [] as number[], echo: [] as number[] };
  const p50 = { predict: [] as number[], echo: [] as number[] };
  for (let round = 0; round <= ROUNDS; round++)
    for (const side of ["predict", "echo"] as const) {
      const before = await cpuMs();
      const taken = await during(round === 0 ? WARM_MS : ROUND_MS, 1, sides[side]);
      const after = await cpuMs();
      if (round === 0) continue;
      const spent = side === "predict" ? after.service - before.service : after.echo - before.echo;
      cost[side].push((1_000 * spent) / taken.length);
      p50[side].push(percentile(taken, 0.5));
    }
  const [own, bare] = [median(cost.predict), median(cost.echo)];
  return [
    { name: "inference.request_cpu", value: own, unit: "CPU us", against: "inference.bare_request_cpu", ratio: own / bare },
    { name: "inference.bare_request_cpu", value: bare, unit: "CPU us" },
    { name: "inference.cpu_above_bare", value: own - bare, unit: "CPU us", counts: { rounds: ROUNDS } },
    {
      name: "inference.request_p50",
      value: median(p50.predict),
      unit: "ms",
      against: "inference.bare_request_p50",
      ratio: median(p50.predict) / median(p50.echo),
    },
    { name: "inference.bare_request_p50", value: median(p50.echo), unit: "ms" },
  ];
}

/** Requests of one matrix from many clients at once, with batches and without. */
async function latencyFigures(services: { readonly batched: Service; readonly single: Service }): Promise<Figure[]> {
  const command = commandOf(seededRows(1), 1);
  const names = ["batched", "single"] as const;
  const rounds = { batched: [] as number[][], single: [] as number[][] };
  for (let round = 0; round <= ROUNDS; round++)
    for (const name of names) {
      const taken = await during(round === 0 ? WARM_MS : ROUND_MS, CLIENTS, () => services[name].predict(command));
      if (round > 0) rounds[name].push(taken);
    }
  const of = (name: (typeof names)[number], share: number): number => median(rounds[name].map((taken) => percentile(taken, share)));
  const rate = (name: (typeof names)[number]): number => median(rounds[name].map((taken) => (1_000 * taken.length) / ROUND_MS));
  const counts = { clients: CLIENTS, rounds: ROUNDS };
  return [
    ...[50, 99].flatMap((share): Figure[] => [
      {
        name: `inference.batched_p${share}`,
        value: of("batched", share / 100),
        unit: "ms",
        against: `inference.unbatched_p${share}`,
        ratio: of("batched", share / 100) / of("single", share / 100),
        counts,
      },
      { name: `inference.unbatched_p${share}`, value: of("single", share / 100), unit: "ms" },
    ]),
    {
      name: "inference.batched_rate",
      value: rate("batched"),
      unit: "requests/s",
      against: "inference.unbatched_rate",
      ratio: rate("batched") / rate("single"),
    },
    { name: "inference.unbatched_rate", value: rate("single"), unit: "requests/s" },
  ];
}

/** Rows a second: the runtime alone, a host process asked row by row and batch by batch, the service over the bus. */
async function throughputFigures({ predict }: Service): Promise<Figure[]> {
  const model = inspectModel(await modelFile(), "the model");
  const session = await openModelSession(model);
  const host = trialHost(model, { maxRows: BATCH, callers: 2 * BATCH, codeCache: join(tmpdir(), "tradewind-bench-code") });
  const rows = seededRows(BATCH);
  const row = rows.subarray(0, rowSize);
  const command = commandOf(rows, BATCH);
  const sides = {
    raw: { rows: BATCH, clients: 1, work: () => session.run(rows, BATCH) },
    host_rows: { rows: 1, clients: 2 * BATCH, work: () => host.run(row, 1) },
    host_batches: { rows: BATCH, clients: BATCH_CLIENTS, work: () => host.run(rows, BATCH) },
    bus_batches: { rows: BATCH, clients: BATCH_CLIENTS, work: () => predict(command) },
  };
  const rates: Record<string, number[]> = {};
  for (let round = 0; round <= ROUNDS; round++)
    for (const [name, side] of Object.entries(sides)) {
      const taken = await during(round === 0 ? WARM_MS : ROUND_MS, side.clients, side.work);
      if (round > 0) (rates[name] ??= []).push((1_000 * taken.length * side.rows) / ROUND_MS);
    }
  await host.stop();
  await session.release();
  const raw = median(rates["raw"]!);
  return Object.keys(sides).map((name): Figure => {
    const value = median(rates[name]!);
    const against = name === "raw" ? {} : { against: "inference.lstm_raw", ratio: value / raw };
    return { name: `inference.lstm_${name}`, value, unit: "rows/s", ...against, counts: { batch: BATCH, rounds: ROUNDS } };
  });
}
