import type { Demand } from "../../../kernel/context.ts";
import type { Client } from "./client.ts";
import { credentialsOf, type Knock, knockAt, liveOperations } from "./live-operations.ts";
import type { Stage } from "./stage.ts";

/** A route that asks for a permission, with what else it asks for. */
export interface GuardedRoute {
  /** `PATCH /policy` */
  readonly key: string;
  readonly demand: Demand;
  /** Exists in the operator's workspace only. */
  readonly isOperators: boolean;
  /** Calls it with input that it would accept and identifiers that name nothing. */
  ask(client: Client): Promise<Knock>;
}

/** Every one of them, from what the running server answers to: none that is left out of a list is left out here. */
export async function guardedRoutes(stage: Stage): Promise<GuardedRoute[]> {
  const operations = await liveOperations(stage);
  return operations.flatMap((operation) => {
    const { name, method, permission } = operation;
    const at = name.slice(method.length + 1).replace(/\{(\w+)\}/g, ":$1");
    const known = stage.server.routes.find((r) => r.of === "tenant" && r.method === method && r.path === at);
    if (permission === null || !known) return [];
    return [
      {
        key: `${method} ${at}`,
        demand: known.demand,
        isOperators: permission.startsWith("operator."),
        ask: (client: Client) => knockAt(stage, client.slug, operation, credentialsOf(client)),
      },
    ];
  });
}
