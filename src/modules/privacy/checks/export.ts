import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Decrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { days } from "../../../kernel/clock.ts";
import { type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { projectFolder } from "../../../project.ts";
import { type Client, expectStatus } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import { credentialsOf } from "../../trust/stage/live-operations.ts";
import type { Company, Person } from "../../trust/stage/people.ts";
import { hireAnother, spareCompany } from "../../trust/stage/spare-company.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { upload } from "../../trust/stage/workspace.ts";
import { endExports } from "../export/ending.ts";
import { exported, notExported } from "../export/tables.ts";
import { tenantTables } from "../sealed.ts";
import { unpacked } from "./unpacked.ts";

const OWN = "The owner's own page, which nobody else can see.";
const COLLEAGUES = "A colleague's own page, which nobody else can see.";

/** An owner takes out everything, a member their own; and nobody else gets either. */
export async function checkExport(stage: Stage): Promise<Outcome> {
  const company = await spareCompany(stage);
  const colleague = await hireAnother(company, "Perrin Vale", "manager");
  await upload(company.owner.client, [{ name: "page.md", bytes: Buffer.from(OWN) }]);
  await upload(colleague.client, [{ name: "page.md", bytes: Buffer.from(COLLEAGUES) }]);
  const findings = [...(await tablesFindings(stage, company))];
  const whole = await made(company.owner.client, "exports", {});
  findings.push(...(await wholeFindings(company, colleague, whole)));
  findings.push(...(await ownFindings(company, colleague)));
  findings.push(await encryptedFinding(company.owner));
  findings.push(...(await othersFindings(stage, company, colleague, whole)));
  return outcomeOf(findings, `${findings.length} looks at exports of a workspace and of a person`);
}

/** Every table that the catalog knows is taken out, or stays for a reason. */
async function tablesFindings({ server }: Stage, { id, slug }: Company): Promise<Finding[]> {
  const tables = await tenantTables(jobContext(server.system, { tenantId: id, slug }));
  return tables.map(({ name }) => {
    const reason = notExported[name];
    return finding(
      name in exported || reason !== undefined,
      `table ${name}`,
      "the catalog",
      reason ?? "taken out",
    );
  });
}

async function wholeFindings(company: Company, colleague: Person, id: string): Promise<Finding[]> {
  const files = await unpacked(await part(company.owner.client, id));
  const root = `${company.slug}-1/`;
  const originals = [...files]
    .filter(([path]) => path.startsWith(`${root}documents/`))
    .map(([, b]) => b.toString());
  const sums = (files.get(`${root}SHA256SUMS`)?.toString() ?? "").trim().split("\n");
  const right = sums.filter((line) => {
    const [sum, path = ""] = line.split("  ");
    return (
      createHash("sha256")
        .update(files.get(root + path) ?? "")
        .digest("hex") === sum
    );
  });
  const listed = [`${root}SHA256SUMS`, `${root}manifest.json`];
  const unlisted = [...files.keys()].filter(
    (path) => !listed.includes(path) && !sums.some((line) => line.endsWith(path.slice(root.length))),
  );
  const members = files.get(`${root}data/member.json`)?.toString() ?? "";
  const notice = expectStatus(await colleague.client.call("GET", "notices"), 200, "notices").json.items;
  const told = notice.some(({ kind }: { kind: string }) => kind === "workspace-exported");
  const log = await verified(files.get(`${root}audit/log.jsonl`)?.toString() ?? "");
  return [
    finding(
      originals.includes(OWN) && originals.includes(COLLEAGUES),
      "originals, private ones too",
      "the whole workspace",
      `${originals.length} files`,
    ),
    finding(
      right.length === sums.length && sums.length > 20 && unlisted.length === 0,
      "checksums",
      "the whole workspace",
      `${right.length} of ${sums.length} are right, ${unlisted.length} files have none`,
    ),
    finding(
      members.includes(colleague.address) && !/password|argon2/.test(members),
      "members, without their passwords",
      "the whole workspace",
      `${members.length} bytes`,
    ),
    finding(
      /^VERIFIED|unchanged, in order and complete/m.test(log),
      "the audit log in it",
      "verify/",
      log.split("\n")[0] ?? "",
    ),
    finding(
      told,
      "a colleague is told that theirs was taken out",
      colleague.name,
      told ? "told" : "not told",
    ),
  ];
}

async function ownFindings(company: Company, colleague: Person): Promise<Finding[]> {
  const id = await made(colleague.client, "account/exports", {});
  const files = await unpacked(await part(colleague.client, id));
  const all = [...files.values()].map((bytes) => bytes.toString()).join("\n");
  return [
    finding(
      all.includes(COLLEAGUES) && all.includes(colleague.address),
      "one's own documents and account",
      colleague.name,
      `${files.size} files`,
    ),
    finding(
      !all.includes(OWN) && !all.includes(company.owner.address),
      "nothing of anybody else's",
      colleague.name,
      "looked for in all of them",
    ),
  ];
}

async function encryptedFinding({ client }: Person): Promise<Finding> {
  const identity = await generateX25519Identity();
  const id = await made(client, "account/exports", { recipient: await identityToRecipient(identity) });
  const bytes = await part(client, id);
  const readable = await unpacked(bytes).then(
    () => true,
    () => false,
  );
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const opened = await unpacked(Buffer.from(await decrypter.decrypt(bytes)));
  return finding(
    !readable && opened.size > 0,
    "encrypted to a key of one's own",
    "age",
    readable ? "in clear" : "opens with that key only",
  );
}

/** Others get nothing, nor anybody without a session, nor its owner once its time is over. */
async function othersFindings(
  stage: Stage,
  company: Company,
  colleague: Person,
  id: string,
): Promise<Finding[]> {
  const { system } = stage.server;
  const at = `exports/${id}/parts/1`;
  const findings: Finding[] = [];
  const bare = await fetch(`${company.owner.client.origin}/api/t/${company.slug}/${at}`);
  findings.push(finding(bare.status === 401, "fetching it", "nobody who is signed in", String(bare.status)));
  const tries: [string, Client][] = [
    ["a colleague", colleague.client],
    ["another customer's owner", stage.a.owner.client],
  ];
  for (const [who, client] of tries) {
    const { status } = await client.call("GET", at);
    findings.push(finding(status === 404, "fetching it", who, String(status)));
  }
  const asked = await colleague.client.call("POST", "exports", { body: {} });
  findings.push(finding(asked.status === 403, "asking for everything", "a manager", String(asked.status)));
  const range = await fetch(`${company.owner.client.origin}/api/t/${company.slug}/${at}`, {
    headers: { ...credentialsOf(company.owner.client), range: "bytes=0-3" },
  });
  const head = Buffer.from(await range.arrayBuffer()).toString("latin1");
  findings.push(
    finding(
      range.status === 206 && head === "PK\u0003\u0004",
      "a range of it",
      "its owner",
      String(range.status),
    ),
  );
  await endExports({ ...system, clock: () => new Date(system.clock().getTime() + days(7.1)) });
  const { status } = await company.owner.client.call("GET", at);
  findings.push(finding(status === 404, "fetching it, seven days later", "its owner", String(status)));
  return findings;
}

async function made(client: Client, path: string, body: object): Promise<string> {
  const { id } = expectStatus(await client.call("POST", path, { body }), 201, "asking for an export").json;
  for (let tries = 0; tries < 400; tries++) {
    const { json } = expectStatus(await client.call("GET", "exports"), 200, "looking at exports");
    if (json.items.find((one: { id: string }) => one.id === id)?.state === "ready") return id;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("an export took too long");
}

async function part(client: Client, id: string): Promise<Buffer> {
  const answer = await fetch(`${client.origin}/api/t/${client.slug}/exports/${id}/parts/1`, {
    headers: credentialsOf(client),
  });
  if (answer.status !== 200) throw new Error(`fetching an export: ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
}

/** What the stand-alone program says of the log in an export. */
async function verified(lines: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-export-"));
  try {
    const file = join(folder, "log.jsonl");
    writeFileSync(file, lines);
    const { key } = JSON.parse(lines.split("\n")[0] ?? "") as { key: string };
    const program = [join(projectFolder, "verify/main.ts"), "export", file, "--key", key];
    const { stdout } = await promisify(execFile)(process.execPath, program).catch(
      (error: { stdout: string }) => error,
    );
    return stdout;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
