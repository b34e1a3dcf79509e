import { Failure } from "@tradewind/core";
import { matches, streamOf, streams, type StreamName } from "@tradewind/contracts";

const SUBJECTS_REMEMBERED = 4096;

/** Whether a subject fits `pattern`, remembered per subject. */
export function matcherOf(pattern: string): (subject: string) => boolean {
  if (!isPattern(pattern)) return (subject) => subject === pattern;
  const known = new Map<string, boolean>();
  return (subject) => {
    let fits = known.get(subject);
    if (fits === undefined) {
      if (known.size >= SUBJECTS_REMEMBERED) known.clear();
      known.set(subject, (fits = matches(pattern, subject)));
    }
    return fits;
  };
}

export function isPattern(subject: string): boolean {
  return subject.split(".").some((token) => token === "*" || token === ">");
}

const SUBJECT = /^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/;
const PATTERN = /^(?:[A-Za-z0-9_-]+|\*)(?:\.(?:[A-Za-z0-9_-]+|\*))*(?:\.>)?$/;
const KEY = /^[A-Za-z0-9_=/-]+(?:\.[A-Za-z0-9_=/-]+)*$/;

/** Throws `BAD_SUBJECT` (bug): a blank or line end in a subject would be read as the next command of the protocol. */
export function checkSubject(subject: string): string {
  if (SUBJECT.test(subject)) return subject;
  throw new Failure("bug", "BAD_SUBJECT", `${JSON.stringify(subject)} is no subject: tokens of [A-Za-z0-9_-] with dots between`);
}

/** Throws `BAD_SUBJECT` (bug). */
export function checkPattern(pattern: string): string {
  if (pattern === ">" || PATTERN.test(pattern)) return pattern;
  throw new Failure(
    "bug",
    "BAD_SUBJECT",
    `${JSON.stringify(pattern)} is no pattern: tokens of [A-Za-z0-9_-] or * with dots between, > at the end`,
  );
}

/** Throws `BAD_KEY` (bug). */
export function checkKey(key: string): string {
  if (KEY.test(key)) return key;
  throw new Failure("bug", "BAD_KEY", `${JSON.stringify(key)} is no key: characters [A-Za-z0-9_.=/-], no dot at an end`);
}

/** The stream that keeps one subject. Throws `NO_STREAM` (bug) for what is not kept, `BAD_SUBJECT` (bug) for a pattern. */
export function streamOfSubject(subject: string): StreamName {
  const name = streamOf(checkSubject(subject));
  if (name === undefined)
    throw new Failure("bug", "NO_STREAM", `no stream keeps "${subject}"; streams and their subjects are in contracts`);
  return name;
}

/** The stream a filter reads. Throws `NO_STREAM` (bug) when it is not within one, `WORK_QUEUE` (bug) for a work queue. */
export function streamOfFilter(filter: string): StreamName {
  const name = streamOf(checkPattern(filter));
  if (name === undefined)
    throw new Failure("bug", "NO_STREAM", `"${filter}" is not within one stream; streams and their subjects are in contracts`);
  if (streams[name].retention === "workqueue")
    throw new Failure("bug", "WORK_QUEUE", `"${filter}" is a work queue: its messages are taken, not read in order`);
  return name;
}

/** The work queue that keeps one subject. Throws `NO_WORK_QUEUE` (bug) for what is no subject of one. */
export function queueOfSubject(subject: string): StreamName {
  const name = streamOfSubject(subject);
  if (streams[name].retention === "workqueue") return name;
  throw new Failure("bug", "NO_WORK_QUEUE", `"${subject}" is kept by ${name}, which is no work queue: its messages are read, not taken`);
}
