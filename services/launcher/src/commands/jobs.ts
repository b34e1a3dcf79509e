import type { JobAnswer } from "../answers.ts";
import { gatewayOf, gatewayOptions } from "../client.ts";
import { exitCodes, type Command } from "../command.ts";
import { jobLine } from "../models/text.ts";
import { noMoreThan, required } from "../support.ts";

const jobId = (id: string): string => `/api/jobs/${encodeURIComponent(id)}`;
const HINT = 'list them with "tradewind jobs list"';

export const jobsList: Command = {
  name: "jobs list",
  summary: "List trainings asked for, the latest first",
  usage: "",
  options: {
    state: { type: "string", value: "STATE", doc: "queued, running, done, failed, cancelled" },
    ...gatewayOptions,
  },
  async run(args, io) {
    noMoreThan(args, 0);
    const jobs = await gatewayOf(args, io).get<readonly JobAnswer[]>("/api/jobs", { state: args.text("state") });
    if (args.flag("json")) io.out(`${JSON.stringify(jobs)}\n`);
    else for (const job of jobs) io.out(`${jobLine(job)}\n`);
    if (jobs.length === 0) io.say("no jobs; ask for one with: tradewind jobs train --family F --symbol S");
    return exitCodes.done;
  },
};

export const jobsShow: Command = {
  name: "jobs show",
  summary: "Show what a job was asked for, how far it is, and what came out",
  usage: "ID",
  options: gatewayOptions,
  async run(args, io) {
    const id = required(args, 0, "the job", HINT);
    noMoreThan(args, 1);
    const job = await gatewayOf(args, io).get<JobAnswer>(jobId(id));
    if (args.flag("json")) io.out(`${JSON.stringify(job)}\n`);
    else io.out(`${[jobLine(job), ...described("asked for", job.parameters), ...described("result", job.result)].join("\n")}\n`);
    return exitCodes.done;
  },
};

export const jobsCancel: Command = {
  name: "jobs cancel",
  summary: "End a job, or keep it from beginning",
  usage: "ID",
  options: gatewayOptions,
  async run(args, io) {
    const id = required(args, 0, "the job", HINT);
    noMoreThan(args, 1);
    const job = await gatewayOf(args, io).post<JobAnswer>(`${jobId(id)}/cancel`, {});
    io.out(args.flag("json") ? `${JSON.stringify(job)}\n` : `${jobLine(job)}\n`);
    return exitCodes.done;
  },
};

function described(what: string, value: unknown): string[] {
  if (typeof value !== "object" || value === null) return [];
  return [what, ...Object.entries(value).map(([name, part]) => `    ${name}: ${typeof part === "string" ? part : JSON.stringify(part)}`)];
}
