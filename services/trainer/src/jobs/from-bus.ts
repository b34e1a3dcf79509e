import type { Bus } from "@tradewind/bus";
import { championOf, subjectOf, type ModelRecord } from "@tradewind/contracts";
import { decodeEntry, inputFailure, type LedgerEntry } from "@tradewind/core";
import { modelUnknown, readModel } from "@tradewind/kit";
import type { NamedFile } from "../learners/learner.ts";
import { families } from "../learners/registry.ts";
import { badParameter } from "./parameters.ts";

/*
 * What a job names is looked up on the bus and nowhere else: who asks for a job must not reach the files of the machine
 * that works it. What is found has a name of its own that goes on to mean the same, for whoever takes the job next.
 */

/** A member of a job: a family to be trained first, or a registered version. */
export interface JobMember {
  /** `cnn`, or `{model}--{first 8 hex of the file's hash}`. */
  readonly name: string;
  readonly member: string | NamedFile;
}

const VERSION = /^([A-Za-z0-9_-]{1,64}?)(?:--([0-9a-f]{8}))?$/;

/** Throws `MODEL_UNKNOWN`, `MODEL_VERSION_UNKNOWN`, `BAD_JOB` (input). */
export async function memberOf(bus: Bus, said: string): Promise<JobMember> {
  if (Object.hasOwn(families, said)) return { name: said, member: said };
  const [, id, start] = VERSION.exec(said) ?? [];
  if (id === undefined)
    throw badParameter("members", said, `a member is a family (${Object.keys(families).join(", ")}) or the id of a registered model`);
  const record = await readModel(bus, id);
  if (record === undefined) throw modelUnknown(id);
  const sha256 = versionOf(record, start);
  const bytes = sha256 === undefined ? undefined : await bus.blobs("model-files").get(sha256);
  if (sha256 === undefined || bytes === undefined)
    throw inputFailure(
      "MODEL_VERSION_UNKNOWN",
      `model ${id} has no version ${start ?? ""} to be a member; "tradewind models show ${id}" shows them`,
    );
  const name = `${id}--${sha256.slice(0, 8)}`;
  return { name, member: { name, bytes } };
}

/** The named one; else the champion, else the newest. */
function versionOf(record: ModelRecord, start: string | undefined): string | undefined {
  if (start !== undefined) return record.versions.find(({ sha256 }) => sha256.startsWith(start))?.sha256;
  return (championOf(record) ?? record.versions[0])?.sha256;
}

/** What variants of an account did in one instrument, up to an entry of its ledger. */
export interface JobExperience {
  /** `{account}@{n of the last entry}`. */
  readonly name: string;
  readonly entries: readonly LedgerEntry[];
}

const ACCOUNT = /^([A-Za-z0-9_-]{1,100})(?:@(\d{1,15}))?$/;

/** The first and the last entry, and those with fills and funding of the instrument between them. Throws `NO_LEDGER`, `BAD_JOB` (input). */
export async function ledgerOf(bus: Bus, said: string, instrument: string): Promise<JobExperience> {
  const [, account, last] = ACCOUNT.exec(said) ?? [];
  if (account === undefined)
    throw badParameter(
      "experience",
      said,
      "it must be the id of an account, whose ledger is learnt from; a paper variant's is paper-VARIANT",
    );
  const entries: LedgerEntry[] = [];
  const mattersOf = ({ events }: LedgerEntry): LedgerEntry["events"] =>
    events.filter((event) => (event.type === "fill" || event.type === "funding") && event.instrument === instrument);
  let [end, n]: [LedgerEntry | undefined, number] = [undefined, 0];
  for await (const { data, seq } of bus.read(subjectOf("ledger", { account }), { after: 0 })) {
    const entry = decodeEntry(JSON.stringify((JSON.parse(data) as { data: unknown }).data), `ledger of ${account} #${seq}`);
    if (last !== undefined && entry.n > Number(last)) break;
    n = entry.n;
    const slim = { ...entry, events: mattersOf(entry) };
    if (slim.events.length > 0 || entries.length === 0) entries.push((end = slim));
    else end = slim;
  }
  if (end === undefined)
    throw inputFailure(
      "NO_LEDGER",
      `account "${account}" has no ledger; a paper variant's account is paper-VARIANT unless its file names another`,
    );
  if (entries.at(-1) !== end) entries.push(end);
  return { name: `${account}@${n}`, entries };
}
