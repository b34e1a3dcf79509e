import { createHash } from "node:crypto";
import { Failure } from "@tradewind/core";
import type { BlobBucketName } from "@tradewind/contracts";
import { Objm, type ObjectInfo, type ObjectStore } from "@nats-io/obj";
import type { Blobs } from "../bus.ts";
import type { Link } from "./link.ts";
import { openReader } from "./reader.ts";
import { textOf } from "./text.ts";

/** A NATS object store. Reading goes through our own reader, which outlives lost connections. */
export function openBlobs(link: Link, bucket: BlobBucketName): Blobs {
  const stream = `OBJ_${bucket}`;
  let opened: Promise<ObjectStore> | undefined;
  const objects = (): Promise<ObjectStore> => (opened ??= new Objm(link.nc).open(bucket, false));
  const what = (name: string): string => `blob "${name}" of ${bucket}`;

  async function bytesOf(info: ObjectInfo): Promise<Uint8Array> {
    const bytes = new Uint8Array(info.size);
    if (info.size === 0) return bytes;
    const reader = await openReader({ link, stream, filter: `$O.${bucket}.C.${info.nuid}`, start: { after: 0 } });
    let length = 0;
    try {
      while (length < info.size) {
        if (reader.pending === 0 && length === 0) break;
        for (const { message } of (await reader.batch()) ?? []) {
          bytes.set(message.data, length);
          length += message.data.length;
        }
      }
    } finally {
      reader.stop();
    }
    const digest = `SHA-256=${createHash("sha256").update(bytes).digest("base64url")}`;
    if (info.digest.replace(/=+$/, "") !== digest)
      throw new Failure("retry", "BLOB_DAMAGED", `${what(info.name)} does not match its digest; it may be being replaced`);
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
