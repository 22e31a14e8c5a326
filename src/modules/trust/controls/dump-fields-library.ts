import { setTimeout as sleep } from "node:timers/promises";
import { type Client, expectStatus } from "../stage/client.ts";
import { upload, waitUntilReady } from "../stage/workspace.ts";
import type { Canaries } from "./canaries.ts";

const T = "/api/t/{slug}";

/** Versions, uploads that are whole and that are not, folders of paths, and what lies in the bin. */
export async function writeLibrary(client: Client, { word }: Canaries): Promise<void> {
  const form = (name: string, text: string, offset?: string) => {
    const made = new FormData();
    if (offset !== undefined) made.append("offset", offset);
    made.append("file", new Blob([text]), name);
    return made;
  };
  const [document] = await upload(client, [{ name: "Plan.txt", bytes: Buffer.from("A plan.\n") }]);
  const id = document?.id ?? "";
  await waitUntilReady(client, [id]);
  const at = `POST ${T}/documents/{id}/versions file`;
  const version = form(`${word(`${at}.name`)}.txt`, `The ${word(`${at}.content`)} is a plan.\n`);
  expectStatus(await client.call("POST", `documents/${id}/versions`, { raw: version }), 201, "a version");
  await read(client, id, 2);
  const older = { body: {} };
  expectStatus(await client.call("POST", `versions/${id}/restore`, older), 200, "an older version");
  await read(client, id, 3);
  await client.call(
    "GET",
    `versions/${id}/compare?with=${word(`GET ${T}/versions/{id}/compare query.with`)}`,
  );

  const pieces = `POST ${T}/uploads/{id}/pieces`;
  for (const [i, finished] of [true, false].entries()) {
    const text = `The ${word(`${pieces} file.content`)} came in pieces, ${i}.\n`;
    const begun = { name: `${word(`POST ${T}/uploads body.name`)}.txt`, bytes: text.length, folder: null };
    const { json } = expectStatus(await client.call("POST", "uploads", { body: begun }), 201, "an upload");
    const sent = form(word(`${pieces} file.name`), text, "0");
    expectStatus(await client.call("POST", `uploads/${json.id}/pieces`, { raw: sent }), 200, "a piece");
    if (!finished) continue;
    const ended = await client.call("POST", `uploads/${json.id}/finish`, { body: {} });
    await waitUntilReady(client, [expectStatus(ended, 201, "the end of an upload").json.id]);
  }
  const paths = { parent: null, paths: [`${word(`POST ${T}/folders/paths body.paths[]`)}/Inner`] };
  const made = expectStatus(await client.call("POST", "folders/paths", { body: paths }), 200, "folders");
  expectStatus(await client.call("DELETE", `folders/${made.json.items[0].id}`), 204, "a folder into the bin");
  expectStatus(await client.call("DELETE", `documents/${id}`), 204, "a document into the bin");
  await client.call("GET", `bin?cursor=${word(`GET ${T}/bin query.cursor`)}`);
  await client.call(
    "GET",
    `documents/${id}/history?cursor=${word(`GET ${T}/documents/{id}/history query.cursor`)}`,
  );
}

async function read(client: Client, id: string, no: number): Promise<void> {
  for (let tries = 0; tries < 400; tries++) {
    const { json } = await client.call("GET", `documents/${id}`);
    if (json?.version === no && json.state === "ready") return;
    await sleep(50);
  }
  throw new Error(`version ${no} was not read`);
}
