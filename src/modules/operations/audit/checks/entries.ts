import pg from "pg";
import { type AuditContent, auditCell } from "../../../../kernel/audit.ts";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import type { Answer } from "../../../trust/stage/client.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Person } from "../../../trust/stage/people.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { everyChange } from "./every-change.ts";
import type { Step } from "./step.ts";

const LATEST_MS = 10_000;
const LOOPBACK = ["127.0.0.1", "::1", "::ffff:127.0.0.1"];

/**
 * One successful call of every route that changes something, each followed by a look at the log as the database's
 * superuser: exactly its own event, with who, what, when and from where, and no secret in it.
 */
export async function checkEntries(stage: Stage): Promise<Outcome> {
  const log = await openLog(stage);
  const findings: Finding[] = [];
  const covered = new Set<string>();
  try {
    for await (const step of everyChange(stage)) {
      const agent = `Checker ${findings.length} (${step.route})`;
      const before = await log.ids();
      const answer = await step.send({ "user-agent": agent });
      const entries = await log.since(before);
      covered.add(step.route);
      findings.push(judge(stage, step, answer, entries, agent));
      step.after?.(answer);
    }
    findings.push(...retrospective(stage, await log.of(await log.tenantId("operator")), covered));
    findings.push(...uncovered(stage, covered), ...(await readers(stage, log)));
  } finally {
    await log.close();
  }
  return outcomeOf(findings, `${covered.size} routes that change something, ${findings.length} checks`);
}

interface Entry {
  readonly entry_id: string;
  readonly tenant_id: string;
  readonly at: Date;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly role: string | null;
  readonly event: string;
  readonly resource_type: string;
  readonly resource_id: string | null;
  readonly outcome: string;
  readonly content: AuditContent | null;
}

/** The log as the superuser reads it, its contents opened with the tenants' keys. */
async function openLog(stage: Stage) {
  const client = new pg.Client(stage.server.databaseUrl("postgres"));
  await client.connect();
  const opened = async (rows: (Omit<Entry, "content"> & { content: Buffer | null })[]): Promise<Entry[]> =>
    Promise.all(
      rows.map(async (row) => {
        const keys = await stage.server.system.keyring.tenant(row.tenant_id);
        const content =
          row.content && (JSON.parse(keys.openText(auditCell(row.entry_id), row.content)) as AuditContent);
        return { ...row, content };
      }),
    );
  return {
    ids: async () =>
      (await client.query<{ entry_id: string }>("select entry_id from audit.entry")).rows.map(
        (r) => r.entry_id,
      ),
    since: async (before: readonly string[]) =>
      opened(
        (
          await client.query(
            // Not what the database adds of its own beside a route's entry, which has no content.
            `select * from audit.entry where entry_id <> all($1::uuid[])
               and not (commitment is null and event in
                 ('closing.began', 'closing.ended', 'purge.began', 'erasure.began', 'entry.emptied'))
               order by at, entry_id`,
            [before],
          )
        ).rows,
      ),
    of: async (tenantId: string) =>
      opened((await client.query("select * from audit.entry where tenant_id = $1", [tenantId])).rows),
    tenantId: async (slug: string) =>
      (
        await client.query<{ tenant_id: string }>(
          "select tenant_id from directory.tenant_slug where slug = $1",
          [slug],
        )
      ).rows[0]?.tenant_id ?? "",
    close: () => client.end(),
  };
}

type Log = Awaited<ReturnType<typeof openLog>>;

function judge(stage: Stage, step: Step, answer: Answer, entries: readonly Entry[], agent: string): Finding {
  const who = step.actor ? `as ${step.actor.role}` : "as a visitor";
  const what = step.outcome === "refused" ? `${step.route}, refused` : step.route;
  if (answer.status !== step.status) {
    const got = `${answer.status} instead of ${step.status}: ${answer.text.slice(0, 120)}`;
    return { verdict: "broken", what, who, got };
  }
  const declared = stage.server.routes.find((r) => `${r.method} ${r.url}` === step.route)?.audit;
  const event = step.event ?? (typeof declared === "string" ? declared : null);
  if (event === null) {
    return finding(
      entries.length === 0,
      what,
      who,
      entries.length === 0 ? "changes nothing, records nothing" : `${entries.length} entries`,
    );
  }
  const all = entries.filter((e) => e.tenant_id === step.tenant);
  const own = step.besides ? all.filter((e) => e.event === event) : all;
  const others = entries.filter((e) => e.tenant_id !== step.tenant);
  const problems =
    own.length === 1 && own[0]
      ? problemsOf(step, answer, own[0], event, agent)
      : [`${own.length} entries of its workspace`];
  if (all.length !== own.length + (step.besides ?? 0)) problems.push(`${all.length - own.length} beside it`);
  if (others.length !== (step.elsewhere ?? 0)) problems.push(`${others.length} entries of other workspaces`);
  const secrets = entries.filter((e) => step.secrets?.some((secret) => JSON.stringify(e).includes(secret)));
  if (secrets.length > 0) problems.push("a secret is in the entry");
  return finding(
    problems.length === 0,
    what,
    who,
    problems.join("; ") || `${event}, with who, when and from where`,
  );
}

function problemsOf(step: Step, answer: Answer, entry: Entry, event: string, agent: string): string[] {
  const { actor } = step;
  const resource = typeof step.resource === "function" ? step.resource(answer) : step.resource;
  const expected: [string, unknown, unknown][] = [
    ["event", entry.event, event],
    ["kind of actor", entry.actor_kind, actor ? "member" : "visitor"],
    ["actor", entry.actor_id, actor?.id ?? null],
    ["role", entry.role, actor?.role ?? null],
    ["outcome", entry.outcome, step.outcome ?? "done"],
    ...(step.emptied ? [] : [["user agent", entry.content?.userAgent, agent] as [string, unknown, unknown]]),
    ["record", entry.resource_id, resource ?? entry.resource_id],
    ...Object.entries(step.changes ?? {}).map(([field, values]): [string, unknown, unknown] => [
      field,
      JSON.stringify(entry.content?.changes?.[field]),
      JSON.stringify(values),
    ]),
  ];
  const problems = expected
    .filter(([, got, right]) => got !== right)
    .map(([name, got, right]) => `${name} is ${got}, not ${right}`);
  if (!step.emptied && !LOOPBACK.includes(entry.content?.ip ?? ""))
    problems.push(`address ${entry.content?.ip}`);
  if (Math.abs(Date.now() - entry.at.getTime()) > LATEST_MS) problems.push(`time ${entry.at.toISOString()}`);
  return problems;
}

/** What can be done once in an installation's life was done when the stage was opened: its entries are still there. */
function retrospective(stage: Stage, entries: readonly Entry[], covered: Set<string>): Finding[] {
  const { operator } = stage.founder;
  return [
    ["POST /api/set-up", "installation.set-up", "operator"] as const,
    ["POST /api/t/:slug/verification", "member.address-verified", "visitor"] as const,
  ].map(([route, event, kind]) => {
    covered.add(route);
    const found = entries.filter(
      (e) => e.event === event && e.actor_kind === kind && e.resource_id === operator.id,
    );
    const [entry] = found;
    const complete = LOOPBACK.includes(entry?.content?.ip ?? "") && (entry?.content?.userAgent ?? "") !== "";
    return finding(
      found.length === 1 && complete,
      route,
      "when this installation was set up",
      `${found.length} × ${event}`,
    );
  });
}

/** Taken from the running server, not from the table that also declares the events. */
function uncovered(stage: Stage, covered: ReadonlySet<string>): Finding[] {
  const changing = stage.server.liveRoutes.filter(
    ({ method }) => !["GET", "HEAD", "OPTIONS"].includes(method),
  );
  const audited = stage.server.routes
    .filter((r) => typeof r.audit === "string")
    .map((r) => `${r.method} ${r.url}`);
  const all = new Set([...changing.map(({ method, url }) => `${method} ${url}`), ...audited]);
  return [...all]
    .filter((route) => !covered.has(route))
    .map((route) => finding(false, route, "coverage", "the script does not call it"));
}

/** The log of a workspace is read by those of it who may, and by nobody else. */
async function readers(stage: Stage, log: Log): Promise<Finding[]> {
  const { a, b } = stage;
  const ids = new Set((await log.of(a.id)).map((e) => e.entry_id));
  const read = async (person: Person, query = "") => {
    const { status, json } = await person.client.call("GET", `audit?limit=200${query}`);
    const items = (json?.items ?? []) as { id: string }[];
    return { status, items: items.length, ofA: items.filter(({ id }) => ids.has(id)).length };
  };
  const own = await read(a.owner);
  const foreign = await read(b.owner);
  const asked = await read(b.owner, `&actor=${a.owner.id}`);
  const operator = await read(stage.founder.operator);
  const viewer = await read(a.people.viewer[0]);
  return [
    finding(
      own.ofA > 0 && own.ofA === own.items,
      "GET audit",
      "owner of A",
      `${own.ofA} entries of A, ${own.items - own.ofA} others`,
    ),
    finding(
      foreign.items > 0 && foreign.ofA === 0,
      "GET audit",
      "owner of B",
      `${foreign.ofA} entries of A, ${foreign.items} own`,
    ),
    finding(
      asked.status === 200 && asked.items === 0,
      "GET audit of an actor of A",
      "owner of B",
      `${asked.items} entries`,
    ),
    finding(operator.ofA === 0, "GET audit", "the operator", `${operator.ofA} entries of A`),
    finding(viewer.status === 403, "GET audit", "viewer of A", String(viewer.status)),
  ];
}
