import { randomBytes } from "node:crypto";
import { type Client, expectStatus, openClient } from "../stage/client.ts";
import { addPasskey } from "../stage/factors.ts";
import { mailedToken } from "../stage/people.ts";
import type { Stage } from "../stage/stage.ts";
import { ask, upload, waitUntilReady } from "../stage/workspace.ts";
import type { Canaries } from "./canaries.ts";
import { writeClosing } from "./dump-fields-closing.ts";
import { writeFactors } from "./dump-fields-factors.ts";
import { writeImports } from "./dump-fields-imports.ts";
import { writeLibrary } from "./dump-fields-library.ts";
import { writeRights } from "./dump-fields-rights.ts";
import { writeSearches } from "./dump-fields-searches.ts";
import { writeSharing } from "./dump-fields-sharing.ts";
import { type Operation, requestOf } from "./fields.ts";

const T = "/api/t/{slug}";

/**
 * Writes a canary into every field through the API, as people would, in a workspace of its own: what is accepted is
 * stored, sealed, indexed, mailed, answered with and recorded; what is refused must not be left in a log either.
 * Throws when the product does not take what it should.
 */
export async function writeCanaries(
  stage: Stage,
  canaries: Canaries,
  operations: readonly Operation[],
): Promise<void> {
  const { client, slug } = await foundWorkspace(stage, canaries);
  await writeDocuments(client, canaries);
  await writeChats(client, canaries);
  await writePeople(client, canaries);
  await writeAccount(client, canaries);
  await writeFactors(client, canaries);
  await writeLibrary(client, canaries);
  await writeRights(client, canaries);
  await writeSharing(stage, client, canaries);
  await writeSearches(client, canaries);
  await writeImports(stage, client, canaries);
  await writeClosing(stage, canaries);
  await writeToTheDoors(stage, slug, canaries);
  await writeWhatIsRefused(stage, client, canaries, operations);
}

async function foundWorkspace(
  stage: Stage,
  { word, address, password, token }: Canaries,
): Promise<{ client: Client; slug: string }> {
  const { url: origin, system } = stage.server;
  const slug = `held-${randomBytes(4).toString("hex")}`;
  const owner = address(`POST ${T}/tenants body.ownerAddress`);
  const body = { slug, name: word(`POST ${T}/tenants body.name`), ownerAddress: owner };
  expectStatus(
    await stage.founder.operator.client.call("POST", "tenants", { body }),
    201,
    "founding a workspace",
  );
  const client = openClient(origin, slug);
  const accept = `POST ${T}/invitations/accept body`;
  const chosen = password(`${accept}.password`);
  const join = { name: word(`${accept}.name`), password: chosen };
  const wrong = { token: token(`${accept}.token`, 43), ...join };
  expectStatus(
    await client.call("POST", "invitations/accept", { body: wrong }),
    410,
    "joining with a wrong token",
  );
  const right = { token: await mailedToken(system, owner, "join"), ...join };
  expectStatus(await client.call("POST", "invitations/accept", { body: right }), 201, "joining");
  const failed = {
    address: address(`POST ${T}/session body.address`),
    password: word(`POST ${T}/session body.password`),
  };
  expectStatus(await client.call("POST", "session", { body: failed }), 401, "a failed sign-in");
  const headers = { "user-agent": word("header user-agent") };
  const opened = expectStatus(
    await client.call("POST", "session", { body: { address: owner, password: chosen }, headers }),
    200,
    "signing in",
  );
  client.csrf = opened.json.csrf;
  await addPasskey(client, word(`POST ${T}/account/passkeys body.name`));
  const change = `PUT ${T}/account/password body`;
  const guess = { current: word(`${change}.current`), new: password(`${change}.new`) };
  expectStatus(
    await client.call("PUT", "account/password", { body: guess }),
    401,
    "a wrong current password",
  );
  expectStatus(
    await client.call("PUT", "account/password", { body: { ...guess, current: chosen } }),
    200,
    "changing a password",
  );
  return { client, slug };
}

async function writeDocuments(client: Client, { word }: Canaries): Promise<void> {
  const name = (kind: string) => `${word(`POST ${T}/documents file.name (${kind})`)}.${kind}`;
  const content = (kind: string) => word(`POST ${T}/documents file.content (${kind})`);
  const documents = await upload(client, [
    { name: name("txt"), bytes: Buffer.from(`The ${content("txt")} is kept in the boathouse.\n`) },
    { name: name("md"), bytes: Buffer.from(`# ${content("md")}\n\nThe ${content("md")} is kept.\n`) },
    {
      name: name("html"),
      bytes: Buffer.from(`<title>${content("html")}</title><p>The ${content("html")} is kept.</p>`),
    },
    { name: name("pdf"), bytes: smallPdf(`The ${content("pdf")} is kept in the boathouse.`) },
  ]);
  // A file that cannot be read makes an error, and errors are logged.
  const damaged = Buffer.from(`%PDF-1.7\n${word(`POST ${T}/documents file.content (damaged)`)}\n%%EOF\n`);
  const [bad] = await upload(client, [{ name: "damaged.pdf", bytes: damaged }]);
  await waitUntilReady(
    client,
    documents.map((d) => d.id),
  );
  await waitUntilReady(client, [bad?.id ?? ""]).catch(() => {});
  expectStatus(
    await client.call("POST", `documents/${bad?.id}/retry`, { body: {} }),
    200,
    "reading a damaged file again",
  );
  const changed = { name: `${word(`PATCH ${T}/documents/{id} body.name`)}.txt` };
  const [first] = documents;
  expectStatus(
    await client.call("PATCH", `documents/${first?.id}`, { body: changed }),
    200,
    "renaming a document",
  );
  await waitUntilReady(client, [first?.id ?? ""]);
  const found = await client.call("GET", `search?q=${content("md")}`);
  if (!(found.json?.items?.length > 0))
    throw new Error("a canary that was uploaded is not found by searching");
  await client.call("GET", `search?q=${word(`GET ${T}/search query.q`)}`);
  for (const name of ["cursor", "since", "until"])
    await client.call("GET", `search?q=pier&${name}=${word(`GET ${T}/search query.${name}`)}`);
  await client.call("GET", `documents?q=${word(`GET ${T}/documents query.q`)}`);
  await client.call("GET", `documents?cursor=${word(`GET ${T}/documents query.cursor`)}`);
}

async function writeChats(client: Client, { word }: Canaries): Promise<void> {
  const quoted = word(`POST ${T}/documents file.content (txt)`);
  const asked = await ask(
    client,
    `Where is ${quoted} kept? ${word(`POST ${T}/chats/{id}/questions body.text`)}`,
  );
  if (!asked.text.includes(quoted))
    throw new Error("the answer does not quote the canary that it was asked for");
  const body = { title: word(`PATCH ${T}/chats/{id} body.title`) };
  expectStatus(await client.call("PATCH", `chats/${asked.chat}`, { body }), 200, "naming a chat");
  await client.call("GET", `chats?cursor=${word(`GET ${T}/chats query.cursor`)}`);
}

async function writePeople(client: Client, { word, address }: Canaries): Promise<void> {
  const renamed = { name: word(`PATCH ${T}/account body.name`) };
  expectStatus(await client.call("PATCH", "account", { body: renamed }), 200, "renaming a member");
  const zone = { timeZone: word(`PATCH ${T}/account body.timeZone`) };
  expectStatus(await client.call("PATCH", "account", { body: zone }), 422, "a time zone that is none");
  await client.call("GET", `notices?cursor=${word(`GET ${T}/notices query.cursor`)}`);
  const workspace = { name: word(`PATCH ${T}/tenant body.name`) };
  expectStatus(await client.call("PATCH", "tenant", { body: workspace }), 200, "renaming a workspace");
  const invited = { address: address(`POST ${T}/invitations body.address`), role: "viewer" };
  expectStatus(await client.call("POST", "invitations", { body: invited }), 201, "inviting");
  for (const path of ["audit", "audit/export"]) {
    for (const name of ["event", "resource", "since", "until"])
      await client.call("GET", `${path}?format=csv&${name}=${word(`GET ${T}/${path} query.${name}`)}`);
  }
  await client.call("GET", `audit?cursor=${word(`GET ${T}/audit query.cursor`)}`);
}

/** Another address of one's own, and a password that was forgotten. */
async function writeAccount(client: Client, { word, address, password, token }: Canaries): Promise<void> {
  const asked = { address: address(`POST ${T}/password-resets body.address`) };
  expectStatus(await client.call("POST", "password-resets", { body: asked }), 202, "a forgotten password");
  const use = `POST ${T}/password-resets/use body`;
  const chosen = { token: token(`${use}.token`, 43), password: password(`${use}.password`) };
  expectStatus(await client.call("POST", "password-resets/use", { body: chosen }), 410, "a wrong link");
  const to = `POST ${T}/account/address body`;
  const move = { address: address(`${to}.address`), password: word(`${to}.password`) };
  expectStatus(await client.call("POST", "account/address", { body: move }), 401, "a wrong password");
  const right = { ...move, password: password(`PUT ${T}/account/password body.new`) };
  expectStatus(await client.call("POST", "account/address", { body: right }), 202, "another address");
  for (const path of ["address-changes/confirm", "address-changes/undo"]) {
    const link = { token: token(`POST ${T}/${path} body.token`, 43) };
    expectStatus(await client.call("POST", path, { body: link }), 410, "a wrong link");
  }
}

/** Where anybody may knock: links, the set-up of an installation that is set up, addresses and headers of every kind. */
async function writeToTheDoors(
  stage: Stage,
  slug: string,
  { word, address, password, token }: Canaries,
): Promise<void> {
  const visitor = openClient(stage.server.url, slug);
  for (const path of ["invitations/open", "verification", "unlock"]) {
    await visitor.call("POST", path, { body: { token: token(`POST ${T}/${path} body.token`, 43) } });
  }
  const setUp = "POST /api/set-up body";
  const body = {
    token: token(`${setUp}.token`, 32),
    name: word(`${setUp}.name`),
    address: address(`${setUp}.address`),
    password: password(`${setUp}.password`),
    company: word(`${setUp}.company`),
  };
  expectStatus(await visitor.call("POST", "/api/set-up", { body }), 409, "setting up again");
  for (const path of ["/", "/t/", "/assets/", "/api/", "/api/t/", "/healthz?x=", "/api/installation?x="]) {
    await visitor.call("GET", `${path}${word(`address ${path}`)}`);
  }
  for (const name of HEADERS) {
    await visitor.call("GET", "session", { headers: { [name]: word(`header ${name}`) } });
    await visitor.call("POST", "session", { body: {}, headers: { [name]: word(`header ${name}`) } });
  }
}

const HEADERS = [
  "authorization",
  "cookie",
  "referer",
  "origin",
  "accept-language",
  "x-forwarded-for",
  "x-request-id",
  "x-csrf-token",
  "x-outbox-token",
  "last-event-id",
  "content-type",
];

/** Fields that take no words of one's own, and identifiers: a canary is refused there, and must be gone. */
async function writeWhatIsRefused(
  stage: Stage,
  client: Client,
  { word }: Canaries,
  operations: readonly Operation[],
): Promise<void> {
  const requests = operations.flatMap((operation) =>
    operation.fields
      .filter((field) => !field.free || field.name === "slug")
      .map((field) => {
        const ofOperator = /\/(tenants|controls)\b/.test(operation.path);
        const who = ofOperator ? stage.founder.operator.client : client;
        const { method, path, body } = requestOf(operation, who.slug, {
          [field.key]: word(`${field.key} (refused)`),
        });
        return async () => {
          const { status } = await who.call(method, path, body ? { body } : {});
          if (status < 400 || status >= 500)
            throw new Error(`${field.key} took a word that it should refuse: ${status}`);
        };
      }),
  );
  await Promise.all(requests.map((send) => send()));
}

/** The least that is a PDF with one line of text, and the same words as its title. */
function smallPdf(text: string): Buffer {
  const stream = `BT /F1 12 Tf 72 720 Td (${text}) Tj ET`;
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
    `<< /Length ${stream.length} >>\nstream\n${stream}\nendstream`,
    "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    `<< /Title (${text}) >>`,
  ];
  let file = "%PDF-1.7\n";
  const places: number[] = [];
  objects.forEach((object, i) => {
    places.push(file.length);
    file += `${i + 1} 0 obj\n${object}\nendobj\n`;
  });
  const table = places.map((place) => `${String(place).padStart(10, "0")} 00000 n \n`).join("");
  const size = objects.length + 1;
  return Buffer.from(
    `${file}xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R /Info 6 0 R >>\nstartxref\n${file.length}\n%%EOF\n`,
    "latin1",
  );
}
