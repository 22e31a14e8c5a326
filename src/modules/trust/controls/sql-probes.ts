import type pg from "pg";
import type { Finding } from "../../../kernel/controls.ts";
import type { Client } from "../stage/client.ts";
import { finding } from "../stage/finding.ts";
import { hireAnother, spareCompany } from "../stage/spare-company.ts";
import type { Stage } from "../stage/stage.ts";
import { upload, waitUntilReady } from "../stage/workspace.ts";
import { type Field, type Operation, readOperations, requestOf } from "./fields.ts";

/** What breaks out of a statement that was put together from text, whatever quotes stand around it. */
const METACHARACTERS = [
  "' or 1=1 --",
  "'; drop table member cascade; select pg_sleep(9); --",
  "\\' union select \"a\" from member where '%'='",
  "$1 {a,b}",
] as const;
/** The same for fields that take addresses only. */
const ADDRESSES = ["'or'1'='1@x.example", "$1'||'%--@x.example"] as const;
const SLOW_MS = 8000;
const AT_ONCE = 4;

/** SQL into every string of every route: never a 5xx, nothing slept, nothing found that was not there, nothing lost. */
export async function probeSql(stage: Stage): Promise<Finding[]> {
  const company = await spareCompany(stage);
  const prober = await hireAnother(company, "Vesna Orlo", "owner");
  const { client } = prober;
  const operations = await readOperations(stage.server.url);
  const before = await countRows(stage);
  const findings: Finding[] = [];
  const probes = operations.flatMap((operation) => operation.fields.map((field) => ({ operation, field })));
  // Before anything renames the workspace: under the name of a probe, the same probe would close it.
  const closes = ({ operation }: (typeof probes)[number]) => operation.path.endsWith("/tenant/closing");
  for (const { operation, field } of probes.filter(closes))
    findings.push(await probeField(client, operation, field));
  const waiting = probes.filter((probe) => !closes(probe));
  const probeNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const ofOperator = /\/(tenants|controls)\b/.test(next.operation.path);
      const who = ofOperator ? stage.founder.operator.client : client;
      findings.push(await probeField(who, next.operation, next.field));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, probeNext));
  // The prober's own name and their workspace's were written to; every other table keeps at least what it had.
  await client.call("PATCH", "tenant", { body: { name: company.name } });
  const after = await countRows(stage);
  for (const [table, rows] of before) {
    // A queue: what waits in it moves into the log by itself.
    if (table === "audit.staged") continue;
    const now = after.get(table) ?? -1;
    findings.push(finding(now >= rows, `rows of ${table}`, "after all probes", `${rows}, then ${now}`));
  }
  return [...findings, ...(await unaffected(client))];
}

async function probeField(client: Client, operation: Operation, field: Field): Promise<Finding> {
  const all = field.schema.format === "email" ? [...METACHARACTERS, ...ADDRESSES] : METACHARACTERS;
  // Where a try hashes a password or reads a file, one has it all: a quote that breaks out is a syntax error anyway.
  const costly = operation.rate === "sign-in" || field.place === "file";
  const payloads = costly ? [field.schema.format === "email" ? ADDRESSES[0] : METACHARACTERS.join(" ")] : all;
  const worst = { status: 0, ms: 0 };
  for (const payload of payloads) {
    const request = requestOf(operation, client.slug, { [field.key]: payload });
    const started = performance.now();
    const { status } = await send(client, request);
    worst.status = Math.max(worst.status, status);
    worst.ms = Math.max(worst.ms, performance.now() - started);
  }
  const held = worst.status > 0 && worst.status < 500 && worst.ms < SLOW_MS;
  return finding(
    held,
    field.key,
    `${payloads.length} times SQL`,
    `at worst ${worst.status} in ${Math.round(worst.ms)} ms`,
  );
}

async function send(client: Client, { method, path, body, file }: ReturnType<typeof requestOf>) {
  if (!file) return client.call(method, path, body ? { body } : {});
  const form = new FormData();
  form.append("file", new Blob([file.content]), file.name);
  return client.call(method, path, { raw: form });
}

/** What is looked for with SQL in it is looked for as it stands, and what is stored comes back as it was. */
async function unaffected(client: Client): Promise<Finding[]> {
  const [document] = await upload(client, [
    { name: "Jetty repairs.txt", bytes: Buffer.from("The jetty is repaired in spring.\n") },
  ]);
  if (!document) throw new Error("nothing was uploaded");
  await waitUntilReady(client, [document.id]);
  const count = async (path: string): Promise<number> =>
    (await client.call("GET", path)).json?.items?.length ?? -1;
  const q = encodeURIComponent;
  const findings: Finding[] = [];
  const expectCount = async (what: string, path: string, right: (n: number) => boolean) => {
    const n = await count(path);
    findings.push(finding(right(n), what, "a member", `${n} found`));
  };
  await expectCount("search jetty", "search?q=jetty", (n) => n === 1);
  for (const sql of ["xyzzy", "xyzzy' or 'plugh'='plugh", "xyzzy%' --"]) {
    await expectCount(`search ${sql}`, `search?q=${q(sql)}`, (n) => n === 0);
  }
  const names = (await client.call("GET", "documents?limit=200")).json.items.map((d: { name: string }) =>
    d.name.toLowerCase(),
  );
  for (const sql of ["jetty", "' or 1=1 --", "%", "_"]) {
    const right = names.filter((name: string) => sql.split(" ").every((word) => name.includes(word))).length;
    await expectCount(`documents named ${sql}`, `documents?limit=200&q=${q(sql)}`, (n) => n === right);
  }
  await expectCount("entries of session.", "audit?event=session.", (n) => n >= 1);
  for (const sql of ["' or 1=1 --", "%", "_ession.", "session.%' --"]) {
    await expectCount(`entries of ${sql}`, `audit?event=${q(sql)}`, (n) => n === 0);
  }
  for (const name of METACHARACTERS) {
    const { json } = await client.call("PATCH", "account", { body: { name } });
    const kept = await client.call("GET", "session");
    findings.push(
      finding(
        json?.name === name && kept.json?.me.name === name,
        `a name ${name}`,
        "a member",
        String(kept.json?.me.name),
      ),
    );
  }
  return findings;
}

async function countRows(stage: Stage): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await stage.sql("postgres", async (client: pg.Client) => {
    const { rows } = await client.query<{ name: string; rows: string }>(
      `select c.oid::regclass::text as name,
              (xpath('/row/n/text()', query_to_xml(format('select count(*) as n from %s', c.oid::regclass), false, true, '')))[1]::text as rows
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where c.relkind = 'r' and n.nspname in ('public', 'audit', 'directory', 'platform')
           and c.relname not in ('session', 'sign_in_guard', 'index_posting', 'index_segment', 'index_manifest', 'index_tombstone', 'visibility_epoch')`,
    );
    for (const { name, rows: n } of rows) counts.set(name, Number(n));
  });
  return counts;
}
