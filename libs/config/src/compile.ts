import { basename, dirname, extname, resolve } from "node:path";
import {
  calendarNamed,
  fromNumber,
  protections,
  strategies,
  timeframeMs,
  type ExitPlan,
  type MemberPlan,
  type ParameterValue,
  type ProtectionPlan,
  type RiskPlan,
  type SizingPlan,
  type Timeframe,
  type VariantPlan,
} from "@tradewind/core";
import { checkCombination } from "./combinations.ts";
import { checkOtherLists, compileInstruments, compileLeverage } from "./compile-instruments.ts";
import { defaultReference, defaults } from "./defaults.ts";
import { brokers } from "./instruments/registry.ts";
import type { Path } from "./problems.ts";
import { reporting, type Notice, type Report } from "./report.ts";
import type { CredentialReferences } from "./secrets.ts";
import type { VariantConfig } from "./variant-schema.ts";

/** Live orders go to a venue; paper and backtest stay in the simulator. */
export function touchesVenue(mode: VariantConfig["variants"]["mode"]): boolean {
  return mode === "live" || mode === "futures";
}

/** Parameters that contradict each other show only when a strategy is made; make it once to learn it here. */
function tryStrategy(member: MemberPlan, at: Path, report: Report): void {
  const definition = Object.hasOwn(strategies, member.name) ? strategies[member.name] : undefined;
  if (!definition) return;
  reporting(report, at, () => definition.create(member.parameters, { instrument: "trial", calendar: calendarNamed("crypto-24-7") }));
}

function compileMembers(config: VariantConfig, file: string, report: Report): readonly MemberPlan[] {
  const { strategy } = config.variants;
  const custom = strategy === "custom";
  if (custom && config.strategy_file === undefined)
    report(["variants", "strategy"], 'strategy "custom" needs strategy_file, the path of the strategy from this file');
  if (!custom && config.strategy_file !== undefined)
    report(["strategy_file"], `variants.strategy is "${strategy}"; set it to "custom" to run this file, or remove strategy_file`);
  const path = config.strategy_file === undefined ? "custom" : resolve(dirname(file), config.strategy_file);
  const stem = basename(path, extname(path)).replace(/[^A-Za-z0-9_-]/g, "_");
  const main: MemberPlan = {
    source: custom ? stem : strategy,
    kind: "strategy",
    name: custom ? path : strategy,
    parameters: config.strategy_config as Record<string, ParameterValue>,
    weight: defaults.weight,
  };
  tryStrategy(main, ["strategy_config"], report);
  const members: MemberPlan[] = [main];
  const add = (at: Path, member: MemberPlan): void => {
    if (members.some(({ source }) => source === member.source))
      report(at, `a member is already named "${member.source}"; give this one a name of its own`);
    members.push(member);
  };
  for (const [i, member] of config.members.entries()) {
    const parameters = member.strategy_config as Record<string, ParameterValue>;
    const plan: MemberPlan = {
      source: member.name ?? member.strategy,
      kind: "strategy",
      name: member.strategy,
      parameters,
      weight: member.weight,
    };
    tryStrategy(plan, ["members", i, "strategy_config"], report);
    add(["members", i], plan);
  }
  for (const [i, model] of config.models.entries())
    add(["models", i], { source: model.name ?? model.id, kind: "model", name: model.id, parameters: {}, weight: model.weight });
  return members;
}

/** Decision and finest timeframe in one shape. */
function compileTimeframes(given: VariantConfig["timeframes"]): { readonly decision: Timeframe; readonly finest: Timeframe } {
  if (!Array.isArray(given)) return { decision: given.decision, finest: given.finest ?? given.decision };
  const [finest, decision] = given.toSorted((a, b) => timeframeMs(a) - timeframeMs(b));
  return { decision: decision ?? finest!, finest: finest! };
}

function compileSizing({ sizing, risk_settings, variants }: VariantConfig, report: Report): SizingPlan {
  if (sizing.method !== "risk") return sizing;
  if (risk_settings.stop_loss_pct === null && variants.strategy !== "custom")
    report(
      ["risk_settings", "stop_loss_pct"],
      'sizing "risk" needs a stop to size against; set stop_loss_pct or choose another sizing.method',
    );
  return { method: "risk", riskPerTrade: risk_settings.risk_per_trade };
}

function compileExits({ exits, risk_settings }: VariantConfig, report: Report): ExitPlan {
  const stated = risk_settings.trailing_stop_pct;
  const trailing = exits.trailing_stop_pct;
  if (trailing !== undefined && stated !== null && trailing !== stated)
    report(["exits", "trailing_stop_pct"], `is ${trailing}, but risk_settings.trailing_stop_pct is ${stated}; give one of them`);
  return {
    stopLossPct: risk_settings.stop_loss_pct,
    takeProfitPct: risk_settings.take_profit_pct,
    trailingStopPct: trailing ?? stated,
    maxHoldCloses: exits.max_hold_closes,
  };
}

function compileRisk({ risk_settings }: VariantConfig, leverage: number): RiskPlan {
  return {
    maxPositionSize: risk_settings.max_position_size,
    maxTotalExposure: risk_settings.max_total_exposure,
    maxConcurrentPositions: risk_settings.max_concurrent_positions,
    maxDailyLossPct: risk_settings.max_daily_loss_pct,
    maxDrawdownPct: risk_settings.max_drawdown_pct,
    leverage,
  };
}

function compileProtections(config: VariantConfig, report: Report): ProtectionPlan[] {
  for (const [i, { kind, limit_pct }] of config.protections.entries())
    if (protections[kind]!.needsLimit && limit_pct <= 0)
      report(["protections", i, "limit_pct"], `${kind} needs a limit above 0, in percent of equity`);
  return config.protections.map(({ kind, lookback_minutes, lock_minutes, count, limit_pct }) => ({
    kind,
    lookbackMs: lookback_minutes * 60_000,
    lockMs: lock_minutes * 60_000,
    count,
    limitPct: limit_pct,
  }));
}

/** The credential references of a variant: its own, else the broker's usual names. */
export function compileCredentials(config: VariantConfig, file: string): CredentialReferences {
  const { broker, mode } = config.variants;
  const { api_key, api_secret, passphrase } = config.broker_config.credentials;
  const usual = brokers[broker]?.passphrase ? defaultReference(broker, "passphrase") : null;
  return {
    file,
    needed: touchesVenue(mode),
    apiKey: api_key ?? defaultReference(broker, "api_key"),
    apiSecret: api_secret ?? defaultReference(broker, "api_secret"),
    passphrase: passphrase ?? usual,
  };
}

/** Live: broker, credential reference and network, so that one account has one writer. Simulated: the variant's own unless named. */
function accountId(config: VariantConfig, id: string, credentials: CredentialReferences, notices: Notice[]): string {
  const { broker, mode } = config.variants;
  const { account, broker_config } = config;
  if (!touchesVenue(mode)) return account.id ?? `${mode}-${id}`;
  if (account.id !== undefined)
    notices.push({
      code: "ACCOUNT_ID_IGNORED",
      message: `account.id "${account.id}" holds for paper and backtest only; a live account follows from its credentials`,
    });
  return `${broker}-${credentials.apiKey.slice(2, -1)}-${broker_config.test_mode ? "test" : "real"}`;
}

/** Judges the four choices together; true when the combination runs. */
function checkChoices(config: VariantConfig, report: Report): boolean {
  const { broker, mode, asset_class } = config.variants;
  const combination = checkCombination(config.variants);
  if (!combination.runs) {
    const { nearest } = combination;
    report(
      ["variants"],
      `${combination.reason} (asked: ${broker}, ${mode}, ${asset_class}); ` +
        `nearest that runs: broker ${nearest.broker}, mode ${nearest.mode}, asset_class ${nearest.asset_class}`,
    );
  }
  const active = config.broker_config.active_broker;
  if (active !== undefined && active !== broker)
    report(["broker_config", "active_broker"], `is ${active}, but variants.broker is ${broker}; make them equal or leave this one out`);
  return combination.runs;
}

/**
 * The plan of a checked configuration. Rules that one field alone cannot break are judged here; each
 * breach goes to `report`, and the plan is of use only when none did.
 */
export function compilePlan(config: VariantConfig, id: string, file: string, report: Report, notices: Notice[]): VariantPlan {
  const instruments = checkChoices(config, report) ? compileInstruments(config, report, notices) : [];
  checkOtherLists(config, report);
  const currency = config.account.currency ?? instruments[0]?.settle ?? "";
  if (currency !== "" && !currency.startsWith("USD"))
    notices.push({
      code: "AMOUNTS_IN_CURRENCY",
      message: `starting_balance, max_position_size and max_total_exposure are amounts of ${currency}`,
    });
  const timeframes = compileTimeframes(config.timeframes);
  if (timeframeMs(timeframes.finest) > timeframeMs(timeframes.decision))
    report(["timeframes", "finest"], `is ${timeframes.finest}, which is coarser than the decision's ${timeframes.decision}`);
  return {
    id,
    broker: config.variants.broker,
    mode: config.variants.mode,
    assetClass: config.variants.asset_class,
    account: {
      id: accountId(config, id, compileCredentials(config, file), notices),
      currency,
      startingBalance: fromNumber(config.account.starting_balance),
    },
    instruments,
    timeframe: timeframes.decision,
    finestTimeframe: timeframes.finest,
    members: compileMembers(config, file, report),
    decision: {
      threshold: config.decision.threshold,
      everyCloses: config.decision.every_closes,
      validForCloses: config.decision.valid_for_closes,
      learningRate: config.decision.learning_rate,
      weightFloor: config.decision.weight_floor,
      regimes: config.decision.regimes ?? defaults.decision.regimes,
    },
    sizing: compileSizing(config, report),
    exits: compileExits(config, report),
    risk: compileRisk(config, compileLeverage(config, instruments, notices)),
    protections: compileProtections(config, report),
    costs: { spreadBps: config.costs.spread_bps, slippageBps: config.costs.slippage_bps },
    fills: { latencyMs: config.fills.latency_ms, maxVolumeShare: config.fills.max_volume_share, atEnd: config.fills.at_end },
  };
}
