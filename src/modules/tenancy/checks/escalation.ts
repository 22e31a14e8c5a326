import { randomBytes } from "node:crypto";
import { type Finding, outcomeOf } from "../../../kernel/controls.ts";
import { expectStatus } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Stage } from "../../trust/stage/stage.ts";

/** Attempts to gain rights: by a role given, made or changed, by what stands in a body, by two requests at once. */
export async function checkEscalation(stage: Stage) {
  const findings: Finding[] = [];
  const expect = async (
    what: string,
    who: string,
    answer: Promise<{ status: number }>,
    statuses: number[],
  ) => {
    const { status } = await answer;
    findings.push(finding(statuses.includes(status), what, who, String(status)));
  };
  const { a } = stage;
  const spare = await a.hire(`Spare Owner ${Date.now()}`, "viewer");
  const [admin, otherAdmin] = a.people.admin;
  const [owner] = a.people.owner;
  const [viewer] = a.people.viewer;
  await expect(
    "an admin makes themself owner",
    "admin",
    admin.client.call("PATCH", `members/${admin.id}`, { body: { role: "owner" } }),
    [403],
  );
  await expect(
    "an admin makes a colleague owner",
    "admin",
    admin.client.call("PATCH", `members/${otherAdmin.id}`, { body: { role: "owner" } }),
    [403],
  );
  await expect(
    "an admin demotes an owner",
    "admin",
    admin.client.call("PATCH", `members/${owner.id}`, { body: { role: "viewer" } }),
    [403],
  );
  for (const [verb, method, path] of [
    ["suspends", "PUT", `members/${owner.id}/suspension`],
    ["removes", "DELETE", `members/${owner.id}`],
  ] as const) {
    await expect(
      `an admin ${verb} an owner`,
      "admin",
      admin.client.call(method, path, method === "PUT" ? { body: {} } : {}),
      [403],
    );
  }
  await expect(
    "an admin invites an owner",
    "admin",
    admin.client.call("POST", "invitations", { body: { address: "boss@elsewhere.example", role: "owner" } }),
    [403],
  );
  await expect(
    "a viewer changes a role",
    "viewer",
    viewer.client.call("PATCH", `members/${viewer.id}`, { body: { role: "admin" } }),
    [403],
  );
  await expect(
    "a role in the body of a rename",
    "viewer",
    viewer.client.call("PATCH", "account", {
      body: { name: viewer.name, role: "owner", tenant_id: stage.b.id },
    }),
    [200, 422],
  );
  const after = await viewer.client.call("GET", "session");
  findings.push({
    verdict: after.json.me.role === "viewer" && after.json.tenant.slug === a.slug ? "held" : "broken",
    what: "role and tenant after it",
    who: "viewer",
    got: `${after.json.me.role} in ${after.json.tenant.slug}`,
  });
  // The positive control: an owner may do what the admin may not.
  await expect(
    "an owner makes a member owner",
    "owner",
    owner.client.call("PATCH", `members/${spare.id}`, { body: { role: "owner" } }),
    [204],
  );
  await expect(
    "and takes it back",
    "owner",
    owner.client.call("PATCH", `members/${spare.id}`, { body: { role: "viewer" } }),
    [204],
  );
  for (const step of [ownRoles, handOvers]) {
    await step(stage, expect).catch((error) => {
      // An attempt that succeeded may have taken its rights from whoever makes the next. What was seen until then counts.
      if (findings.every(({ verdict }) => verdict === "held")) throw error;
    });
  }
  // The last two owners demote each other at once, in a company of their own.
  const lone = await stage.founder.found(`lone-${Date.now().toString(36)}`, "Lone Owners", "Asta Holm");
  const second = await lone.hire("Bo Frey", "owner");
  const both = await Promise.all([
    lone.owner.client.call("PATCH", `members/${second.id}`, { body: { role: "viewer" } }),
    second.client.call("PATCH", `members/${lone.owner.id}`, { body: { role: "viewer" } }),
  ]);
  const members = await Promise.all([lone.owner, second].map((p) => p.client.call("GET", "session")));
  const owners = members.filter((m) => m.json?.me?.role === "owner").length;
  findings.push({
    verdict: owners === 1 ? "held" : "broken",
    what: "the last two owners demote each other at once",
    who: "owners",
    got: `${both.map((r) => r.status).join(" and ")}, ${owners} owner left`,
  });
  const last = members[0]?.json?.me?.role === "owner" ? lone.owner : second;
  await expect(
    "the last owner steps down",
    "owner",
    last.client.call("PATCH", `members/${last.id}`, { body: { role: "admin" } }),
    [409],
  );
  await expect("the last owner leaves", "owner", last.client.call("DELETE", `members/${last.id}`), [409]);
  return outcomeOf(findings, `${findings.length} attempts to gain rights`);
}

type Expect = (
  what: string,
  who: string,
  answer: Promise<{ status: number }>,
  statuses: number[],
) => Promise<void>;

/** What removed members left: nobody takes it who holds less than they did, or than somebody who has things in it. */
async function handOvers({ a }: Stage, expect: Expect): Promise<void> {
  const owner = a.people.owner[1].client;
  const admin = a.people.admin[0];
  const suffix = randomBytes(3).toString("hex");
  const give = (who: typeof owner, from: string, to: string) =>
    who.call("POST", `members/${from}/hand-over`, { body: { to } });
  const remove = async (id: string) =>
    expectStatus(await owner.call("DELETE", `members/${id}`), 204, "removing a member");
  const chief = await a.hire(`Chief ${suffix}`, "owner", owner);
  expectStatus(await chief.client.call("POST", "chats", { body: {} }), 201, "a chat to leave");
  await expect("what somebody left who is still here", "owner", give(owner, chief.id, admin.id), [409]);
  await remove(chief.id);
  await expect("what an owner left, for oneself", "admin", give(admin.client, chief.id, admin.id), [403]);
  await expect("the same by who holds as much", "owner", give(owner, chief.id, a.people.owner[1].id), [204]);
  await expect("the same again", "owner", give(owner, chief.id, a.people.owner[1].id), [409]);
  const clerk = await a.hire(`Clerk ${suffix}`, "manager", owner);
  const chat = expectStatus(await clerk.client.call("POST", "chats", { body: {} }), 201, "a chat to leave")
    .json.id;
  const body = { with: { kind: "member", id: a.people.owner[1].id }, access: "write" };
  expectStatus(await clerk.client.call("POST", `chats/${chat}/shares`, { body }), 201, "sharing it");
  const text = "What is between the two of us?";
  expectStatus(await owner.call("POST", `chats/${chat}/questions`, { body: { text } }), 201, "asking in it");
  await remove(clerk.id);
  await expect("what an owner asked in, for oneself", "admin", give(admin.client, clerk.id, admin.id), [403]);
  await expect("the same by who holds as much", "owner", give(owner, clerk.id, a.people.owner[0].id), [204]);
}

/** With roles of a workspace's own, which can hold any set of rights. */
async function ownRoles(stage: Stage, expect: Expect): Promise<void> {
  const { a } = stage;
  // Not the owner of the attempts above: where one of those succeeded, that one is no owner any more.
  const owner = a.people.owner[1].client;
  const admin = a.people.admin[0];
  const suffix = randomBytes(3).toString("hex");
  const role = async (name: string, permissions: string[]): Promise<string> => {
    const made = await owner.call("POST", "roles", { body: { name: `${name} ${suffix}`, permissions } });
    return expectStatus(made, 201, `making a role ${name}`).json.id;
  };
  const above = await role("Above", ["policy.change", "tenant.read"]);
  const within = await role("Within", ["tenant.read", "role.change", "member.change-role"]);
  const ofAdmin = (method: string, path: string, body?: unknown) =>
    admin.client.call(method, path, body === undefined ? {} : { body });
  const more = { name: `More ${suffix}`, permissions: ["policy.change"] };
  const who = "admin";
  await expect("a role of what its maker lacks", who, ofAdmin("POST", "roles", more), [403]);
  await expect(
    "more into a role than one holds",
    who,
    ofAdmin("PATCH", `roles/${within}`, { permissions: more.permissions }),
    [403],
  );
  await expect(
    "a role above is made smaller",
    who,
    ofAdmin("PATCH", `roles/${above}`, { permissions: [] }),
    [403],
  );
  await expect("a role above is deleted", who, ofAdmin("DELETE", `roles/${above}`), [403]);
  await expect(
    "a role above for oneself",
    who,
    ofAdmin("PATCH", `members/${admin.id}`, { role: above }),
    [403],
  );
  const invited = { address: `above.${suffix}@elsewhere.example`, role: above };
  await expect("an invitation to a role above", who, ofAdmin("POST", "invitations", invited), [403]);
  for (const name of ["custom", "support"])
    await expect(
      `the role “${name}” for oneself`,
      who,
      ofAdmin("PATCH", `members/${admin.id}`, { role: name }),
      [422],
    );
  const [foreign] = (await stage.b.owner.client.call("GET", "members")).json.items;
  await expect(
    "a member of another workspace",
    who,
    ofAdmin("PATCH", `members/${foreign.id}`, { role: within }),
    [404],
  );
  const elsewhere = await stage.b.owner.client.call("POST", "roles", {
    body: { name: `There ${suffix}`, permissions: [] },
  });
  await expect(
    "a role of another workspace",
    who,
    ofAdmin("PATCH", `members/${admin.id}`, { role: elsewhere.json.id }),
    [404],
  );
  const scope = { name: "More", folder: null, networks: [], days: 1 };
  for (const key of ["policy.change", "account.use", "role.create"])
    await expect(
      `a key that holds ${key}`,
      who,
      ofAdmin("POST", "keys", { ...scope, permissions: [key] }),
      [403],
    );
  // Hired as an admin for the second factor that changing roles asks for.
  const person = await a.hire(`Raised ${suffix}`, "admin", owner);
  await expect(
    "a custom role is given",
    "owner",
    owner.call("PATCH", `members/${person.id}`, { body: { role: within } }),
    [204],
  );
  const own = { permissions: ["tenant.read", "role.change", "member.change-role", "tenant.change"] };
  await expect(
    "more into one's own role",
    "a member with it",
    person.client.call("PATCH", `roles/${within}`, { body: own }),
    [403],
  );
  await expect(
    "the built-in role above",
    "a member with it",
    person.client.call("PATCH", `members/${person.id}`, { body: { role: "admin" } }),
    [403],
  );
  const after = await person.client.call("PATCH", "tenant", { body: { name: a.name } });
  await expect("what that would have opened", "a member with it", Promise.resolve(after), [403]);
  // The positive control: whoever holds more changes the role, and what it opens.
  await expect(
    "the same by who holds it",
    "owner",
    owner.call("PATCH", `roles/${within}`, { body: own }),
    [204],
  );
  await expect(
    "and it is open",
    "a member with it",
    person.client.call("PATCH", "tenant", { body: { name: a.name } }),
    [200],
  );
}
