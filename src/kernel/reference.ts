import type { FastifyInstance } from "fastify";
import type { Route, Routes } from "./routes/contract.ts";
import { openApiOf } from "./routes/openapi.ts";

/** The OpenAPI document and a page that reads it aloud: every route, who may call it, what it records. */
export function mountReference(
  app: FastifyInstance,
  routes: Routes,
  version: string,
  rolesOf: (route: Route) => readonly string[] | null,
): void {
  const document = JSON.stringify(openApiOf(routes, version, rolesOf));
  const page = pageOf(routes, version, rolesOf);
  app.get("/api/openapi.json", { exposeHeadRoute: false, logLevel: "warn" }, (_request, reply) =>
    reply.type("application/json; charset=utf-8").header("cache-control", "no-cache").send(document),
  );
  app.get("/api/reference", { exposeHeadRoute: false, logLevel: "warn" }, (_request, reply) =>
    reply.type("text/html; charset=utf-8").header("cache-control", "no-cache").send(page),
  );
}

function pageOf(
  routes: Routes,
  version: string,
  rolesOf: (route: Route) => readonly string[] | null,
): string {
  const rows = routes.map((route) => {
    const access =
      "publicBecause" in route.access ? `public: ${route.access.publicBecause}` : route.access.permission;
    const audit = typeof route.audit === "string" ? route.audit : `none: ${route.audit.unauditedBecause}`;
    const cells = [
      `${route.method} ${route.url}`,
      route.words,
      access,
      rolesOf(route)?.join(", ") ?? "",
      audit,
      route.rate,
    ];
    return `<tr>${cells.map((cell, i) => (i === 0 ? `<th scope="row"><code>${escapeHtml(cell)}</code></th>` : `<td>${escapeHtml(cell)}</td>`)).join("")}</tr>`;
  });
  return `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>API reference</title>
<h1>API reference</h1><p>Version ${escapeHtml(version)}. The machine-readable form is <a href="/api/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
<table><thead><tr><th scope="col">Route</th><th scope="col">What it does</th><th scope="col">Permission</th><th scope="col">Roles</th><th scope="col">Audit event</th><th scope="col">Rate class</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></html>`;
}

const escapeHtml = (text: string): string => text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
