import type { ServerOptions } from "node:https";
import { fileURLToPath } from "node:url";
import Fastify, { type FastifyInstance, LogController } from "fastify";
import { appError } from "./kernel/errors.ts";
import { mountHealth } from "./kernel/health.ts";
import type { JobSpec } from "./kernel/jobs.ts";
import { deliverMail } from "./kernel/mail.ts";
import { rolesOf } from "./kernel/matrix.ts";
import { type Bounds, boundsOf, type Load, mountOverload } from "./kernel/overload/overload.ts";
import { mountReference } from "./kernel/reference.ts";
import type { Routes } from "./kernel/routes/contract.ts";
import { sendError } from "./kernel/routes/refusals.ts";
import { mountRoutes, requestId } from "./kernel/routes/router.ts";
import type { System } from "./kernel/system.ts";
import { mountTelemetry } from "./kernel/telemetry/mount.ts";
import { mountHeaders, mountWeb, refuseUnreadable, setBareHeaders } from "./kernel/web.ts";
import { assistantJobs } from "./modules/assistant/jobs.ts";
import "./modules/assistant/permissions.ts";
import { assistantRoutes } from "./modules/assistant/routes.ts";
import { keyRoutes } from "./modules/identity/keys/routes.ts";
import "./modules/identity/permissions.ts";
import { mailResetLink } from "./modules/identity/resets/service.ts";
import { identityRoutes } from "./modules/identity/routes.ts";
import { hearOfNowhere } from "./modules/identity/sign-in/nowhere.ts";
import { mailUnlockLink } from "./modules/identity/sign-in/service.ts";
import { namesOfFolders } from "./modules/knowledge/folders/names.ts";
import { knowledgeJobs } from "./modules/knowledge/jobs.ts";
import "./modules/knowledge/permissions.ts";
import { knowledgeRoutes } from "./modules/knowledge/routes.ts";
import "./modules/operations/keys/permissions.ts";
import "./modules/operations/backup/permissions.ts";
import "./modules/operations/permissions.ts";
import { operationsRoutes } from "./modules/operations/routes.ts";
import { privacyJobs } from "./modules/privacy/jobs.ts";
import "./modules/privacy/permissions.ts";
import { privacyRoutes } from "./modules/privacy/routes.ts";
import "./modules/tenancy/permissions.ts";
import { tenancyRoutes } from "./modules/tenancy/routes.ts";
import "./modules/trust/permissions.ts";
import { mountMachineReadable } from "./modules/trust/public-page/security-txt.ts";
import { trustRoutes } from "./modules/trust/routes.ts";

const webFolder = fileURLToPath(new URL("../web/dist/", import.meta.url));

/** Every route of the product, in order of the modules. */
export function allRoutes(): Routes {
  const routes: Routes = [];
  identityRoutes(routes);
  keyRoutes(routes, namesOfFolders);
  tenancyRoutes(routes);
  knowledgeRoutes(routes);
  assistantRoutes(routes);
  privacyRoutes(routes);
  operationsRoutes(routes);
  trustRoutes(routes);
  return routes;
}

/** Every kind of job. */
export const allJobs: readonly JobSpec[] = [
  deliverMail,
  mailUnlockLink,
  mailResetLink,
  ...knowledgeJobs,
  ...assistantJobs,
  ...privacyJobs,
];

/** A route as the running server knows it, for the sweeps: not taken from the table that also guards it. */
export interface LiveRoute {
  readonly method: string;
  readonly url: string;
}

export interface App {
  readonly server: FastifyInstance;
  readonly routes: Routes;
  readonly liveRoutes: readonly LiveRoute[];
  /** What there is to do at this moment, and whether requests are refused for it. */
  readonly load: () => Load;
}

export interface AppOptions {
  /** Certificate, versions and ciphers; without them the server speaks plain HTTP. */
  readonly tls?: ServerOptions;
  readonly bounds?: Bounds;
}

/** Kernel, then the modules, explicitly, in order. `rebuild` changes the table before it is mounted: for tests that remove a defence. */
export async function createApp(
  system: System,
  rebuild: (routes: Routes) => Routes = (r) => r,
  { tls, bounds }: AppOptions = {},
): Promise<App> {
  const server = Fastify({
    ...(tls ? { https: tls } : {}),
    loggerInstance: system.log,
    genReqId: requestId,
    requestIdHeader: false,
    trustProxy: system.config.trustedProxies.length > 0 ? [...system.config.trustedProxies] : false,
    bodyLimit: 1024 * 1024,
    logController: new LogController({ disableRequestLogging: true }),
    routerOptions: { maxParamLength: 200 },
    exposeHeadRoutes: false,
    forceCloseConnections: true,
    // A connection on which nothing moves ends; streams send a sign of life every 15 s. Nobody sends for ever.
    connectionTimeout: 60_000,
    requestTimeout: 600_000,
    http: { headersTimeout: 15_000 },
    return503OnClosing: true,
    frameworkErrors: (_error, request, reply) => {
      setBareHeaders(reply as never);
      sendError(appError("bad_request"), request, reply as never);
    },
    clientErrorHandler: refuseUnreadable,
  });
  const liveRoutes: LiveRoute[] = [];
  server.addHook("onRoute", ({ method, url }) => {
    for (const m of Array.isArray(method) ? method : [method]) liveRoutes.push({ method: m, url });
  });
  server.addHook("onResponse", (request, reply, done) => {
    // The route's pattern, never the address itself: addresses can hold identifiers and search words.
    request.log.info(
      {
        method: request.method,
        route: request.routeOptions.url,
        status: reply.statusCode,
        ms: Math.round(reply.elapsedTime),
      },
      "answered",
    );
    done();
  });
  mountHeaders(server, system.ending);
  const load = mountOverload(server, system, bounds ?? boundsOf(system.config));
  const routes = rebuild(allRoutes());
  await mountRoutes(server, system, routes);
  mountHealth(server, system);
  mountTelemetry(server, system);
  hearOfNowhere(system);
  mountReference(server, routes, system.version, rolesOf);
  mountMachineReadable(server, system);
  await mountWeb(server, webFolder);
  return { server, routes, liveRoutes, load };
}
