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

/** The stream that keeps one subject. Throws `NO_STREAM` (bug) for a pattern and for what is not kept. */
export function streamOfSubject(subject: string): StreamName {
  const name = isPattern(subject) ? undefined : streamOf(subject);
  if (name === undefined)
    throw new Failure("bug", "NO_STREAM", `no stream keeps "${subject}"; streams and their subjects are in contracts`);
  return name;
}

/** The stream a filter reads. Throws `NO_STREAM` (bug) when it is not within one, `WORK_QUEUE` (bug) for a work queue. */
export function streamOfFilter(filter: string): StreamName {
  const name = streamOf(filter);
  if (name === undefined)
    throw new Failure("bug", "NO_STREAM", `"${filter}" is not within one stream; streams and their subjects are in contracts`);
  if (streams[name].retention === "workqueue")
    throw new Failure("bug", "WORK_QUEUE", `"${filter}" is a work queue: its messages are taken, not read in order`);
  return name;
}
