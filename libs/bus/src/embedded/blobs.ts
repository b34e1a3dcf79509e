import type { DatabaseSync } from "node:sqlite";
import type { BlobBucketName } from "@tradewind/contracts";
import type { Blobs } from "../bus.ts";
import type { Writer } from "./writer.ts";

const PART_BYTES = 4 * 1024 * 1024;

/** Blobs in parts, since SQLite bounds the size of one value. */
export function openBlobs(sql: DatabaseSync, writer: Writer, bucket: BlobBucketName): Blobs {
  const insert = sql.prepare("INSERT INTO blobs(bucket, name, part, bytes) VALUES(?, ?, ?, ?)");
  const parts = sql.prepare("SELECT bytes FROM blobs WHERE bucket = ? AND name = ? ORDER BY part");
  const names = sql.prepare("SELECT name FROM blobs WHERE bucket = ? AND part = 0 ORDER BY name");
  const drop = sql.prepare("DELETE FROM blobs WHERE bucket = ? AND name = ?");
  return {
    put: (name, bytes) =>
      writer.write(() => {
        drop.run(bucket, name);
        for (let part = 0; part === 0 || part * PART_BYTES < bytes.length; part++)
          insert.run(bucket, name, part, bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES));
      }),
    async get(name) {
      writer.flush();
      const found = parts.all(bucket, name).map((row) => row["bytes"] as Uint8Array);
      return found.length === 0 ? undefined : new Uint8Array(Buffer.concat(found));
    },
    async list() {
      writer.flush();
      return names.all(bucket).map((row) => row["name"] as string);
    },
    delete: (name) => writer.write(() => void drop.run(bucket, name)),
  };
}
