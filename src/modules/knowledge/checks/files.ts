import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Finding } from "../../../kernel/controls.ts";
import type { Answer, Client } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import { signIn } from "../../trust/stage/people.ts";
import { inPieces, total } from "../../trust/stage/pieces.ts";
import { hireAnother, spareCompany } from "../../trust/stage/spare-company.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { upload } from "../../trust/stage/workspace.ts";
import { addresses } from "./files-addresses.ts";
import { type File, type Kept, pathOf, WORD } from "./files-kept.ts";
import { filesOfTheLibrary } from "./files-library.ts";
import { packedFiles } from "./files-packed.ts";
import { readerOfFiles } from "./files-reader.ts";

/** Originals lie encrypted under random names, no address serves them without the right, and they are served inert. */
export const filesCheck = inPieces(
  keep,
  {
    disk: onDisk,
    addresses,
    downloads,
    inert: (_, kept) => inert(kept),
    reader: readerOfFiles,
    packed: packedFiles,
    library: filesOfTheLibrary,
    deletion: afterDeletion,
  },
  (counts, { files }) => ({ summary: `${files.length} originals, ${total(counts)} checks` }),
);

const ACTIVE = `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><script>alert(1)</script>${WORD}</svg>`;
const AWKWARD = `x"; filename="evil.html"; y='é%0d%0aset-cookie: a=b.html`;

/** Files as an attacker would choose them; the same one twice, and one of several chunks. */
async function keep(stage: Stage): Promise<Kept> {
  const owner = stage.a.people.manager[0];
  const text = Buffer.from(`The spare key is under the third step. ${WORD}\n`);
  const given = [
    { name: "Where the key is.txt", bytes: text },
    { name: "Where the key is.txt", bytes: text },
    { name: AWKWARD, bytes: Buffer.from(`<!doctype html><title>x</title>${ACTIVE}`) },
    { name: "picture.svg.html", bytes: Buffer.from(`<html>${ACTIVE}</html>`) },
    { name: "long.txt", bytes: Buffer.from(`${randomBytes(100_000).toString("base64")}\n${WORD}\n`) },
  ];
  const documents = await upload(owner.client, given);
  const files: File[] = [];
  await stage.sql("postgres", async (client) => {
    for (const [i, { id }] of documents.entries()) {
      const { rows } = await client.query<{ file: string }>(
        "select file from document where document_id = $1",
        [id],
      );
      const { name, bytes } = given[i] as (typeof given)[number];
      files.push({ id, given: name, bytes, stored: rows[0]?.file ?? "" });
    }
  });
  return { owner, files };
}

const RANDOM_NAME = /^[0-9a-f]{32}$/;

async function onDisk(stage: Stage, { files }: Kept): Promise<Finding[]> {
  const { home } = stage.server.system.config;
  const names = await readdir(join(home, "files"), { recursive: true, withFileTypes: true });
  const all = names.filter((e) => e.isFile());
  const contents = await Promise.all(all.map((e) => readFile(join(e.parentPath, e.name))));
  const odd = all.filter((e) => !RANDOM_NAME.test(e.name));
  const findings = [
    finding(
      odd.length === 0 && all.length > 0,
      "names in the file store",
      "whoever copies it",
      `${all.length} random, ${odd.length} others`,
    ),
    finding(
      new Set(files.map((f) => f.stored)).size === files.length,
      "the same file twice",
      "whoever copies it",
      "two names",
    ),
  ];
  for (const { given, bytes, stored } of files) {
    // Three windows of the original, and its name: none of them is in any file.
    const windows = [0, Math.floor(bytes.length / 2), bytes.length - 24].map((at) =>
      bytes.subarray(Math.max(0, at), at + 24),
    );
    const seen = [...windows, Buffer.from(given)].some((part) =>
      contents.some((file) => file.includes(part)),
    );
    const sealed = await readFile(pathOf(home, stored));
    const overhead = sealed.length - bytes.length;
    findings.push(
      finding(
        !seen && overhead > 0 && overhead < 1000,
        `the original ${given.slice(0, 20)}`,
        "whoever copies the file store",
        seen ? "seen in clear" : `ciphertext, ${overhead} bytes longer`,
      ),
    );
  }
  const [first, second] = [files[0], files[1]];
  const same =
    first &&
    second &&
    (await readFile(pathOf(home, first.stored))).equals(await readFile(pathOf(home, second.stored)));
  findings.push(
    finding(
      same === false,
      "the same file twice",
      "whoever copies it",
      same ? "the same ciphertext" : "two ciphertexts",
    ),
  );
  return findings;
}

async function downloads(stage: Stage, { owner, files }: Kept): Promise<Finding[]> {
  const { a, b, server } = stage;
  const [file] = files;
  if (!file) throw new Error("nothing was kept");
  const path = `documents/${file.id}/original`;
  const inA = `/api/t/${a.slug}/${path}`;
  const findings: Finding[] = [];
  const expect = (who: string, answer: Answer, status: number) => {
    const leaks = status !== 200 && answer.text.includes(WORD);
    findings.push(
      finding(answer.status === status && !leaks, "GET /documents/:id/original", who, String(answer.status)),
    );
  };
  const own = await owner.client.call("GET", path);
  expect("its owner", own, 200);
  findings.push(
    finding(
      own.text === file.bytes.toString(),
      "what was downloaded",
      "its owner",
      "the bytes that were uploaded",
    ),
  );
  for (const [role, [first, second]] of Object.entries(a.people)) {
    for (const person of [first, second])
      if (person.id !== owner.id)
        expect(`${role} of the same company`, await person.client.call("GET", path), 404);
  }
  for (const [role, [person]] of Object.entries(b.people)) {
    expect(`${role} of another company, in their own`, await person.client.call("GET", path), 404);
    expect(`${role} of another company, in its`, await person.client.call("GET", inA), 401);
    expect(
      `${role} of another company, their token under its name`,
      await renamed(person.client, a.slug).call("GET", inA),
      401,
    );
  }
  expect("the operator", await stage.founder.operator.client.call("GET", inA), 401);

  // Rights that end, end for the next download: signed out, suspended, removed.
  const company = await spareCompany(stage);
  const leaving = await hireAnother(company, "Silas Moor", "manager");
  const [theirs] = await upload(leaving.client, [
    { name: "theirs.txt", bytes: Buffer.from(`Theirs ${WORD}\n`) },
  ]);
  const at = `documents/${theirs?.id}/original`;
  const second = await signIn(server.url, company.slug, leaving.address, leaving.password, "manager");
  const cookies = new Map(second.client.cookies);
  expect("its owner, in a second session", await second.client.call("GET", at), 200);
  await second.client.call("DELETE", "session");
  for (const [name, value] of cookies) second.client.cookies.set(name, value);
  expect("its owner, after signing out", await second.client.call("GET", at), 401);
  await company.owner.client.call("PUT", `members/${leaving.id}/suspension`, { body: {} });
  expect("its owner, suspended", await leaving.client.call("GET", at), 401);
  return findings;
}

/** A client that carries another company's token under the name of this one's cookie. */
function renamed(client: Client, slug: string): Client {
  const cookies = new Map(
    [...client.cookies].map(([name, value]) => [name.replace(client.slug, slug), value]),
  );
  return { ...client, cookies, call: (method, path) => callWith(client.origin, method, path, cookies) };
}

async function callWith(
  origin: string,
  method: string,
  path: string,
  cookies: ReadonlyMap<string, string>,
): Promise<Answer> {
  const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  const response = await fetch(origin + path, { method, headers: { cookie } });
  return { status: response.status, headers: response.headers, text: await response.text(), json: null };
}

async function inert({ owner, files }: Kept): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { id, given } of files) {
    for (const headers of [{}, { accept: "text/html" }, { range: "bytes=0-10" }] as Record<
      string,
      string
    >[]) {
      const answer = await owner.client.call("GET", `documents/${id}/original`, { headers });
      const header = (name: string) => answer.headers.get(name) ?? "";
      const right =
        /^attachment; filename\*=UTF-8''[A-Za-z0-9%._~!-]+$/.test(header("content-disposition")) &&
        header("content-type") === "application/octet-stream" &&
        header("x-content-type-options") === "nosniff" &&
        /(^|;)\s*sandbox\s*(;|$)/.test(header("content-security-policy")) &&
        header("content-security-policy").includes("default-src 'none'") &&
        header("cache-control") === "no-store" &&
        header("set-cookie") === "";
      findings.push(
        finding(
          answer.status === 200 && right,
          `headers of ${given.slice(0, 20)}`,
          Object.keys(headers)[0] ?? "plainly asked",
          right ? "attachment, sandbox, nosniff, not cached" : header("content-disposition"),
        ),
      );
    }
  }
  return findings;
}

async function afterDeletion(stage: Stage, { owner, files }: Kept): Promise<Finding[]> {
  const { home } = stage.server.system.config;
  const findings: Finding[] = [];
  for (const { id, stored } of files) {
    const { status } = await owner.client.call("DELETE", `documents/${id}`);
    const gone = await owner.client.call("GET", `documents/${id}/original`);
    await owner.client.call("DELETE", `bin/${id}`);
    let there = true;
    for (let tries = 0; there && tries < 50; tries++) {
      there = await readFile(pathOf(home, stored)).then(
        () => true,
        () => false,
      );
      if (there) await new Promise((resolve) => setTimeout(resolve, 20));
    }
    findings.push(
      finding(
        status === 204 && gone.status === 404 && !there,
        "a deleted original",
        "its owner, and the disk",
        `${gone.status}, ${there ? "still there" : "gone"}`,
      ),
    );
  }
  return findings;
}
