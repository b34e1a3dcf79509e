import { cnn } from "./cnn.ts";
import { dqn } from "./dqn.ts";
import type { NetFamily } from "./family.ts";
import { lstm } from "./lstm.ts";
import { transformer } from "./transformer.ts";

export const netFamilies = { cnn, lstm, transformer, dqn } as const satisfies Readonly<Record<string, NetFamily>>;

export type NetFamilyName = keyof typeof netFamilies;
