import { backtest } from "./backtest.ts";
import { dataImport } from "./data-import.ts";
import { dataList } from "./data-list.ts";
import { ledgerExport } from "./ledger-export.ts";
import { ledgerVerify } from "./ledger-verify.ts";
import { variantsList } from "./variants-list.ts";
import type { Command } from "../command.ts";

/** Every command, in the order `--help` lists them. */
export const commands: readonly Command[] = [backtest, dataImport, dataList, ledgerExport, ledgerVerify, variantsList];
