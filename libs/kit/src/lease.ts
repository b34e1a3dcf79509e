import type { Kv } from "@tradewind/bus";
import { LEASE_TTL_MS, type Lease } from "@tradewind/contracts";

/** A lease that is ours for as long as it is written again in time. */
export interface HeldLease {
  /** Writes it again, unless that is under way. */
  renew(): void;
  giveUp(): Promise<void>;
}

/** A lease that could not be renewed for so long may be another's by now: less than its time to live. */
const LOST_AFTER_MS = LEASE_TTL_MS - 500;

/** Undefined when another holds it. `lost` is called once, with the reason, when it is ours no more. */
export async function takeLease(leases: Kv, key: string, owner: string, lost: (why: string) => void): Promise<HeldLease | undefined> {
  const value = (): string => JSON.stringify({ owner, since: Date.now() } satisfies Lease);
  let renewedAt = Date.now();
  const created = await leases.create(key, value());
  if (created === undefined) return undefined;
  let revision = created;
  let renewing: Promise<void> | undefined;
  let ended = false;

  function end(why: string): void {
    if (ended) return;
    ended = true;
    lost(why);
  }

  async function write(): Promise<void> {
    const asked = Date.now();
    const written = await leases.update(key, value(), revision);
    const present = written === undefined ? await ours() : { revision: written, since: asked };
    if (present === undefined) return end("another holds it, or it expired");
    revision = present.revision;
    renewedAt = present.since;
  }

  /** A write whose answer was lost has moved the revision on: the lease is still ours. */
  async function ours(): Promise<{ revision: number; since: number } | undefined> {
    const entry = await leases.get(key);
    if (entry === undefined) return undefined;
    const present = JSON.parse(entry.value) as Lease;
    return present.owner === owner ? { revision: entry.revision, since: present.since } : undefined;
  }

  return {
    renew() {
      if (Date.now() - renewedAt > LOST_AFTER_MS) return end("it could not be renewed");
      renewing ??= write()
        .catch(() => undefined)
        .finally(() => (renewing = undefined));
    },
    async giveUp() {
      // A renewal on its way would leave a revision behind that nobody deletes.
      await renewing;
      if (!ended) await leases.delete(key, revision).catch(() => false);
      ended = true;
    },
  };
}
