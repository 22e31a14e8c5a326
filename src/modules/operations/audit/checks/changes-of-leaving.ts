import { randomBytes } from "node:crypto";
import { expectStatus } from "../../../trust/stage/client.ts";
import { type Company, type Person, signInAgain } from "../../../trust/stage/people.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { call, created, type Step, T } from "./step.ts";

/** Exports, people who are erased, and workspaces that close: in one of its own, since it does not come through it whole. */
export async function* ofLeaving(stage: Stage): AsyncGenerator<Step> {
  const name = "Leaving and Sons";
  const company = await stage.founder.found(`leaving-${randomBytes(4).toString("hex")}`, name, "Lea Leaving");
  const owner = await signInAgain(company.owner);
  const at = { tenant: company.id, actor: owner };
  yield* ofExports(owner, at);
  yield* ofErased(company, owner, at);
  yield {
    ...at,
    route: `POST ${T}/tenant/closing`,
    send: call(owner.client, "POST", "tenant/closing", { name }),
    status: 200,
    resource: company.id,
  };
  yield {
    ...at,
    route: `DELETE ${T}/tenant/closing`,
    send: call(owner.client, "DELETE", "tenant/closing"),
    status: 204,
    resource: company.id,
  };
  const { operator } = stage.founder;
  const reason = "The contract has ended.";
  yield {
    tenant: (await stage.server.system.directory.tenantBySlug(operator.client.slug)) ?? "",
    actor: operator,
    route: `POST ${T}/tenants/:id/closing`,
    send: call(operator.client, "POST", `tenants/${company.id}/closing`, { slug: company.slug, reason }),
    status: 200,
    resource: company.id,
    changes: { reason: [null, reason] },
    elsewhere: 1,
  };
}

type At = { readonly tenant: string; readonly actor: Person };

async function* ofExports({ client }: Person, at: At): AsyncGenerator<Step> {
  let id = "";
  yield {
    ...at,
    route: `POST ${T}/exports`,
    send: call(client, "POST", "exports", {}),
    status: 201,
    resource: created,
    changes: { encrypted: [null, false] },
  };
  yield {
    ...at,
    route: `POST ${T}/account/exports`,
    send: call(client, "POST", "account/exports", {}),
    status: 201,
    resource: created,
    after: ({ json }) => {
      id = json.id;
    },
  };
  await until(async () => {
    const { json } = expectStatus(await client.call("GET", "exports"), 200, "looking at exports");
    return json.items.every(({ state }: { state: string }) => state === "ready");
  });
  yield {
    ...at,
    route: `GET ${T}/exports/:id/parts/:no`,
    send: call(client, "GET", `exports/${id}/parts/1`),
    status: 200,
    resource: id,
    changes: { part: [null, 1] },
  };
  yield {
    ...at,
    route: `DELETE ${T}/exports/:id`,
    send: call(client, "DELETE", `exports/${id}`),
    status: 204,
    resource: id,
  };
}

async function* ofErased(company: Company, owner: Person, at: At): AsyncGenerator<Step> {
  const [erased, leaving] = [
    await company.hire("Ede Erased", "viewer"),
    await company.hire("Les Gone", "viewer"),
  ];
  expectStatus(await owner.client.call("DELETE", `members/${erased.id}`), 204, "removing a member");
  yield {
    ...at,
    route: `POST ${T}/members/:id/erasure`,
    send: call(owner.client, "POST", `members/${erased.id}/erasure`, { content: "deleted" }),
    status: 204,
    resource: erased.id,
    changes: { content: [null, "deleted"] },
  };
  // One person at a time.
  await until(async () => {
    const { address } = leaving;
    const { json } = await leaving.client.call("POST", "account/erasure", {
      body: { address: `not.${address}` },
    });
    return json?.error?.code === "invalid_input" && (await isForgotten(owner, erased.name));
  });
  yield {
    ...at,
    actor: leaving,
    route: `POST ${T}/account/erasure`,
    send: call(leaving.client, "POST", "account/erasure", { address: leaving.address }),
    status: 204,
    resource: leaving.id,
    besides: 1,
    emptied: true,
  };
}

/** Nothing in the log is said by that name any more. */
async function isForgotten({ client }: Person, name: string): Promise<boolean> {
  const { text } = expectStatus(await client.call("GET", "audit?limit=200"), 200, "reading the log");
  return !text.includes(name);
}

async function until(done: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await done()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("this took too long");
}
