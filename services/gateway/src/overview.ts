import { toNumber } from "@tradewind/core";
import type { DesiredVariant } from "@tradewind/contracts";
import type { LoadedVariant } from "@tradewind/config";
import type { ServiceContext } from "@tradewind/kit";
import type { DesiredStore } from "./control/desired-store.ts";
import type { MarketTime } from "./control/market-time.ts";
import type { ControlPlane } from "./control/plane.ts";
import type { ReadModel } from "./model/read-model.ts";
import type { Services } from "./model/services.ts";
import type { StatusView, VariantView } from "./views.ts";

/** What the parts know, put together for people. */
export interface Overview {
  variants(): VariantView[];
  /** Undefined when there is neither a desired variant nor a file of that name. */
  variant(id: string): VariantView | undefined;
  status(): StatusView;
}

export interface OverviewParts {
  readonly store: DesiredStore;
  readonly plane: ControlPlane;
  readonly model: ReadModel;
  readonly services: Services;
  readonly time: MarketTime;
}

export function createOverview(context: ServiceContext, { store, plane, model, services, time }: OverviewParts): Overview {
  const { config, run, bus } = context;
  const simulated = config.market.feed === "simulated";

  function variant(id: string): VariantView | undefined {
    const desired = store.all().get(id);
    const file = plane.folder().files?.get(id);
    if (desired === undefined && file === undefined) return undefined;
    const loaded = desired === undefined ? file?.loaded : plane.compiled(desired);
    const problem = plane.problems().get(id);
    return {
      ...asked(id, desired),
      ...(loaded && choices(loaded, simulated)),
      ...(loaded && figures(model, loaded)),
      ...(problem !== undefined && { problem }),
    };
  }

  function variants(): VariantView[] {
    const ids = new Set([...store.all().keys(), ...(plane.folder().files?.keys() ?? [])]);
    return [...ids].sort().map((id) => variant(id)!);
  }

  function problems(): string[] {
    const found: string[] = [];
    if (!bus.connected) found.push("the bus is away: figures are those of before");
    for (const name of services.missing()) found.push(`no ${name} service is running`);
    for (const { service, instance, state } of services.all())
      if (state === "silent" || state === "degraded") found.push(`${service} (${instance}) is ${state}`);
    for (const [id, problem] of plane.problems()) found.push(id === "" ? problem : `variant ${id}: ${problem}`);
    return found;
  }

  return {
    variant,
    variants,
    status: () => ({
      run: run.run,
      clock: run.clock,
      startedAt: run.startedAt,
      wallTime: Date.now(),
      marketTime: time.now() ?? null,
      speed: time.speed() ?? null,
      simulated,
      services: [...services.all()],
      variants: variants(),
      problems: problems(),
    }),
  };
}

function asked(id: string, desired: DesiredVariant | undefined): Pick<VariantView, "id" | "enabled" | "revision" | "effectiveFrom" | "by"> {
  if (desired === undefined) return { id, enabled: false, revision: 0, effectiveFrom: 0, by: "" };
  const { enabled, revision, effectiveFrom, by } = desired;
  return { id, enabled, revision, effectiveFrom, by };
}

function choices({ plan, config }: LoadedVariant, simulated: boolean): Partial<VariantView> {
  const real = plan.mode === "live" || plan.mode === "futures";
  return {
    label: real ? "live" : simulated ? "simulated" : "paper",
    mode: plan.mode,
    broker: plan.broker,
    strategy: config.variants.strategy,
    assetClass: plan.assetClass,
    account: plan.account.id,
    currency: plan.account.currency,
    timeframe: plan.timeframe,
    instruments: plan.instruments.map(({ id }) => id),
    startingBalance: toNumber(plan.account.startingBalance),
  };
}

function figures(model: ReadModel, { plan }: LoadedVariant): Partial<VariantView> {
  const update = model.equity.latest(plan.id);
  const scope = model.accounts.state(plan.account.id, plan.id);
  const state = scope?.state ?? update?.state;
  const line = model.equity.series(plan.id)?.points().at(-1);
  const equity = update?.equity ?? line?.[1];
  const start = toNumber(plan.account.startingBalance);
  return {
    ...(state !== undefined && { state }),
    ...(scope !== undefined && scope.state !== "ACTIVE" && { stateReason: scope.reason, stateScope: scope.scope }),
    ...(equity !== undefined && { equity, profitPct: (equity / start - 1) * 100 }),
    ...(line !== undefined && { equityAt: line[0] }),
    ...(update !== undefined && {
      cash: update.cash,
      exposure: update.exposure,
      drawdown: update.drawdown,
      positions: update.positions,
      openOrders: update.openOrders,
    }),
  };
}
