import { streamOf, type StreamName } from "@tradewind/contracts";
import type { ServiceContext } from "./context.ts";

/**
 * Tells when the log has dropped messages behind the newest one that a partition took of a stream: its machines may go
 * on with a hole. A subject on which little happens may lie behind by itself, so the newest of them counts.
 */
export async function tellGone(
  { bus, log, state }: ServiceContext,
  partition: string,
  positions: Readonly<Record<string, number>>,
): Promise<void> {
  const newest = new Map<StreamName, { readonly filter: string; readonly seq: number }>();
  for (const [filter, seq] of Object.entries(positions)) {
    const stream = streamOf(filter);
    if (stream !== undefined && seq > (newest.get(stream)?.seq ?? 0)) newest.set(stream, { filter, seq });
  }
  for (const [stream, { filter, seq }] of newest) {
    const first = await bus.first(filter);
    if (first <= seq + 1) continue;
    const line = `${partition}: ${stream} keeps nothing between #${seq} and #${first} any more; what there was for it is missed`;
    log.warn(line);
    state.note(line);
  }
}
