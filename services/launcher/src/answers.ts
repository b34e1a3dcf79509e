/** What the commands read of the gateway's answers. Times in ms. */
export interface VariantAnswer {
  readonly id: string;
  readonly enabled: boolean;
  readonly revision: number;
  readonly by: string;
  readonly label?: "simulated" | "paper" | "live";
  readonly broker?: string;
  readonly strategy?: string;
  readonly assetClass?: string;
  readonly currency?: string;
  readonly instruments?: readonly string[];
  readonly state?: string;
  readonly stateReason?: string;
  readonly equity?: number;
  readonly profitPct?: number;
  readonly positions?: readonly { readonly instrument: string; readonly quantity: string; readonly profit: number }[];
  readonly openOrders?: number;
  readonly problem?: string;
}

export interface ServiceAnswer {
  readonly service: string;
  readonly instance: string;
  readonly state: string;
  readonly at: number;
  readonly partitions: readonly string[];
  readonly notes: readonly { readonly at: number; readonly text: string }[];
  readonly pid: number;
  readonly memoryMb: number;
}

/** GET /api/status. */
export interface StatusAnswer {
  readonly run: string;
  readonly clock: string;
  readonly marketTime: number | null;
  readonly speed: number | null;
  readonly simulated: boolean;
  readonly services: readonly ServiceAnswer[];
  readonly variants: readonly VariantAnswer[];
  readonly problems: readonly string[];
}

/** POST /api/variants/ID/start and stop. */
export interface ChangeAnswer {
  readonly variant: VariantAnswer;
  readonly message: string;
}

/** GET /api/why. */
export interface WhyAnswer {
  readonly question: string;
  readonly answer: string;
  readonly text: string;
}

/** What a command came to. */
export interface CommandAnswer {
  readonly ok: boolean;
  readonly message: string;
  readonly results: readonly { readonly account: string; readonly ok: boolean; readonly message: string }[];
}

/** GET /api/models/ID, and each of /api/models. */
export interface ModelAnswer {
  readonly id: string;
  readonly champion?: string;
  readonly device: string;
  readonly pinned: boolean;
  readonly limitMb?: number;
  readonly versions: readonly ModelVersionAnswer[];
  readonly history: readonly {
    readonly at: number;
    readonly sha256: string;
    readonly from?: string;
    readonly to: string;
    readonly reason: string;
    readonly by: string;
  }[];
  readonly problem?: string;
}

export interface ModelVersionAnswer {
  readonly sha256: string;
  readonly bytes: number;
  readonly version: string;
  readonly state: string;
  readonly registeredAt: number;
  readonly expiresAt?: number;
  readonly labels: readonly string[];
  readonly timeframes: readonly string[];
  readonly window: number;
  readonly features: readonly string[];
  readonly featureSchema: string;
  readonly notes: Readonly<Record<string, string>>;
  readonly card: boolean;
}

/** What a change of a model came to. */
export interface ModelChanged {
  readonly message: string;
  readonly model?: ModelAnswer;
}

/** GET /api/models/stats. */
export interface ModelStatsAnswer {
  readonly total_limit_mb: number;
  readonly models: Readonly<Record<string, { readonly memory_mb: number; readonly device: string }>>;
  readonly total_used_mb: number;
  readonly total_free_mb: number;
  readonly utilization_percent: number;
}

/** GET /api/jobs/ID, and each of /api/jobs. */
export type { JobRecord as JobAnswer } from "@tradewind/contracts";
