import type { Demand } from "../../../kernel/context.ts";
import { permissions } from "../../../kernel/permissions.ts";
import type { Answer, Client } from "./client.ts";
import { liveOperations } from "./live-operations.ts";
import type { Stage } from "./stage.ts";

/** A route that asks for a permission, and a call of it with input that it can read and identifiers that name nothing. */
export interface GuardedRoute {
  /** `PATCH /api/t/:slug/policy` */
  readonly key: string;
  readonly demand: Demand;
  /** Of the operator's own workspace only. */
  readonly isOperators: boolean;
  ask(client: Client): Promise<Answer>;
}

/** Every route of the running server that somebody must be signed in for. */
export async function guardedRoutes(stage: Stage): Promise<GuardedRoute[]> {
  const ofOperator = new Set(permissions().flatMap((p) => (p.in === "operator" ? [p.key] : [])));
  const operations = await liveOperations(stage);
  return operations.flatMap(({ method, path, url, body, isUpload, permission }) => {
    const declared = stage.server.routes.find((r) => r.method === method && r.url === url);
    if (permission === null || !declared) return [];
    return {
      key: `${method} ${url}`,
      demand: declared.demand,
      isOperators: ofOperator.has(permission),
      ask: (client) =>
        client.call(
          method,
          path.slice(1),
          isUpload ? { raw: emptyForm() } : body === undefined ? {} : { body },
        ),
    } satisfies GuardedRoute;
  });
}

function emptyForm(): FormData {
  const form = new FormData();
  form.append("file", new Blob(["A line."]), "line.txt");
  return form;
}
