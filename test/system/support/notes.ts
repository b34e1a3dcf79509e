import type { Bus } from "@tradewind/bus";
import type { ServiceState } from "@tradewind/contracts";
import { eventually } from "@tradewind/testkit";
import type { ServiceProcess } from "./processes.ts";

/** What the instances of a service say of themselves. */
export async function statesOf(bus: Bus, service: string): Promise<ServiceState[]> {
  const entries = await bus.kv("states").entries();
  return entries.filter(({ key }) => key.startsWith(`${service}.`)).map(({ value }) => JSON.parse(value) as ServiceState);
}

/** The notes of a service that hold every one of the texts. */
export async function notesWith(bus: Bus, service: string, ...texts: readonly string[]): Promise<string[]> {
  const states = await statesOf(bus, service);
  return states.flatMap(({ notes }) => notes.map(({ text }) => text)).filter((note) => texts.every((text) => note.includes(text)));
}

/** Waits for a note that holds every one of the texts; a service that says more than one says it again and again. */
export async function noted(bus: Bus, service: string, ...texts: readonly string[]): Promise<string> {
  const found = await eventually(
    async () => {
      const notes = await notesWith(bus, service, ...texts);
      if (notes.length > 0) return notes;
      throw new Error((await statesOf(bus, service)).flatMap(({ notes: all }) => all.map(({ text }) => text)).join("\n"));
    },
    { timeoutMs: 20_000, message: `${service} notes ${texts.join(", ")}` },
  );
  return found[0]!;
}

/** The exit code of a process that ends by itself. */
export async function exitOf({ child, name, output }: ServiceProcess): Promise<number> {
  await eventually(() => child.exitCode !== null || child.signalCode !== null, { timeoutMs: 30_000, message: `${name} ends: ${output()}` });
  return child.exitCode ?? -1;
}
