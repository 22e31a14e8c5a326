import { isDeepStrictEqual } from "node:util";
import pg from "pg";
import { type Control, type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { catalogue } from "../catalogue.ts";
import type { ControlResult } from "../controls/run.ts";
import { FRESH_FOR } from "../runs/schedule.ts";
import { storeRun } from "../runs/service.ts";
import { expectStatus, openClient } from "../stage/client.ts";
import { finding } from "../stage/finding.ts";
import type { Stage } from "../stage/stage.ts";
import { asPublic } from "./reader.ts";
import { emptyPage } from "./settings.ts";

export const pageControls: readonly Control<Stage>[] = [
  {
    id: "trust.page",
    kind: "tested",
    removed: "the age at which a result turns grey",
    check: checkPage,
  },
  {
    id: "trust.gaps",
    kind: "tested",
    removed: "the claims that nothing checks, which were left out",
    check: checkGaps,
  },
  {
    id: "trust.security-txt",
    kind: "tested",
    removed: "the date on which the file expires",
    check: checkSecurityTxt,
  },
];

const GREEN = "tenancy.isolation-database";
const RED = "http.csrf";
const NOTHING = "audit.entries";

/**
 * Stores runs of the checks as the schedule does, each alone, and asks for the page: what held is green, what broke is
 * red at once and without its way in, what is old or of another version is grey, and what nobody signed is not shown.
 */
async function checkPage(stage: Stage): Promise<Outcome> {
  const { system } = stage.server;
  const findings: Finding[] = [];
  const results = [made(GREEN, "held"), made(RED, "broken"), { ...made(NOTHING, "not-run"), subjects: 0 }];
  const sees = async (what: string, id: string, expected: string) => {
    const seen = (await pageOf(stage)).claims.get(id);
    findings.push(finding(seen?.result === expected, what, "the page", `${seen?.kind}, ${seen?.result}`));
    return seen;
  };
  const alone = async (run: Parameters<typeof storeRun>[2]) => {
    await withoutRuns(stage);
    await storeRun(system, results, run);
  };
  await alone({});
  await sees("what held", GREEN, "held");
  const broken = await sees("what broke", RED, "broken");
  findings.push(
    finding(
      broken?.evidence.length === 0,
      "the way in",
      "the page",
      `${broken?.evidence.length} lines of it`,
    ),
  );
  await sees("what found nothing to check", NOTHING, "not-run");
  await alone({ version: `${system.version}-other` });
  await sees("what held in another version", GREEN, "stale");
  await sees("what broke in another version", RED, "broken");
  const now = system.clock().getTime();
  await alone({ at: new Date(now - FRESH_FOR - 60_000) });
  await sees("what held 26 hours and a minute ago", GREEN, "stale");
  await sees("what broke 26 hours and a minute ago", RED, "broken");
  await alone({ at: new Date(now - FRESH_FOR + 60_000) });
  await sees("what held 26 hours ago but for a minute", GREEN, "held");
  findings.push(...(await forged(stage)), ...(await outOfReach(stage)));
  await withoutRuns(stage);
  return outcomeOf(
    findings,
    "runs of the checks, stored as the schedule stores them, and one that was forged",
  );
}

/** A row that the application's role can write, since it writes such rows, but without the key. */
async function forged(stage: Stage): Promise<Finding[]> {
  const { system } = stage.server;
  const at = new Date(system.clock().getTime() + 1000);
  const { rows } = await system.pool.query<{ note: string }>("select note from platform.control_run");
  await system.pool.query(
    "insert into platform.control_run (run_id, at, version, results, note) values ($1, $2, $3, $4, $5)",
    [newId(), at, system.version, JSON.stringify([made(RED, "held")]), rows[0]?.note ?? ""],
  );
  const { json, claims } = await pageOf(stage);
  const seen = claims.get(RED)?.result;
  return [
    finding(
      seen !== "held",
      "a result that was written past the checks",
      "the application's role",
      `${seen}`,
    ),
    finding(
      json.forged === true,
      "that there is such a result",
      "the page",
      json.forged ? "says so" : "is silent",
    ),
  ];
}

/** What the page reads with is refused every table that is not the installation's own, and nothing but reading. */
async function outOfReach({ server: { system }, sql }: Stage): Promise<Finding[]> {
  const names: string[] = [];
  await sql("postgres", async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', n.nspname, c.relname) as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm') and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
          and (n.nspname <> 'platform' or c.relname in ('canary', 'signing_key', 'set_up'))`,
    );
    names.push(...rows.map(({ name }) => name));
  });
  const open: string[] = [];
  for (const name of names)
    await asPublic(system, (ask) => ask(`select 1 from ${name} limit 1`)).then(
      () => open.push(name),
      () => {},
    );
  const own = await asPublic(system, (ask) => ask("select 1 as one from platform.control_run limit 1"));
  return [
    finding(
      open.length === 0 && names.length > 0 && own.length === 1,
      "every table that holds customers’ rows",
      "what the page reads with",
      open.join(", ") || `${names.length} tables refused`,
    ),
  ];
}

/** Every claim there is stands on the page, and none without a result looks like more than that. */
async function checkGaps(stage: Stage): Promise<Outcome> {
  await withoutRuns(stage);
  await storeRun(stage.server.system, [made(GREEN, "held")]);
  const { claims } = await pageOf(stage);
  const findings = catalogue.map(({ id, words }) => {
    const seen = claims.get(id);
    const got = seen ? `${seen.kind}, ${seen.result}` : "not on the page";
    const right =
      id === GREEN ? seen?.result === "held" : seen?.kind !== "tested" && seen?.result === "not-run";
    return finding(
      seen?.words === words && right,
      id,
      id === GREEN ? "with a result" : "without a result",
      got,
    );
  });
  await withoutRuns(stage);
  return outcomeOf(findings, `all ${catalogue.length} claims, with a run that speaks for one of them`);
}

/** No file before the operator has said where reports go; then one as RFC 9116 asks for it. */
async function checkSecurityTxt(stage: Stage): Promise<Outcome> {
  const { client } = stage.founder.operator;
  const fetched = () => openClient(stage.server.url, "operator").call("GET", "/.well-known/security.txt");
  const put = (page: object) => client.call("PUT", "public-page", { body: { ...emptyPage, ...page } });
  const empty = expectStatus(await put({}), 200, "an empty page");
  const findings = [
    finding((await fetched()).status === 404, "the file", "before there is a contact", `${empty.status}`),
  ];
  for (const contact of [
    "security@example.com",
    "http://example.com",
    "mailto:a@b.example\nContact: mailto:x@y.example",
    "javascript:alert(1)",
  ]) {
    const { status } = await put({ contacts: [contact] });
    findings.push(
      finding(status === 422, `a contact such as ${JSON.stringify(contact)}`, "the operator", String(status)),
    );
  }
  const contacts = ["mailto:security@example.com", "https://example.com/report"];
  expectStatus(
    await put({ contacts, languages: ["en", "de"], policy: "https://example.com/policy" }),
    200,
    "a page",
  );
  const { status, text, headers } = await fetched();
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const fields = Map.groupBy(lines, (line) => line.slice(0, line.indexOf(":")).toLowerCase());
  const valuesOf = (name: string) =>
    (fields.get(name) ?? []).map((line) => line.slice(name.length + 1).trim());
  const [expires = ""] = valuesOf("expires");
  const days = (Date.parse(expires) - Date.now()) / 86_400_000;
  const is = (right: boolean, what: string, got: string) =>
    findings.push(finding(right, what, "RFC 9116", got || "missing"));
  is(
    status === 200 && (headers.get("content-type") ?? "").startsWith("text/plain"),
    "the file",
    `${status} ${headers.get("content-type")}`,
  );
  is(valuesOf("contact").join() === contacts.join(), "Contact, in order", valuesOf("contact").join(", "));
  is(valuesOf("expires").length === 1 && days > 1 && days < 366, "Expires, once, within a year", expires);
  is(
    valuesOf("preferred-languages").join() === "en, de",
    "Preferred-Languages",
    valuesOf("preferred-languages").join(),
  );
  is(valuesOf("policy").join() === "https://example.com/policy", "Policy", valuesOf("policy").join());
  expectStatus(await put({}), 200, "an empty page");
  return outcomeOf(findings, "the file as the operator's words make it");
}

interface Seen {
  readonly id: string;
  readonly words: string;
  readonly kind: string;
  readonly result: string;
  readonly evidence: readonly unknown[];
}

/** The page as a visitor's browser reads it, and as a machine does: they must not differ. */
async function pageOf(stage: Stage) {
  const visitor = openClient(stage.server.url, "operator");
  const { json } = expectStatus(await visitor.call("GET", "/api/security"), 200, "the page");
  const machine = expectStatus(await visitor.call("GET", "/security.json"), 200, "the page for machines");
  if (!isDeepStrictEqual(machine.json, json)) throw new Error("the page for machines says something else");
  const all: Seen[] = json.questions.flatMap((question: { claims: Seen[] }) => question.claims);
  return { json, claims: new Map(all.map((claim) => [claim.id, claim])) };
}

async function withoutRuns(stage: Stage): Promise<void> {
  const admin = new pg.Client(stage.server.databaseUrl("postgres"));
  await admin.connect();
  await admin.query("delete from platform.control_run").finally(() => admin.end());
}

function made(id: string, result: "held" | "broken" | "not-run"): ControlResult {
  const claim = catalogue.find((c) => c.id === id);
  if (!claim) throw new Error(`${id} is not in the catalogue`);
  return {
    id,
    claim: claim.words,
    kind: "tested",
    result,
    subjects: 3,
    routes: 0,
    evidence: [{ verdict: "held", what: "something", who: "somebody", got: "404" }],
    summary: "Made for the check of the page",
    removed: "nothing",
    couldBeWrong: null,
    at: new Date().toISOString(),
    version: "",
    ms: 1,
  };
}
