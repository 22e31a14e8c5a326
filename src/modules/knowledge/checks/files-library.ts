import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../../../kernel/controls.ts";
import { newId } from "../../../kernel/ids.ts";
import { type Answer, type Client, expectStatus } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import { hireAnother } from "../../trust/stage/spare-company.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { shareWithAll, upload, waitUntilReady } from "../../trust/stage/workspace.ts";
import { pathOf, WORD } from "./files-kept.ts";

/** Originals of older versions, pieces of uploads that are not whole, and what lies in the bin. */
export async function filesOfTheLibrary(stage: Stage): Promise<Finding[]> {
  const { client, id: owner } = stage.a.people.manager[0];
  const others = [
    ...Object.values(stage.a.people)
      .flat()
      .filter(({ id }) => id !== owner),
    ...Object.values(stage.b.people).flat(),
  ];
  const [document] = await upload(client, [{ name: "Plan.txt", bytes: Buffer.from(`First ${WORD}.\n`) }]);
  const id = document?.id ?? "";
  await waitUntilReady(client, [id]);
  expectStatus(
    await client.call("POST", `documents/${id}/versions`, { raw: form(`Second ${WORD}.\n`) }),
    201,
    "a new version",
  );
  const second = await secondVersion(client, id);
  const files = await filesOf(stage, id);
  const findings: Finding[] = [
    finding(
      new Set(files).size === 2,
      "two versions",
      "whoever copies the file store",
      `${files.length} files`,
    ),
  ];
  const paths = [`documents/${id}/original`, `versions/${id}/original`, `versions/${second}/original`];
  const texts = [...paths, `versions/${id}/passages`, `versions/${second}/compare?with=${id}`];
  const everybody = async (when: string, status: number) => {
    for (const path of texts) {
      const own = await client.call("GET", path);
      findings.push(finding(own.status === status, shape(path), `its owner, ${when}`, String(own.status)));
      for (const { client: other, role } of others)
        findings.push(refused(path, `${role}, ${when}`, await other.call("GET", path)));
    }
  };
  await everybody("present", 200);
  for (const path of paths) {
    const { headers, text } = await client.call("GET", path);
    const inert =
      (headers.get("content-disposition") ?? "").startsWith("attachment;") &&
      (headers.get("content-security-policy") ?? "").includes("sandbox") &&
      headers.get("cache-control") === "no-store";
    findings.push(finding(inert && text.includes(WORD), shape(path), "its owner", "attachment, sandbox"));
  }
  // Shared with everybody: what is in the bin is nobody's to see all the same.
  await shareWithAll(client, "document", id);
  findings.push(...(await withoutVersions(stage, id)));
  expectStatus(await client.call("DELETE", `documents/${id}`), 204, "deleting");
  await everybody("in the bin", 404);
  findings.push(finding(await there(stage, files), "files in the bin", "its owner", "kept"));
  expectStatus(await client.call("POST", `bin/${id}/restore`, { body: {} }), 204, "bringing it back");
  const back = await client.call("GET", `versions/${id}/original`);
  findings.push(finding(back.text.includes(WORD), "brought back", "its owner", String(back.status)));
  findings.push(...(await pieces(stage, client, others)));
  await client.call("DELETE", `documents/${id}`);
  await client.call("DELETE", `bin/${id}`);
  let left = true;
  for (let tries = 0; left && tries < 50; tries++) {
    left = await there(stage, files);
    if (left) await sleep(20);
  }
  findings.push(
    finding(!left, "given up for ever", "the disk", left ? "still there" : "gone, of all versions"),
  );
  return findings;
}

const shape = (path: string): string => `GET /${path.replace(/[0-9a-f-]{36}/g, ":id")}`;

const refused = (path: string, who: string, { status, text }: Answer): Finding =>
  finding([403, 404].includes(status) && !text.includes(WORD), shape(path), who, String(status));

/** Who may download documents and not see their versions gets the present file alone. */
async function withoutVersions(stage: Stage, id: string): Promise<Finding[]> {
  const who = "whoever may only download";
  const { client: owner } = stage.a.people.owner[0];
  const body = { name: `Fetchers ${newId()}`, permissions: ["document.download"] };
  const { id: role } = expectStatus(await owner.call("POST", "roles", { body }), 201, "a role").json;
  const person = await hireAnother(stage.a, "Rune Falk", "viewer");
  expectStatus(await owner.call("PATCH", `members/${person.id}`, { body: { role } }), 204, "giving the role");
  const present = await person.client.call("GET", `documents/${id}/original`);
  return [
    finding(present.status === 200, "GET /documents/:id/original", who, String(present.status)),
    refused(`versions/${id}/original`, who, await person.client.call("GET", `versions/${id}/original`)),
  ];
}

/** A piece is ciphertext under a random name, its sender's alone, and gone when the upload is given up. */
async function pieces(
  stage: Stage,
  client: Client,
  others: readonly { readonly client: Client; readonly role: string }[],
): Promise<Finding[]> {
  const bytes = Buffer.from(`Third ${WORD}. `.repeat(20));
  const begun = { name: `${WORD}.txt`, bytes: bytes.length, folder: null };
  const { id } = expectStatus(await client.call("POST", "uploads", { body: begun }), 201, "an upload").json;
  const sent = form(bytes.toString(), 0);
  expectStatus(await client.call("POST", `uploads/${id}/pieces`, { raw: sent }), 200, "a piece");
  const files = await rows(stage, "select file from upload_piece where upload_id = $1", id);
  const folder = join(stage.server.system.config.home, "files");
  const all = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((e) => e.isFile());
  const contents = await Promise.all(all.map((e) => readFile(join(e.parentPath, e.name))));
  const clear = contents.filter((content) => content.includes(WORD)).length;
  const findings = [
    finding(
      clear === 0 && files.length === 1,
      "a piece of an upload",
      "whoever copies the file store",
      `${clear} in clear`,
    ),
  ];
  for (const { client: other, role } of others) {
    findings.push(refused(`uploads/${id}`, role, await other.call("GET", `uploads/${id}`)));
    const finished = await other.call("POST", `uploads/${id}/finish`, { body: {} });
    findings.push(refused(`uploads/${id}/finish`, role, finished));
  }
  await client.call("DELETE", `uploads/${id}`);
  await sleep(100);
  findings.push(
    finding(!(await there(stage, files)), "an upload that was given up", "the disk", "its pieces are gone"),
  );
  return findings;
}

function form(text: string, offset?: number): FormData {
  const made = new FormData();
  if (offset !== undefined) made.append("offset", String(offset));
  made.append("file", new Blob([text]), "Plan.txt");
  return made;
}

async function secondVersion(client: Client, id: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const { json } = await client.call("GET", `documents/${id}/versions`);
    const [newest] = json.items as { id: string; state: string; current: boolean }[];
    if (newest?.current && newest.id !== id) return newest.id;
    await sleep(50);
  }
  throw new Error("a version was not read");
}

const filesOf = (stage: Stage, id: string) =>
  rows(stage, "select file from document_version where document_id = $1", id);

async function rows(
  stage: Stage,
  statement:
    | "select file from document_version where document_id = $1"
    | "select file from upload_piece where upload_id = $1",
  id: string,
): Promise<string[]> {
  const files: string[] = [];
  await stage.sql("postgres", async (client) => {
    const found = await client.query<{ file: string }>(statement, [id]);
    files.push(...found.rows.map((row) => row.file));
  });
  return files;
}

async function there(stage: Stage, files: readonly string[]): Promise<boolean> {
  const { home } = stage.server.system.config;
  const found = await Promise.all(
    files.map((file) =>
      readFile(pathOf(home, file)).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.some(Boolean);
}
