import { randomBytes } from "node:crypto";
import { type Company, type Person, signInAgain } from "../../../trust/stage/people.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { call, created, type Step, T } from "./step.ts";

/** Roles, API keys, and the operator's staff let in. */
export async function* ofRights(stage: Stage, company: Company, owner: Person): AsyncGenerator<Step> {
  const at = { tenant: company.id, actor: owner };
  yield* ofRoles(owner, at);
  yield* ofKeys(owner, at);
  yield* ofSupport(stage, owner, at);
}

type At = Pick<Step, "tenant" | "actor">;

async function* ofRoles({ client }: Person, at: At): AsyncGenerator<Step> {
  const name = `Porter ${randomBytes(3).toString("hex")}`;
  let role = "";
  yield {
    ...at,
    route: `POST ${T}/roles`,
    send: call(client, "POST", "roles", { name, permissions: ["tenant.read", "tenant.change"] }),
    status: 201,
    resource: created,
    changes: { name: [null, name], permissions: [null, ["tenant.change", "tenant.read"]] },
    after: ({ json }) => {
      role = json.id;
    },
  };
  yield {
    ...at,
    route: `PATCH ${T}/roles/:id`,
    send: (headers) =>
      client.call("PATCH", `roles/${role}`, { headers, body: { permissions: ["tenant.read"] } }),
    status: 204,
    resource: () => role,
    changes: { permissions: [["tenant.change", "tenant.read"], ["tenant.read"]] },
  };
  yield {
    ...at,
    route: `DELETE ${T}/roles/:id`,
    send: (headers) => client.call("DELETE", `roles/${role}`, { headers }),
    status: 204,
    resource: () => role,
    changes: { name: [name, null], permissions: [["tenant.read"], null] },
  };
}

async function* ofKeys({ client }: Person, at: At): AsyncGenerator<Step> {
  const body = { name: "Nightly export", permissions: ["member.read"], folder: null, networks: [], days: 7 };
  const secrets: string[] = [];
  for (const path of ["keys", "workspace-keys"]) {
    let id = "";
    yield {
      ...at,
      route: `POST ${T}/keys`,
      send: async (headers) => {
        const answer = await client.call("POST", "keys", { headers, body });
        secrets.push(answer.json?.key ?? "no key");
        return answer;
      },
      status: 201,
      resource: created,
      changes: { name: [null, body.name], permissions: [null, body.permissions] },
      secrets,
      after: ({ json }) => {
        id = json.id;
      },
    };
    yield {
      ...at,
      route: `DELETE ${T}/${path}/:id`,
      send: (headers) => client.call("DELETE", `${path}/${id}`, { headers }),
      status: 204,
      resource: () => id,
      changes: { name: [body.name, null] },
      secrets,
    };
  }
}

/** Entering is in the log of both workspaces. */
async function* ofSupport(stage: Stage, { client }: Person, at: At): AsyncGenerator<Step> {
  const staff = await signInAgain(stage.founder.operator);
  const operators = await stage.server.system.directory.tenantBySlug("operator");
  if (!operators) throw new Error("the operator has no workspace");
  const reason = "Search finds nothing";
  let grant = "";
  yield {
    ...at,
    route: `POST ${T}/support-grants`,
    send: call(client, "POST", "support-grants", { hours: 1, reason }),
    status: 201,
    resource: created,
    changes: { reason: [null, reason] },
    after: ({ json }) => {
      grant = json.id;
    },
  };
  yield {
    tenant: operators,
    actor: staff,
    route: `POST ${T}/support/:id/enter`,
    send: (headers) => staff.client.call("POST", `support/${grant}/enter`, { headers, body: {} }),
    status: 200,
    resource: () => grant,
    elsewhere: 1,
  };
  yield {
    ...at,
    route: `DELETE ${T}/support-grants/:id`,
    send: (headers) => client.call("DELETE", `support-grants/${grant}`, { headers }),
    status: 204,
    resource: () => grant,
  };
}
