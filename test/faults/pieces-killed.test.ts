import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, expectStatus } from "../../src/modules/trust/stage/client.ts";
import { familyOf, newPlace, remove, type Server, startServer, survivors, until } from "../support/server.ts";
import { foundFirm, moveTo } from "../support/visitor.ts";

// A file that arrives in pieces, and a server that dies between them and while they become a document.

const place = newPlace();
let server: Server;
let client: Client;
let bytes: Buffer;

before(async () => {
  server = await startServer(place);
  client = (await foundFirm(server)).client;
  bytes = Buffer.alloc(9 * 1024 * 1024, "Herons nest early in the reeds of the river.\n");
});

after(async () => {
  await server?.stop("SIGTERM");
  remove(place);
});

test("killed between pieces it goes on where it was; killed while it ends there is one document, or it ends again", async () => {
  const begun = expectStatus(
    await client.call("POST", "uploads", { body: { name: "herons.txt", bytes: bytes.length, folder: null } }),
    201,
    "beginning",
  ).json;
  const state = async () => client.call("GET", `uploads/${begun.id}`);
  await sendPiece(begun, 0);
  const lost = sendPiece(begun, begun.pieceBytes).catch(() => {});
  await sleep(Math.random() * 60);
  await restart();
  await lost;
  for (;;) {
    const { offset } = expectStatus(await state(), 200, "asking").json;
    assert.ok(offset === bytes.length || offset % begun.pieceBytes === 0);
    if (offset === bytes.length) break;
    await sendPiece(begun, offset);
  }
  const finish = () => client.call("POST", `uploads/${begun.id}/finish`, { body: {} });
  const ended = finish().catch(() => {});
  await sleep(Math.random() * 120);
  await restart();
  await ended;
  if ((await state()).status === 200) expectStatus(await finish(), 201, "finishing");
  const { items } = expectStatus(await client.call("GET", "documents"), 200, "listing").json;
  assert.deepEqual(
    items.map((d: { name: string; bytes: number }) => [d.name, d.bytes]),
    [["herons.txt", bytes.length]],
  );
  const original = await client.call("GET", `documents/${items[0].id}/original`);
  assert.equal(original.status, 200);
  assert.equal(expectStatus(await client.call("GET", "uploads"), 200, "uploads").json.items.length, 0);
});

async function sendPiece(upload: { id: string; pieceBytes: number }, offset: number): Promise<void> {
  const form = new FormData();
  form.append("offset", String(offset));
  form.append(
    "file",
    new Blob([new Uint8Array(bytes.subarray(offset, offset + upload.pieceBytes))]),
    "piece",
  );
  expectStatus(await client.call("POST", `uploads/${upload.id}/pieces`, { raw: form }), 200, "a piece");
}

async function restart(): Promise<void> {
  const family = familyOf(server.pid);
  await server.stop("SIGKILL");
  await until("nothing of it runs", 3000, () => survivors(place, family).length === 0);
  server = await startServer(place);
  // The session outlives the server.
  client = moveTo(server, client);
}
