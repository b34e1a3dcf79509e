import { setTimeout } from "node:timers/promises";
import { Failure } from "@tradewind/core";
import { blobBuckets, buckets, DUPLICATE_WINDOW_MS, streams, type StreamDefinition } from "@tradewind/contracts";
import { nanos } from "@nats-io/transport-node";
import { DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType, type StreamConfig } from "@nats-io/jetstream";
import { Kvm } from "@nats-io/kv";
import { Objm } from "@nats-io/obj";
import { maxBytesOf, type BusOptions } from "../options.ts";
import { isForbidden, natsFailure, STREAM_EXISTS, STREAM_NOT_FOUND, SUBJECTS_OVERLAP } from "./errors.ts";
import type { Link } from "./link.ts";

/** How often an overlap of subjects is looked at again before it is believed. */
const LOOKS = 5;
const LOOK_AGAIN_MS = 50;

type Wanted = Pick<StreamConfig, "name" | "max_age"> & Partial<StreamConfig>;

/** Makes what the tables of the contracts name, or, with a user that may not, sees that it is there. */
export async function ensure(link: Link, options: BusOptions): Promise<void> {
  const { ttlMs = {} } = options;
  for (const definition of Object.values(streams)) {
    const wanted = streamConfig(definition, options);
    await present(link, wanted, async () => void (await link.jsm.streams.add(wanted)));
  }
  for (const { name, ttlMs: usual } of Object.values(buckets)) {
    const ttl = ttlMs[name] ?? usual ?? 0;
    await present(
      link,
      { name: `KV_${name}`, max_age: nanos(ttl) },
      async () => void (await new Kvm(link.nc).create(name, { ttl, history: 1 })),
    );
  }
  for (const name of blobBuckets)
    await present(
      link,
      { name: `OBJ_${name}`, max_age: 0 },
      async () => void (await new Objm(link.nc).create(name, { storage: StorageType.File })),
    );
}

function streamConfig(definition: StreamDefinition, options: BusOptions): Wanted {
  const { name, patterns, maxAgeMs, discard, retention } = definition;
  return {
    name,
    subjects: [...patterns],
    retention: retention === "workqueue" ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    storage: StorageType.File,
    max_age: nanos(maxAgeMs ?? 0),
    max_bytes: maxBytesOf(definition, options) ?? -1,
    discard: discard === "new" ? DiscardPolicy.New : DiscardPolicy.Old,
    duplicate_window: nanos(options.duplicateWindowMs ?? DUPLICATE_WINDOW_MS),
    // What is kept for good must not be emptied by a slip of an operator.
    ...(discard === "new" && retention === "limits" ? { deny_delete: true, deny_purge: true } : {}),
  };
}

async function present(link: Link, wanted: Wanted, create: () => Promise<void>, looks = LOOKS): Promise<void> {
  const what = `stream ${wanted.name}`;
  try {
    const { config } = await link.jsm.streams.info(wanted.name);
    if (differs(config, wanted)) await update(link, { ...config, ...wanted });
    return;
  } catch (error) {
    if (!(error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND)) throw natsFailure(error, what);
  }
  try {
    await create();
  } catch (error) {
    // Another process was faster, with other settings: then they are looked at like those of any present stream.
    if (error instanceof JetStreamApiError && error.code === STREAM_EXISTS) return present(link, wanted, create);
    // At the same moment, the server may call that an overlap with the subjects of the stream that is just being made.
    if (error instanceof JetStreamApiError && error.code === SUBJECTS_OVERLAP && looks > 1) {
      await setTimeout(LOOK_AGAIN_MS);
      return present(link, wanted, create, looks - 1);
    }
    if (isForbidden(error))
      throw new Failure("retry", "BUS_NOT_READY", `${what} is not there and this user may not make it; start the service that may`, {
        cause: error,
      });
    throw natsFailure(error, what);
  }
}

function differs(config: StreamConfig, wanted: Wanted): boolean {
  return (
    config.max_age !== wanted.max_age ||
    (wanted.max_bytes !== undefined && config.max_bytes !== wanted.max_bytes) ||
    (wanted.duplicate_window !== undefined && config.duplicate_window !== wanted.duplicate_window) ||
    (wanted.subjects !== undefined && config.subjects.join() !== wanted.subjects.join())
  );
}

/** A user that may not change a stream leaves that to one that may. */
async function update(link: Link, config: Partial<StreamConfig> & { readonly name: string; readonly max_age: number }): Promise<void> {
  const window = config.duplicate_window ?? 0;
  const duplicate_window = config.max_age > 0 ? Math.min(window, config.max_age) : window;
  try {
    await link.jsm.streams.update(config.name, { ...config, duplicate_window });
  } catch (error) {
    if (!isForbidden(error)) throw natsFailure(error, `stream ${config.name}`);
  }
}
