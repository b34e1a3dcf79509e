import { subjects, type DesiredVariant } from "@tradewind/contracts";
import { inputFailure } from "@tradewind/core";
import type { BuildService, ServiceContext } from "@tradewind/kit";
import { z } from "zod";
import { openDesiredStore, type DesiredStore } from "./control/desired-store.ts";
import { openMarketTime } from "./control/market-time.ts";
import { openControlPlane, type ControlPlane } from "./control/plane.ts";
import { createApp, refuseOtherMethods, type RouteList } from "./http/app.ts";
import { createHttpMetrics, type HttpMetrics } from "./http/http-metrics.ts";
import { addJobRoutes } from "./http/job-routes.ts";
import { createLiveStream, type LiveStream } from "./http/live.ts";
import { addModelRoutes } from "./http/model-routes.ts";
import { addPage } from "./http/page.ts";
import { addRoutes } from "./http/routes.ts";
import { addSocketRoute } from "./http/sockets.ts";
import { assertPattern, openTap } from "./http/tap.ts";
import { openReadModel, type Change } from "./model/read-model.ts";
import { openServices } from "./model/services.ts";
import { openModels } from "./models/models.ts";
import { countRegistryChanges } from "./models/registry-changes.ts";
import { createOverview } from "./overview.ts";
import { createTokenCheck, openToken } from "./token.ts";
import { createWhy } from "./why/why.ts";

/** A gateway that is open to requests. */
export interface Gateway {
  /** Without a slash at the end. */
  readonly url: string;
  readonly token: string;
  /** Every route there is. */
  readonly routes: RouteList;
}

export const build: BuildService = async (context, stack) => {
  await openGateway(context, stack);
};

/** Opens the gateway. Throws `PORT_TAKEN`, `BAD_TOKEN_FILE`. */
export async function openGateway(context: ServiceContext, stack: AsyncDisposableStack): Promise<Gateway> {
  const { config, state } = context;
  const token = openToken(config.gateway);
  const metrics = createHttpMetrics(context.metrics);
  const listeners: ((change: Change) => void)[] = [];
  const model = openReadModel(context, (change) => listeners.forEach((listener) => listener(change)));
  stack.defer(() => model.stop());
  const time = await openMarketTime(context, model.newest);
  stack.defer(() => time.stop());
  const store = await openDesiredStore(context);
  stack.defer(() => store.stop());
  await model.equity.load([...store.all().keys()]);
  const services = await openServices(context);
  stack.defer(() => services.stop());
  const registry = await countRegistryChanges(context);
  stack.defer(() => registry.stop());
  const plane = openControlPlane(context, { store, time });
  stack.defer(() => plane.stop());
  const overview = createOverview(context, { store, plane, model, services, time });

  const { app, routes } = await createApp({ log: context.log, isToken: createTokenCheck(token), metrics });
  stack.defer(() => app.close());
  const live = createLiveStream(
    {
      status: overview.status,
      decisions: (limit) => model.decisions.latest(undefined, limit),
      fills: (limit) => model.accounts.fills(undefined, limit),
      registry: registry.count,
      line: (variant, count) => model.equity.series(variant)?.sparse(count) ?? [],
      latestPoint: (variant) => model.equity.series(variant)?.points().at(-1),
    },
    metrics,
  );
  stack.defer(() => live.stop());
  listeners.push(live.change);

  await addModelRoutes(
    app,
    context,
    openModels(context, services, (model) => variantsWith(model, store, plane)),
  );
  addJobRoutes(app, context, services);
  addRoutes(app, { context, overview, plane, model, why: createWhy(context, { store, plane }), routes });
  addStreams(app, context, metrics, live);
  await addPage(app);
  const known = [...routes];
  refuseOtherMethods(app, known);

  const url = await listen(config.gateway, (options) => app.listen(options));
  context.log.info(`page and REST at ${url}`);
  state.note(`page and REST at ${url}`);
  return { url, token, routes: known };
}

type App = Awaited<ReturnType<typeof createApp>>["app"];

/** What is told over WebSockets. */
function addStreams(app: App, context: ServiceContext, metrics: HttpMetrics, live: LiveStream): void {
  const query = z.object({ token: z.string().optional() });
  addSocketRoute(app, metrics, {
    url: "/api/live",
    name: "live",
    summary: "What the page shows, as it changes.",
    query,
    opened: live.open,
  });
  addSocketRoute(app, metrics, {
    url: "/api/tap",
    name: "tap",
    summary: "Messages of the bus that fit a pattern, as {subject, message}.",
    query: query.extend({
      subject: z
        .string()
        .min(1)
        .max(200)
        .describe(`e.g. ${subjects.decision.pattern.replace(/\{.*/, ">")}`),
    }),
    check: (request) => assertPattern((request.query as { subject: string }).subject),
    opened: (socket, request) => openTap(context, metrics, socket, (request.query as { subject: string }).subject),
  });
}

/** Ids of the enabled variants in which a model votes. */
function variantsWith(model: string, store: DesiredStore, plane: ControlPlane): string[] {
  const wants = (desired: DesiredVariant): boolean =>
    desired.enabled && plane.compiled(desired)?.plan.members.some(({ kind, name }) => kind === "model" && name === model) === true;
  return [...store.all().values()].filter(wants).map(({ id }) => id);
}

async function listen(
  { host, port }: ServiceContext["config"]["gateway"],
  open: (options: { host: string; port: number }) => Promise<string>,
): Promise<string> {
  try {
    return await open({ host, port });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EADDRINUSE")) throw error;
    throw inputFailure("PORT_TAKEN", `port ${port} of ${host} is taken; set another gateway.port or end what listens there`);
  }
}
