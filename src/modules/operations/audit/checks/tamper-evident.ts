import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { projectFolder } from "../../../../project.ts";
import { expectStatus, openClient } from "../../../trust/stage/client.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Company } from "../../../trust/stage/people.ts";
import { spareCompany } from "../../../trust/stage/spare-company.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { type Tampering, tamperings } from "./tamperings.ts";

/**
 * Takes a workspace's log away and gives it to the separate program, with the key that was published before; then
 * changes the log as the database's superuser, in one way after the other, takes it away again, and puts it back.
 */
export async function checkTamperEvident(stage: Stage): Promise<Outcome> {
  const company = await spareCompany(stage);
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-verify-"));
  const admin = new pg.Client(stage.server.databaseUrl("postgres"));
  await admin.connect();
  try {
    // A superuser goes past triggers and references, too.
    await admin.query("set session_replication_role = 'replica'");
    const auditor = await openAuditor(stage, company, folder);
    const heard = [await auditor.finds("the log as it is", VERIFIED), await auditor.findsOneEntry()];
    for (const tampering of tamperings) heard.push(await tried(admin, auditor, company, tampering));
    heard.push(await auditor.finds("the log, put back", VERIFIED));
    heard.push(...(await setBack(stage, admin, auditor, company)));
    heard.push(await auditor.findsGrowth(), await auditor.findsForgedNote());
    return outcomeOf(
      await Promise.all(heard.map((hears) => hears())),
      `one workspace's log, changed in ${tamperings.length + 2} ways by the database's superuser`,
    );
  } finally {
    await admin.end();
    rmSync(folder, { recursive: true, force: true });
  }
}

const VERIFIED = /^VERIFIED/;
const SUPERUSER = "the database's superuser";

/** What was taken away is given to the separate program at once, and what that says is heard in the end. */
type Hears = () => Promise<Finding>;
interface Auditor {
  finds(what: string, ...says: readonly RegExp[]): Promise<Hears>;
  findsOneEntry(): Promise<Hears>;
  findsGrowth(): Promise<Hears>;
  findsForgedNote(): Promise<Hears>;
}
const known =
  (found: Finding): Hears =>
  async () =>
    found;
const AT_ONCE = 2;

/** Somebody who kept the public key and a checkpoint, and holds a copy of verify/. */
async function openAuditor(stage: Stage, company: Company, folder: string): Promise<Auditor> {
  const { client } = company.owner;
  const key = join(folder, "key");
  const published = async () =>
    expectStatus(
      await openClient(stage.server.url, company.slug).call("GET", "/api/security/checkpoint"),
      200,
      "the checkpoint",
    ).json;
  const first = await published();
  writeFileSync(key, first.key);
  let files = 0;
  const write = (text: string): string => {
    const path = join(folder, String(files++));
    writeFileSync(path, text);
    return path;
  };
  // Beside the server, which goes on in this process, and no more of them than is good for it.
  const running: Promise<string>[] = [];
  const verify = (...args: string[]): Promise<string> => {
    const program = [join(projectFolder, "verify/main.ts"), ...args, "--key", key];
    const run = () =>
      // What it found stands on standard output, whichever way it ends.
      new Promise<string>((resolve) =>
        execFile(process.execPath, program, { env: {} }, (_, said) => resolve(said)),
      );
    const before = running[running.length - AT_ONCE];
    const next = before ? before.then(run) : run();
    running.push(next);
    return next;
  };
  const heard =
    (what: string, who: string, saying: Promise<string>, says: readonly RegExp[]): Hears =>
    async () => {
      const said = await saying;
      return finding(
        says.every((words) => words.test(said)),
        what,
        who,
        said.slice(0, 160).replaceAll("\n", " ") || "nothing",
      );
    };
  return {
    async finds(what, ...says) {
      const { text } = expectStatus(await client.call("GET", "audit/export?format=proof"), 200, "the export");
      return heard(what, says[0] === VERIFIED ? "verify/" : SUPERUSER, verify("export", write(text)), says);
    },
    async findsOneEntry() {
      const { json } = expectStatus(await client.call("GET", "audit?limit=1"), 200, "the log");
      const proof = expectStatus(await client.call("GET", `audit/${json.items[0].id}/proof`), 200, "a proof");
      return heard("one entry", "verify/", verify("entry", write(proof.text)), [VERIFIED]);
    },
    async findsForgedNote() {
      const { checkpoint } = await published();
      const said = verify("checkpoint", write(String(checkpoint).replace(/\n\d+\n/, "\n1\n")));
      return heard("a checkpoint of another size", "verify/", said, [/^NOT VERIFIED: .*signature/]);
    },
    async findsGrowth() {
      const last = await published();
      const range = `from=${first.size}&to=${last.size}`;
      const { json } = expectStatus(
        await client.call("GET", `/api/security/consistency?${range}`),
        200,
        "the growth",
      );
      const said = verify(
        "consistency",
        write(first.checkpoint),
        write(last.checkpoint),
        write(json.path.join("\n")),
      );
      return heard("the log since the first checkpoint", "verify/", said, [VERIFIED]);
    },
  };
}

/** Committed, since the server must see it; what was there is kept beside and put back. */
async function tried(
  admin: pg.Client,
  auditor: Auditor,
  { id }: Company,
  { what, sql, undo, says }: Tampering,
): Promise<Hears> {
  const inconclusive = (got: string): Hears => known({ verdict: "inconclusive", what, who: SUPERUSER, got });
  const { rows } = await admin.query<{ entry_id: string }>(
    "select entry_id from audit.place where tenant_id = $1 and number = 2",
    [id],
  );
  const chosen = [id, rows[0]?.entry_id];
  if (!chosen[1]) return inconclusive("the log has no such entry");
  await admin.query("create temporary table kept (like audit.entry)");
  await admin.query(
    "insert into kept select * from audit.entry where tenant_id = $1 and entry_id = $2",
    chosen,
  );
  try {
    const { rowCount } = await admin.query(sql, chosen);
    if (!rowCount) return inconclusive("nothing was changed");
    return await auditor.finds(what, /^NOT VERIFIED/, says);
  } finally {
    await admin.query(undo, chosen);
    await admin.query("drop table kept");
  }
}

const LONGEST_MS = 3000;
const SET_BACK = /set back/;

/** The newest entry is taken out without a trace; then the tree itself is set back. What is published tells both. */
async function setBack(stage: Stage, admin: pg.Client, auditor: Auditor, { id }: Company): Promise<Hears[]> {
  const visitor = openClient(stage.server.url, "operator");
  const told = async () =>
    expectStatus(await visitor.call("GET", "/api/security/checkpoint"), 200, "the checkpoint").json;
  // What everybody is told is up to two seconds old.
  const state = async (wanted: (told: { intact: boolean; problem: string }) => boolean) => {
    let last = await told();
    for (const end = Date.now() + LONGEST_MS; !wanted(last) && Date.now() < end; last = await told())
      await setTimeout(100);
    return last;
  };
  const said = (what: string, { intact, problem }: { intact: boolean; problem: string }, words: RegExp) =>
    known(finding(!intact && words.test(problem), what, SUPERUSER, problem ?? "nothing"));
  const before = await state(({ intact }) => intact);
  const findings = [
    known(finding(before.intact, "the published log", "everybody", before.problem ?? "as it was signed")),
  ];
  await admin.query(
    "create temporary table kept as select * from audit.place where tenant_id = $1 order by number desc limit 1",
    [id],
  );
  await admin.query(
    "create temporary table kept_entry as select e.* from audit.entry e join kept using (tenant_id, entry_id)",
  );
  await admin.query(
    "create temporary table kept_leaf as select * from audit.leaf order by leaf_index desc limit 1",
  );
  await admin.query(
    "delete from audit.entry e using kept k where e.tenant_id = k.tenant_id and e.entry_id = k.entry_id",
  );
  await admin.query(
    "delete from audit.place p using kept k where p.tenant_id = k.tenant_id and p.number = k.number",
  );
  findings.push(
    said("the newest entry and its number taken out", await state(({ intact }) => !intact), /lacks \d+ entr/),
  );
  findings.push(
    await auditor.finds("the newest entry and its number taken out", /^NOT VERIFIED/, /the end is missing/),
  );
  await admin.query(
    "insert into audit.place select * from kept; insert into audit.entry select * from kept_entry",
  );
  await admin.query("delete from audit.leaf l using kept_leaf k where l.leaf_index = k.leaf_index");
  findings.push(
    said("the tree set back by an entry", await state(({ problem }) => SET_BACK.test(problem)), SET_BACK),
  );
  await admin.query("insert into audit.leaf select * from kept_leaf; drop table kept, kept_entry, kept_leaf");
  return findings;
}
