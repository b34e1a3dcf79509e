import { backtest } from "./backtest.ts";
import { close, halt, pause, resume } from "./control.ts";
import { dataImport } from "./data-import.ts";
import { dataList } from "./data-list.ts";
import { doctor } from "./doctor.ts";
import { jobsCancel, jobsList, jobsShow } from "./jobs.ts";
import { jobsTrain } from "./jobs-train.ts";
import { ledgerExport } from "./ledger-export.ts";
import { ledgerVerify } from "./ledger-verify.ts";
import { modelsAdd } from "./models-add.ts";
import { modelsPin, modelsPromote, modelsRemove, modelsRetire, modelsSet, modelsShadow, modelsUnpin } from "./models-control.ts";
import { modelsList, modelsShow, modelsStats } from "./models-list.ts";
import { modelsPredict } from "./models-predict.ts";
import { services } from "./services.ts";
import { start } from "./start.ts";
import { status } from "./status.ts";
import { tap } from "./tap.ts";
import { train } from "./train.ts";
import { variantsStart, variantsStop } from "./variants-control.ts";
import { variantsList } from "./variants-list.ts";
import { why } from "./why.ts";
import type { Command } from "../command.ts";

/** Every command, in the order `--help` lists them. */
export const commands: readonly Command[] = [
  start,
  services,
  status,
  why,
  tap,
  variantsList,
  variantsStart,
  variantsStop,
  pause,
  resume,
  halt,
  close,
  backtest,
  dataImport,
  dataList,
  train,
  jobsTrain,
  jobsList,
  jobsShow,
  jobsCancel,
  modelsAdd,
  modelsList,
  modelsShow,
  modelsStats,
  modelsPredict,
  modelsPromote,
  modelsShadow,
  modelsRetire,
  modelsSet,
  modelsPin,
  modelsUnpin,
  modelsRemove,
  ledgerExport,
  ledgerVerify,
  doctor,
];
