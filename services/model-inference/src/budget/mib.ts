const MIB = 2 ** 20;

export const mibOf = (bytes: number): number => Math.round((bytes / MIB) * 10) / 10;
export const bytesOfMib = (count: number): number => count * MIB;

/** Bytes as people read them. */
export function mib(bytes: number): string {
  return `${mibOf(bytes)} MiB`;
}
