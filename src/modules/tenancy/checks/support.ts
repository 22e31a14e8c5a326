import { randomBytes } from "node:crypto";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { accessCookie, refreshCookie } from "../../../kernel/routes/guards.ts";
import { type Client, expectStatus, openClient } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import {
  credentialsOf,
  forEach,
  knockAt,
  type LiveOperation,
  liveOperations,
} from "../../trust/stage/live-operations.ts";
import { type Person, signInAgain } from "../../trust/stage/people.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { upload, waitUntilReady } from "../../trust/stage/workspace.ts";

/** Reviewed by people: what the operator's staff may do under a grant, and nothing else. */
const REVIEWED = [
  "account.sessions",
  "account.use",
  "chat.read",
  "document.download",
  "document.read",
  "folder.read",
  "group.read",
  "member.read",
  "policy.read",
  "role.read",
  "search.use",
  "tenant.read",
];

/**
 * The operator's staff at the doors of a workspace: without a grant, under one, after it has ended or run out, with an
 * old second factor, after they signed out at the operator's; every route that the server is mounted with; and what both audit logs say of it.
 */
export async function checkSupport(stage: Stage): Promise<Outcome> {
  const operations = await liveOperations(stage);
  const firm = await openFirm(stage);
  const staff = await signInAgain(stage.founder.operator);
  const findings: Finding[] = [];
  findings.push(...(await withoutGrant(stage, firm, staff, operations)));
  const entered = await enter(firm, staff, 4);
  findings.push(...(await underGrant(stage, firm, entered, operations)));
  findings.push(...(await bothLogs(stage, firm, staff)));
  findings.push(...(await afterwards(stage, firm, staff, entered)));
  findings.push(...(await withOldFactor(stage, firm, staff)));
  findings.push(...(await signedOutThere(stage, firm)));
  return {
    ...outcomeOf(findings, `${operations.length} routes, before, under and after a grant`),
    routes: operations.length,
  };
}

interface Firm {
  readonly id: string;
  readonly slug: string;
  readonly owner: Person;
  /** A document that is its owner's alone, one shared with everybody; a word that stands in both. */
  readonly hidden: string;
  readonly shared: string;
  readonly word: string;
  readonly chat: string;
}

interface Entered {
  readonly grant: string;
  readonly guest: Client;
}

async function openFirm(stage: Stage): Promise<Firm> {
  const suffix = randomBytes(4).toString("hex");
  const firm = await stage.founder.found(`helped-${suffix}`, "Helped Out", "Hedda Rask");
  const { client } = firm.owner;
  const word = `lantern${suffix}`;
  const bytes = Buffer.from(`The ${word} is kept in the boathouse.\n`);
  const [hidden] = await upload(client, [{ name: "Hidden.txt", bytes }], "private");
  const [shared] = await upload(client, [{ name: "Shared.txt", bytes }], "tenant");
  if (!hidden || !shared) throw new Error("nothing was uploaded");
  await waitUntilReady(client, [hidden.id, shared.id]);
  const chat = expectStatus(await client.call("POST", "chats", { body: {} }), 201, "opening a chat").json.id;
  return {
    id: firm.id,
    slug: firm.slug,
    owner: firm.owner,
    hidden: hidden.id,
    shared: shared.id,
    word,
    chat,
  };
}

const grantTo = async (firm: Firm, hours: number): Promise<string> => {
  const body = { hours, reason: "Search finds nothing" };
  return expectStatus(await firm.owner.client.call("POST", "support-grants", { body }), 201, "granting").json
    .id;
};

async function enter(firm: Firm, staff: Person, hours: number): Promise<Entered> {
  const grant = await grantTo(firm, hours);
  const answer = await staff.client.call("POST", `support/${grant}/enter`, { body: {} });
  expectStatus(answer, 200, "entering under a grant");
  return { grant, guest: await guestOf(firm, staff) };
}

/** The browser's cookies for the workspace, as the answer set them. */
async function guestOf(firm: Firm, staff: Person): Promise<Client> {
  const guest = openClient(staff.client.origin, firm.slug);
  for (const name of [accessCookie(firm.slug), refreshCookie(firm.slug)])
    guest.cookies.set(name, staff.client.cookies.get(name) ?? "");
  await guest.call("GET", "session");
  return guest;
}

/** With the operator's own session, under its own name and dressed up as one of the workspace. */
async function withoutGrant(
  stage: Stage,
  firm: Firm,
  { client }: Person,
  operations: readonly LiveOperation[],
): Promise<Finding[]> {
  const token = client.cookies.get(accessCookie("operator")) ?? "";
  const dressed = { cookie: `${accessCookie(firm.slug)}=${token}`, "x-csrf-token": client.csrf };
  const guarded = operations.filter((o) => o.permission !== null);
  const findings: Finding[] = [];
  for (const [who, headers] of [
    ["the operator's session", credentialsOf(client)],
    ["the operator's session under the workspace's cookie", dressed],
  ] as const) {
    const got = await forEach(guarded, async (o) => ({
      o,
      ...(await knockAt(stage, firm.slug, o, headers)),
    }));
    findings.push(
      ...got.map(({ o, status }) => finding(status === 401, `${o.name}, no grant`, who, String(status))),
    );
  }
  const listed = await client.call("GET", "support");
  const there = listed.json.items.some((g: { tenant: { id: string } }) => g.tenant.id === firm.id);
  const entering = await client.call("POST", `support/${newId()}/enter`, { body: {} });
  const ofCustomer = await firm.owner.client.call("GET", "support");
  return [
    ...findings,
    finding(listed.status === 200 && !there, "GET /support", "the operator", there ? "listed" : "not listed"),
    finding(
      entering.status === 404,
      "POST /support/{id}/enter, no such grant",
      "the operator",
      String(entering.status),
    ),
    finding(ofCustomer.status === 403, "GET /support", "a customer's owner", String(ofCustomer.status)),
  ];
}

/** What is for support and nothing else, of what is shared with everybody and nothing else. */
async function underGrant(
  stage: Stage,
  firm: Firm,
  { guest }: Entered,
  operations: readonly LiveOperation[],
): Promise<Finding[]> {
  const session = await guest.call("GET", "session");
  const held: string[] = [...(session.json?.me?.permissions ?? [])].sort();
  const who = "staff under a grant";
  const findings = [
    finding(held.join() === REVIEWED.join(), "what the staff may do", who, held.join(", ")),
    finding(session.json?.me?.role === "support", "their role", who, session.json?.me?.role),
  ];
  // What ends the session comes last.
  const guarded = operations.filter((o) => o.permission !== null && !/^DELETE .session/.test(o.name));
  await forEach(guarded, async (operation) => {
    const { status, code, outside } = await knockAt(stage, firm.slug, operation, credentialsOf(guest));
    const mayAsk = REVIEWED.includes(operation.permission ?? "");
    const right = mayAsk ? !outside && code !== "signed_out" && status < 500 : outside;
    findings.push(finding(right, operation.name, who, `${status} ${code ?? ""}`.trim()));
  });
  const reads = async (what: string, path: string, expected: (text: string, status: number) => boolean) => {
    const { status, text } = await guest.call("GET", path);
    findings.push(finding(expected(text, status), what, who, `${status}, ${text.length} characters`));
  };
  await reads("a document of one's own", `documents/${firm.hidden}`, (_, status) => status === 404);
  await reads("its original", `documents/${firm.hidden}/original`, (_, status) => status === 404);
  await reads("a chat of one's own", `chats/${firm.chat}`, (_, status) => status === 404);
  await reads("the list of chats", "chats", (text, status) => status === 200 && !text.includes(firm.chat));
  await reads("a document for everybody", `documents/${firm.shared}`, (_, status) => status === 200);
  await reads(
    "the list of documents",
    "documents",
    (text) => text.includes(firm.shared) && !text.includes(firm.hidden),
  );
  await reads(
    "a search for what stands in both",
    `search?q=${firm.word}`,
    (text) => text.includes(firm.shared) && !text.includes(firm.hidden),
  );
  findings.push(...(await whoIsTold(stage, firm)), ...(await whatIsGiven(firm, session.json.me.id)));
  const banner = await firm.owner.client.call("GET", "session");
  findings.push(
    finding(
      !!banner.json.support?.until,
      "the banner",
      "everybody in the workspace",
      banner.json.support?.until ?? "none",
    ),
  );
  return findings;
}

/** Nobody widens what the staff see: by a share, a group, or a role. */
async function whatIsGiven({ owner, hidden }: Firm, guest: string): Promise<Finding[]> {
  const { client } = owner;
  const group = await client.call("POST", "groups", { body: { name: "Helpers" } });
  const share = { with: { kind: "member", id: guest }, access: "read" };
  const attempts = [
    ["a document for the staff alone", "POST", `documents/${hidden}/shares`, share, 404],
    ["the staff in a group", "PUT", `groups/${group.json?.id}/members`, { add: [guest], remove: [] }, 404],
    ["a role for the staff", "PATCH", `members/${guest}`, { role: "viewer" }, 409],
  ] as const;
  const findings: Finding[] = [];
  for (const [what, method, path, body, expected] of attempts) {
    const { status } = await client.call(method, path, { body });
    findings.push(finding(status === expected, what, "the workspace's owner", String(status)));
  }
  return findings;
}

/** The one function that answers across workspaces, asked by the application's own role in each of three. */
async function whoIsTold(stage: Stage, firm: Firm): Promise<Finding[]> {
  const operators = await stage.server.system.directory.tenantBySlug("operator");
  const findings: Finding[] = [];
  await stage.sql("vouchsafe_app", async (client) => {
    for (const [who, id, told] of [
      ["the operator's workspace", operators, true],
      ["the workspace itself", firm.id, false],
      ["another workspace", stage.b.id, false],
    ] as const) {
      await client.query("select set_config('vouchsafe.tenant', $1, true)", [id]);
      const { rows } = await client.query("select tenant_id from directory.support_grants(now())");
      const knows = rows.some((row) => row.tenant_id === firm.id);
      findings.push(
        finding(knows === told, "the grants in force", who, knows ? "told of it" : "told of none"),
      );
    }
  });
  return findings;
}

async function bothLogs(stage: Stage, firm: Firm, staff: Person): Promise<Finding[]> {
  const { operator } = stage.founder;
  const newest = async (client: Client) =>
    (await client.call("GET", "audit?event=support.entered&limit=1")).json?.items?.[0] ?? null;
  const [theirs, ours] = [await newest(firm.owner.client), await newest(staff.client)];
  const granted = await firm.owner.client.call("GET", "audit?event=support.granted&limit=1");
  return [
    finding(
      theirs?.actor?.role === "support" && theirs?.actor?.name?.includes(operator.name),
      "the entry in the workspace's audit log",
      "its owner",
      `${theirs?.event ?? "none"} by ${theirs?.actor?.name}`,
    ),
    finding(
      ours?.actor?.id === operator.id && JSON.stringify(ours?.changes).includes(firm.slug),
      "the entry in the operator's audit log",
      "the operator",
      `${ours?.event ?? "none"}, ${JSON.stringify(ours?.changes)}`,
    ),
    finding(
      granted.json?.items?.length === 1,
      "the grant in the workspace's audit log",
      "its owner",
      `${granted.json?.items?.length} entries`,
    ),
  ];
}

/** Ended by an admin, or run out: the next request is refused, so is a refresh. */
async function afterwards(stage: Stage, firm: Firm, staff: Person, first: Entered): Promise<Finding[]> {
  const findings: Finding[] = [];
  const refused = async (what: string, guest: Client, grant: string) => {
    const next = await guest.call("GET", "documents");
    const refresh = await guest.call("POST", "session/refresh", { body: {} });
    const again = await staff.client.call("POST", `support/${grant}/enter`, { body: {} });
    findings.push(
      finding(next.status === 401, `the next request, ${what}`, "staff", String(next.status)),
      finding(refresh.status === 401, `a refresh, ${what}`, "staff", String(refresh.status)),
      finding(again.status === 404, `another entry, ${what}`, "staff", String(again.status)),
    );
  };
  const ended = await firm.owner.client.call("DELETE", `support-grants/${first.grant}`);
  expectStatus(ended, 204, "ending a grant");
  await refused("after the grant was ended", first.guest, first.grant);
  const second = await enter(firm, staff, 1);
  const works = await second.guest.call("POST", "session/refresh", { body: {} });
  findings.push(
    finding(works.status === 200, "a refresh, while the grant is in force", "staff", String(works.status)),
  );
  const ends = await sessionEnd(stage, firm);
  findings.push(
    finding(
      ends <= Date.now() + 3_600_000,
      "when the session ends",
      "the database",
      new Date(ends).toISOString(),
    ),
  );
  await changeDirectly(
    stage,
    "update support_grant set created_at = now() - interval '2 hours', until = now() - interval '1 second' where grant_id = $1",
    second.grant,
  );
  await refused("a second after the grant ran out", second.guest, second.grant);
  return findings;
}

/** Who signs out at the operator's is out of the workspace as well; in another session they stay. */
async function signedOutThere(stage: Stage, firm: Firm): Promise<Finding[]> {
  const { operator } = stage.founder;
  const [leaving, staying] = [await signInAgain(operator), await signInAgain(operator)];
  const { grant, guest } = await enter(firm, leaving, 1);
  const entering = await staying.client.call("POST", `support/${grant}/enter`, { body: {} });
  expectStatus(entering, 200, "entering once more");
  const other = await guestOf(firm, staying);
  expectStatus(await leaving.client.call("DELETE", "session"), 204, "signing out at the operator's");
  const findings: Finding[] = [];
  for (const [what, client, expected] of [
    ["after they signed out at the operator's", guest, 401],
    ["from another session, which stands", other, 200],
  ] as const) {
    const next = await client.call("GET", "documents");
    const refresh = await client.call("POST", "session/refresh", { body: {} });
    findings.push(
      finding(next.status === expected, `the next request, ${what}`, "staff", String(next.status)),
      finding(refresh.status === expected, `a refresh, ${what}`, "staff", String(refresh.status)),
    );
  }
  await firm.owner.client.call("DELETE", `support-grants/${grant}`);
  return findings;
}

async function withOldFactor(stage: Stage, firm: Firm, staff: Person): Promise<Finding[]> {
  const grant = await grantTo(firm, 1);
  const { operator } = stage.founder;
  const old = await signInAgain(operator);
  old.client.confirm = null;
  await changeDirectly(
    stage,
    "update session set factor_at = now() - interval '6 minutes' where member_id = $1",
    operator.id,
  );
  const { status, json } = await old.client.call("POST", `support/${grant}/enter`, { body: {} });
  const code = json?.error?.code;
  await firm.owner.client.call("DELETE", `support-grants/${grant}`);
  return [
    finding(
      code === "step_up_required" && staff.id === operator.id,
      "POST /support/{id}/enter",
      "staff with a second factor of six minutes ago",
      `${status} ${code ?? ""}`,
    ),
  ];
}

async function sessionEnd(stage: Stage, firm: Firm): Promise<number> {
  let ends = Number.POSITIVE_INFINITY;
  await stage.sql("postgres", async (client) => {
    const { rows } = await client.query<{ ends: Date }>(
      `select max(s.expires_at) as ends from session s join member m using (tenant_id, member_id)
         where s.tenant_id = $1 and m.role = 'support' and s.ended_at is null`,
      [firm.id],
    );
    ends = rows[0]?.ends?.getTime() ?? ends;
  });
  return ends;
}

async function changeDirectly(stage: Stage, sql: string, id: string): Promise<void> {
  await stage.sql("postgres", async (client) => {
    await client.query(sql, [id]);
    await client.query("commit");
  });
}
