import type { Company, Person } from "../../../trust/stage/people.ts";
import { hireAnother } from "../../../trust/stage/spare-company.ts";
import { upload, waitUntilReady } from "../../../trust/stage/workspace.ts";
import { call, created, type Step, T } from "./step.ts";

const WITH_ALL = { with: { kind: "tenant", id: null }, access: "read" };

/** Folders, shares, groups; an admin's openings, and what a member leaves behind. */
export async function* ofSharing(company: Company, owner: Person): AsyncGenerator<Step> {
  const { client } = owner;
  const at = { tenant: company.id, actor: owner };
  const secrets = ["Dismissals"];
  const ids = { folder: "", document: "", chat: "", share: "", group: "", opening: "" };
  const step = (
    route: string,
    status: number,
    more: Partial<Step> & { body?: unknown; as?: keyof typeof ids },
  ): Step => {
    const [method = "", path = ""] = route.split(" ");
    const { body, as, ...rest } = more;
    const named = as ? path.replace(":id", ids[as]) : path;
    return {
      ...at,
      route: `${method} ${T}${path}`,
      send: call(client, method, named.slice(1), body),
      status,
      secrets,
      ...rest,
    };
  };

  const keep = (as: keyof typeof ids) => ({
    resource: created,
    after: (answer: Parameters<typeof created>[0]) => {
      ids[as] = created(answer) ?? "";
    },
  });
  yield step("POST /folders", 201, { body: { name: "Dismissals", parent: null }, ...keep("folder") });
  const [document] = await upload(client, [{ name: "Dismissals.txt", bytes: Buffer.from("The list.\n") }]);
  ids.document = document?.id ?? "";
  await waitUntilReady(client, [ids.document]);
  ids.chat = (await client.call("POST", "chats", { body: {} })).json.id;

  yield step("PATCH /folders/:id", 200, {
    as: "folder",
    body: { name: "Dismissals, old" },
    resource: ids.folder,
    changes: { name: ["[redacted]", "[redacted]"] },
  });
  yield step("PUT /folders/:id/parent", 200, { as: "folder", body: { parent: null }, resource: ids.folder });
  yield step("PUT /documents/:id/folder", 200, {
    as: "document",
    body: { folder: ids.folder },
    resource: ids.document,
    changes: { folder: [null, ids.folder] },
  });
  for (const kind of ["folder", "chat", "document"] as const) {
    yield step(`POST /${kind}s/:id/shares`, 201, {
      as: kind,
      body: WITH_ALL,
      resource: ids[kind],
      changes: { with: [null, "tenant"], access: [null, "read"] },
      after: (answer) => {
        ids.share = answer.json.id;
      },
    });
  }
  yield step("PATCH /shares/:id", 204, {
    as: "share",
    body: { access: "write" },
    resource: ids.share,
    changes: { access: ["read", "write"] },
  });
  yield step("DELETE /shares/:id", 204, {
    as: "share",
    resource: ids.share,
    changes: { access: ["write", null] },
  });
  await client.call("PUT", `documents/${ids.document}/folder`, { body: { folder: null } });
  yield step("DELETE /folders/:id", 204, { as: "folder", resource: ids.folder });

  yield* ofGroups(step, ids, owner, keep("group"));
  yield* ofOpenings(step, ids, company, client, keep("opening"));
}

type StepOf = (
  route: string,
  status: number,
  more: Partial<Step> & { body?: unknown; as?: "group" | "opening" },
) => Step;
type Kept = Pick<Step, "resource" | "after">;

async function* ofGroups(
  step: StepOf,
  ids: { readonly group: string },
  owner: Person,
  kept: Kept,
): AsyncGenerator<Step> {
  const name = `Lettings ${owner.id.slice(-6)}`;
  yield step("POST /groups", 201, { body: { name }, changes: { name: [null, name] }, ...kept });
  yield step("PATCH /groups/:id", 204, {
    as: "group",
    body: { name: `${name}, new` },
    resource: ids.group,
    changes: { name: [name, `${name}, new`] },
  });
  yield step("PUT /groups/:id/members", 204, {
    as: "group",
    body: { add: [owner.id], remove: [] },
    resource: ids.group,
    changes: { added: [null, [owner.id]] },
  });
  yield step("DELETE /groups/:id", 204, { as: "group", resource: ids.group });
}

async function* ofOpenings(
  step: StepOf,
  ids: { readonly opening: string },
  company: Company,
  client: Person["client"],
  kept: Kept,
): AsyncGenerator<Step> {
  const leaver = await hireAnother(company, "Wren Aldous", "manager");
  const [theirs] = await upload(leaver.client, [{ name: "Dismissals.txt", bytes: Buffer.from("Mine.\n") }]);
  const of = { kind: "member", id: leaver.id };
  yield step("POST /openings", 201, {
    body: { of, reason: "Illness", minutes: 5 },
    changes: { reason: [null, "Illness"], owners: [null, [leaver.id]] },
    resource: leaver.id,
    ...(kept.after ? { after: kept.after } : {}),
  });
  // A read that is recorded because it is of others' content.
  yield step("GET /documents/:id", 200, {
    event: "content.read",
    send: call(client, "GET", `documents/${theirs?.id}`),
    resource: theirs?.id ?? "",
    changes: { opening: [null, ids.opening] },
  });
  yield step("DELETE /openings/:id", 204, { as: "opening", resource: ids.opening });
  await client.call("DELETE", `members/${leaver.id}`);
  const { id: to } = (await client.call("GET", "session")).json.me;
  yield step("POST /members/:id/hand-over", 204, {
    send: call(client, "POST", `members/${leaver.id}/hand-over`, { to }),
    resource: leaver.id,
    changes: { to: [leaver.id, to] },
  });
}
