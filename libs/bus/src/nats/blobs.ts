import { createHash } from "node:crypto";
import { Failure } from "@tradewind/core";
import type { BlobBucketName } from "@tradewind/contracts";
import { Objm, type ObjectInfo, type ObjectStore } from "@nats-io/obj";
import type { Blobs } from "../bus.ts";
import type { Link } from "./link.ts";
import { openReader } from "./reader.ts";
import { textOf } from "./text.ts";

/** Whether a blob that is being read is still the one that was begun is looked at so often. */
const LOOK_MS = 1_000;

/** A NATS object store. Reading goes through our own reader, which outlives lost connections. */
export function openBlobs(link: Link, bucket: BlobBucketName): Blobs {
  const stream = `OBJ_${bucket}`;
  let opened: Promise<ObjectStore> | undefined;
  const objects = (): Promise<ObjectStore> => (opened ??= new Objm(link.nc).open(bucket, false));
  const what = (name: string): string => `blob "${name}" of ${bucket}`;

  /** As far as anybody can tell now. */
  async function isCurrent({ name, nuid }: ObjectInfo): Promise<boolean> {
    const look = link.call(what(name), async () => (await objects()).info(name));
    return look.then(
      (now) => now?.nuid === nuid && !now.deleted,
      () => true,
    );
  }

  async function bytesOf(info: ObjectInfo): Promise<Uint8Array> {
    const bytes = new Uint8Array(info.size);
    if (info.size === 0) return bytes;
    const reader = await openReader({ link, stream, filter: `$O.${bucket}.C.${info.nuid}`, start: { after: 0 } });
    // The parts of one that is deleted or replaced meanwhile do not come any more.
    const look = setInterval(() => void isCurrent(info).then((current) => current || reader.stop()), LOOK_MS);
    let length = 0;
    try {
      while (length < info.size && reader.pending > 0) {
        const batch = await reader.batch();
        if (batch === undefined) break;
        for (const { message } of batch) {
          bytes.set(message.data, length);
          length += message.data.length;
        }
      }
    } finally {
      clearInterval(look);
      reader.stop();
    }
    const digest = `SHA-256=${createHash("sha256").update(bytes).digest("base64url")}`;
    if (info.digest.replace(/=+$/, "") !== digest)
      throw new Failure(
        "retry",
        "BLOB_DAMAGED",
        `${what(info.name)} does not match its digest; it is being replaced or deleted, or a part of it was lost`,
      );
    return bytes;
  }

  return {
    put: (name, bytes) => link.call(what(name), async () => void (await (await objects()).putBlob({ name }, bytes))),
    async get(name) {
      const info = await link.call(what(name), async () => (await objects()).info(name));
      return info === null || info.deleted ? undefined : bytesOf(info);
    },
    async list() {
      const names = new Set<string>();
      const reader = await openReader({ link, stream, filter: `$O.${bucket}.M.>`, start: "last per subject" });
      try {
        while (reader.pending > 0)
          for (const { message } of (await reader.batch()) ?? []) {
            const info = JSON.parse(textOf(message.data)) as ObjectInfo;
            if (info.deleted) names.delete(info.name);
            else names.add(info.name);
          }
      } finally {
        reader.stop();
      }
      return [...names].sort();
    },
    delete: (name) => link.call(what(name), async () => void (await (await objects()).delete(name))),
  };
}
