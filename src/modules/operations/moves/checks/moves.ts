import { generateKeyPairSync, randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { readConfig } from "../../../../kernel/config.ts";
import type { Ctx } from "../../../../kernel/context.ts";
import { noDemand } from "../../../../kernel/context.ts";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { withDatabase } from "../../../../kernel/database/migrate.ts";
import { openHome } from "../../../../kernel/home.ts";
import { newId } from "../../../../kernel/ids.ts";
import { jobContext } from "../../../../kernel/jobs.ts";
import { openLog } from "../../../../kernel/log.ts";
import { type OpenSystem, openSystem } from "../../../../kernel/open-system.ts";
import type { System } from "../../../../kernel/system.ts";
import { tenantNameCell } from "../../../identity/members.ts";
import { signIn } from "../../../identity/sign-in/service.ts";
import { finding } from "../../../trust/stage/finding.ts";
import { PASSWORD } from "../../../trust/stage/people.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { upload } from "../../../trust/stage/workspace.ts";
import { signerOf } from "../../audit/log/keeper.ts";
import type { NoteSigner } from "../../audit/log/note.ts";
import { publicLog } from "../../audit/log/proofs.ts";
import { type BackedUp, withBackups } from "../../backup/checks/backups-of-stage.ts";
import { choose } from "../../backup/choosing.ts";
import { isBackupFailure } from "../../backup/failure.ts";
import { folderPlace } from "../../backup/places.ts";
import { backUp } from "../../backup/service.ts";
import { restoreBeside } from "../beside.ts";
import { exportTenant } from "../exporting.ts";
import { type ImportOptions, importTenant } from "../importing.ts";
import { type Forgery, forgeArchive, once, rawId, rawTime, replaced } from "./forging.ts";

/**
 * One workspace of the stage stands as a copy beside it, and another moves into that copy's installation: both are there,
 * open, and nothing else is; and archives that somebody else made of it are refused.
 */
export function checkMoves(stage: Stage): Promise<Outcome> {
  return withBackups(stage, async (on) => {
    // With the stage: what is ended in the middle leaves both to be removed.
    const home = await mkdtemp(join(stage.server.system.config.home, "copy-"));
    const adminUrl = withDatabase(stage.server.databaseUrl("postgres"), "postgres");
    const database = `copy_${randomBytes(5).toString("hex")}`;
    const url = (role: "vouchsafe_app" | "vouchsafe_jobs" | "postgres") =>
      withDatabase(stage.server.databaseUrl(role), database);
    const server = new pg.Client(adminUrl);
    await server.connect();
    const closing: (() => Promise<unknown>)[] = [];
    try {
      await upload(stage.b.people.manager[0].client, [
        { name: "Berths.md", bytes: Buffer.from("# Berths\n\nBerth 7 is let until May.\n") },
      ]);
      await server.query(`create database ${database} template template0`);
      await backUp(on.system, "operator");
      const { data } = await choose([folderPlace(on.folder)], {});
      const problem = await restoreBeside({
        system: on.system,
        live: { adminUrl, database: new pg.Client(stage.server.databaseUrl("postgres")).database ?? "" },
        folder: home,
        slug: stage.a.slug,
        data,
        identities: [on.identity],
        log: openLog("silent"),
        start: async (folder) => {
          openHome(folder);
          return { adminUrl, database, url, stop: async () => {} };
        },
      }).then(() => null, wordsOf);
      if (problem !== null)
        return outcomeOf(
          [finding(false, "a copy of one workspace", "the operator", problem)],
          "one workspace copied beside the installation",
        );
      const copy = await openCopy(home, url);
      closing.push(() => copy.close());
      const beside = await lookBeside(stage, copy, url("postgres"));
      await server.query(`create database ${database}_scratch template template0`);
      const moved = await lookMoved(stage, on, copy, {
        live: { adminUrl, database },
        scratch: { adminUrl, database: `${database}_scratch` },
      });
      return outcomeOf(
        [...beside, ...moved],
        "one workspace copied beside the installation, another moved into that one",
      );
    } finally {
      for (const close of closing) await close();
      for (const name of [`${database}_scratch`, `${database}_arriving`, database])
        await server.query(`drop database if exists ${name} with (force)`);
      await server.end();
      await rm(home, { recursive: true, force: true });
    }
  });
}

function openCopy(
  home: string,
  url: (role: "vouchsafe_app" | "vouchsafe_jobs") => string,
): Promise<OpenSystem> {
  const read = readConfig({}, home);
  if (!("config" in read)) throw new Error("unreachable: no variable has a problem");
  const urls = { app: url("vouchsafe_app"), jobs: url("vouchsafe_jobs") };
  return openSystem({
    config: read.config,
    log: openLog("silent"),
    version: "0.0.0",
    urls,
    soleProcess: true,
    env: {},
  });
}

async function lookBeside({ a, b }: Stage, copy: System, url: string): Promise<Finding[]> {
  const tenants = await rowsOf(url, "select tenant_id from tenant");
  const keys = (await readdir(join(copy.config.home, "keys"))).filter((name) => name.startsWith(b.id));
  const state = await enters(copy, url, { tenantId: a.id, slug: a.slug }, a.people.viewer[0].address);
  return [
    finding(
      tenants.join() === a.id,
      "the workspaces in a copy",
      "the database's superuser",
      `${tenants.length}`,
    ),
    finding(keys.length === 0, "another's keys in a copy", "whoever reads its folder", `${keys.length}`),
    finding(state === "open", "a copy, with the password of that day", "a member", state),
  ];
}

async function lookMoved(
  { b }: Stage,
  on: BackedUp,
  copy: System,
  at: Pick<ImportOptions, "live" | "scratch">,
): Promise<Finding[]> {
  await b.owner.client.call("POST", "invitations", {
    body: { address: `later@${b.slug}.example`, role: "viewer" },
  });
  const { name, signedBy } = await exportTenant(on.system, {
    slug: b.slug,
    to: folderPlace(on.folder),
    recipients: [on.recipient],
  });
  const url = withDatabase(at.live.adminUrl, at.live.database);
  await becomeOperator(copy, url);
  const options = { ...at, system: copy, identities: [on.identity], signedBy, slug: "moved" };
  const archive = async () => once(await readFile(join(on.folder, name)));
  const findings: Finding[] = [];
  for (const [what, refused] of await hostile(on, b.id, name)) {
    const code = await importTenant({ ...options, ...refused }).then(() => "taken in", codeOf);
    const left = await rowsOf(url, `select tenant_id from tenant where tenant_id = '${b.id}'`);
    findings.push(
      finding(
        code === "damaged" && left.length === 0 && !copy.keyring.has(b.id),
        what,
        "a hostile operator",
        code,
      ),
    );
  }
  // It is here by now, as it must not be.
  if (findings.some(({ verdict }) => verdict === "broken")) return findings;
  const { entries } = await importTenant({ ...options, archive });
  const state = await enters(copy, url, { tenantId: b.id, slug: "moved" }, b.people.viewer[0].address);
  const { intact } = await publicLog(copy);
  const open = await rowsOf(
    url,
    `select invitation_id from invitation where tenant_id = '${b.id}' and accepted_at is null and revoked_at is null`,
  );
  return [
    ...findings,
    finding(state === "open", "a moved workspace, with the old password", "a member", state),
    finding(open.length === 0, "an invitation of the old place", "whoever holds one", `${open.length} stand`),
    finding(
      intact && entries > 0,
      "the log that it came into",
      "everybody",
      `${entries} entries, ${intact ? "intact" : "broken"}`,
    ),
  ];
}

type Refused = Pick<ImportOptions, "archive">;

/** Archives that must not be taken, each with what is wrong with it. */
async function hostile(
  { system, folder, identity, recipient }: BackedUp,
  tenantId: string,
  name: string,
): Promise<[what: string, refused: Refused][]> {
  const own = await signerOf(system);
  const forged = async (change: Forgery, signer = own): Promise<Refused> => {
    const bytes = await forgeArchive({ folder, name, identity, recipient, signer }, change);
    return { archive: async () => once(bytes) };
  };
  const inTable = (table: string, from: string, to: string): Forgery => ({
    table: (given, rows) => (given === table ? replaced(rows, from, to) : rows),
  });
  const stranger: NoteSigner = { name: own.name, privateKey: generateKeyPairSync("ed25519").privateKey };
  const others = rawId("0190a4c4-0000-7000-8000-000000000001");
  const otherFile = (rows: Buffer) =>
    Buffer.from(
      rows.toString("latin1").replace(/\0\0\0 [0-9a-f]{32}/g, `\0\0\0 ${"ab".repeat(16)}`),
      "latin1",
    );
  return [
    ["an archive that somebody else signed", await forged({}, stranger)],
    ["a row of another workspace", await forged(inTable("public.member", rawId(tenantId), others))],
    [
      "a workspace that says it is an operator's",
      await forged(inTable("public.tenant", "customer", "operator")),
    ],
    [
      "an entry of its log that was changed",
      await forged(inTable("audit.entry", "session.started", "session.stopped")),
    ],
    [
      "a time that would stop a timer of all workspaces",
      await forged({ column: ["public.member", "last_sign_in_at", rawTime(Date.UTC(20_000, 0))] }),
    ],
    [
      "the name of a stored file that did not come along",
      await forged({
        table: (given, rows) => (given === "public.document_version" ? otherFile(rows) : rows),
      }),
    ],
  ];
}

/** What a right address and password come to: `open`, `second-factor`, or a code of refusal. */
async function enters(
  system: System,
  url: string,
  tenant: { tenantId: string; slug: string },
  address: string,
): Promise<string> {
  // Wrong passwords that another check gave came along, and ask for more than this one knows.
  await rowsOf(url, "delete from sign_in_guard");
  const ctx: Ctx = {
    ...jobContext(system, tenant),
    actor: { kind: "visitor" },
    demand: { ...noDemand, changes: true },
    origin: { ip: "127.0.0.1", userAgent: "check" },
  };
  return signIn(ctx, address, PASSWORD).then(({ state }) => state, codeOf);
}

/** Of a failure that has words for a person; any other is none of the check's findings. */
function wordsOf(error: unknown): string {
  if (isBackupFailure(error)) return error.message;
  throw error;
}

const codeOf = (error: unknown): string => String((error as { code?: string }).code ?? error);

/** Who takes customers in must be there: in the copy there is nobody yet. */
async function becomeOperator(system: System, url: string): Promise<void> {
  const id = newId();
  await system.keyring.create(id);
  const name = (await system.keyring.tenant(id)).seal(tenantNameCell(id), "Operations").toString("hex");
  await rowsOf(
    url,
    `insert into tenant (tenant_id, kind, name) values ('${id}', 'operator', '\\x${name}');
     insert into directory.tenant_slug (slug, tenant_id) values ('operator', '${id}')`,
  );
}

/** The first column of what a superuser sees. */
async function rowsOf(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    const { rows } = await client.query({ text, rowMode: "array" });
    return (rows ?? []).flat();
  } finally {
    await client.end();
  }
}
