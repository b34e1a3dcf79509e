import type { Bus } from "@tradewind/bus";
import { decodeMessage, patternOf } from "@tradewind/contracts";
import type { Prediction, VariantPlan } from "@tradewind/core";
import type { MarketClock } from "@tradewind/kit";
import type { Io } from "../command.ts";
import { decisionLine } from "./decision-line.ts";
import { followHappenings } from "./happenings.ts";
import { happeningLine, statusLine, summaryText, type LineStyle } from "./lines.ts";
import { predictionsOf } from "./member-words.ts";

export interface TellerOptions {
  readonly bus: Bus;
  readonly io: Io;
  readonly plans: readonly VariantPlan[];
  readonly clock: MarketClock;
  readonly quiet: boolean;
  readonly json: boolean;
  readonly decisions: boolean;
}

/** Tells the person who watches what happens: lines, or JSON objects a line each. */
export interface Teller {
  say(text: string): void;
  ready(text: string, facts: Readonly<Record<string, unknown>>): void;
  ending(why: string): void;
  /** `over`: there is nothing to go on with. */
  summary(over: boolean): void;
  stop(): void;
}

const STATUS_MS = 30_000;

export function createTeller({ bus, io, plans, clock, quiet, json, decisions }: TellerOptions): Teller {
  const symbols = new Map(plans.flatMap(({ id, instruments }) => instruments.map((one) => [`${id} ${one.id}`, one.symbol])));
  const style: LineStyle = {
    symbolOf: (variant, instrument) => symbols.get(`${variant} ${instrument}`) ?? instrument,
    width: Math.max(8, ...plans.map(({ id }) => id.length)),
    colour: !json && process.stdout.isTTY && io.env["NO_COLOR"] === undefined,
  };
  const print = (line: string): void => io.out(`${line}\n`);
  const printJson = (value: unknown): void => print(JSON.stringify(value));
  const say = (text: string): void => (json ? printJson({ type: "note", text }) : io.say(text));

  const happenings = followHappenings(bus, (happening) => {
    if (json) printJson(happening);
    else if (!quiet) print(happeningLine(happening, style));
  });
  const decided = decisions
    ? bus.consume({
        filter: patternOf("decision"),
        from: "new",
        async take({ data }) {
          const decoded = decodeMessage("decision", data);
          if (!decoded.ok) return;
          const decision = decoded.envelope.data;
          const plan = plans.find(({ id }) => id === decision.variant);
          const none: ReadonlyMap<string, Prediction> = new Map();
          // The decision is told all the same while the bus is away.
          const predictions = plan === undefined ? none : await predictionsOf(bus, plan, decision).catch(() => none);
          if (json) printJson({ type: "decision", decision, predictions: Object.fromEntries(predictions) });
          else print(decisionLine(decision, style, predictions));
        },
      })
    : undefined;
  const status = setInterval(() => {
    if (!json && !quiet && happenings.tallies.size > 0) print(statusLine(happenings.tallies, clock.now(), style));
  }, STATUS_MS);
  status.unref();

  return {
    say,
    ready(text, facts) {
      if (json) printJson({ type: "ready", ...facts });
      else print(text);
    },
    ending(why) {
      clearInterval(status);
      if (json) printJson({ type: "ending", why });
      else if (!quiet) print(`\nending (${why})`);
    },
    summary(over) {
      if (json) printJson({ type: "end", variants: Object.fromEntries(happenings.tallies) });
      else print(`${summaryText(happenings.tallies, style)}${over ? "The data has ended." : "Start again to go on from here."}`);
    },
    stop() {
      clearInterval(status);
      happenings.stop();
      void decided?.then((consumer) => consumer.stop());
    },
  };
}
