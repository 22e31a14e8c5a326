import assert from "node:assert/strict";
import { readdirSync, statSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Client } from "../../src/modules/trust/stage/client.ts";
import { expectStatus } from "../../src/modules/trust/stage/client.ts";
import type { Person } from "../../src/modules/trust/stage/people.ts";
import { upload } from "../../src/modules/trust/stage/workspace.ts";
import { type Paper, pdfPaper, textPaper } from "../support/papers.ts";
import {
  familyOf,
  newPlace,
  postmasterOf,
  remove,
  type Server,
  startServer,
  survivors,
  until,
} from "../support/server.ts";
import { FIRM, follow, foundFirm, moveTo, original, signInAgain } from "../support/visitor.ts";

// One home, whose server dies again and again at bad moments: what was answered once must hold to the end.

const place = newPlace();
let server: Server;
let owner: Person;
let client: Client;
/** Every document whose upload was answered with 201, by its id. */
const acknowledged = new Map<string, Paper>();

before(async () => {
  server = await startServer(place);
  owner = await foundFirm(server);
  client = owner.client;
});

after(async () => {
  await server?.stop("SIGTERM");
  remove(place);
});

test("killed in the middle of an upload: nothing of it is ever served, and all else is as it was", async () => {
  await add(textPaper(40));
  await allReady();
  const half = textPaper(1200);
  await sendHalf(half);
  await killAndRestart("server");
  await everythingHolds();
  assert.equal(
    (await listed()).some(({ name }) => name === half.name),
    false,
  );
  await until("what the killed upload left is gone", 5000, () => unfinishedBytes() === 0);
  await add(half);
  await allReady();
  await everythingHolds();
});

test("killed while documents are read and indexed: they are ready after the restart, each once", async () => {
  // At a moment that differs from run to run: the first of a killed server alone, the others like a power cut.
  for (const round of [0, 1, 2]) {
    const papers = [await pdfPaper(30), textPaper(200), textPaper(3), textPaper(60)];
    const sent = Promise.allSettled(papers.map((paper) => add(paper)));
    const moment = round * 300 + Math.random() * 500;
    await sleep(moment);
    await killAndRestart(round === 0 ? "server" : "everything");
    await sent;
    await allReady();
    await everythingHolds(`killed after ${Math.round(moment)} ms`);
  }
});

test("killed while answers are written: they are finished, and a reader goes on where the stream broke", async () => {
  const chat = expectStatus(await client.call("POST", "chats", { body: {} }), 201, "a chat").json.id;
  const asked = await Promise.all(
    Array.from({ length: 8 }, (_, i) =>
      ask(chat, `What is the notice period, and when are invoices paid? ${i}`),
    ),
  );
  const [first = ""] = asked;
  const seen = new Map<string, string>();
  let last: string | undefined;
  let dying: Promise<void> | undefined;
  for await (const { id, event, data } of follow(client, `answers/${first}/stream`)) {
    if (event === "part") seen.set(id, data.text);
    last = id;
    // The kill is sent while the others are still being written.
    dying ??= killAndRestart("server");
  }
  await dying;
  let ending = null;
  for await (const { id, event, data } of follow(client, `answers/${first}/stream`, last)) {
    if (event === "reset") seen.clear();
    if (event === "part") {
      assert.ok(!seen.has(id), "no part is sent twice");
      seen.set(id, data.text);
    }
    if (event === "done" || event === "failed") ending = data;
  }
  const answers = await until("every answer is done", 30_000, async () => {
    const states = (await messagesOf(chat)).filter(({ id }) => asked.includes(id)).map(({ state }) => state);
    assert.ok(!states.includes("failed"));
    return states.length === asked.length && states.every((state) => state === "done");
  }).then(() => messagesOf(chat));
  assert.equal(ending?.state, "done");
  assert.equal([...seen.values()].join(" "), ending.text);
  assert.equal(answers.find(({ id }) => id === first)?.text, ending.text);
  assert.match(ending.text, /ninety days/);
  await everythingHolds();
});

test("a second kill before the first restart has finished does no harm", async () => {
  await add(textPaper(50));
  await server.stop("SIGKILL");
  const early = startServer(place).catch((error: Error) => error);
  await until("the next server has begun", 5000, () =>
    survivors(place).some((words) => words.includes("postgres")),
  );
  await sleep(150);
  for (const words of survivors(place)) kill(Number.parseInt(words, 10));
  const begun = await early;
  if (!(begun instanceof Error)) await begun.stop("SIGKILL");
  server = await startServer(place);
  client = moveTo(server, client);
  await allReady();
  await everythingHolds();
});

/** Kills the server, or it and PostgreSQL with all their children at once; sees that nothing survives; starts anew. */
async function killAndRestart(what: "server" | "everything"): Promise<void> {
  const family = familyOf(server.pid);
  assert.ok(family.some(({ pid }) => pid === postmasterOf(place)));
  const dead = server.stop("SIGKILL");
  if (what === "everything") for (const { pid } of family) kill(pid);
  await dead;
  await until("nothing of it runs", 3000, () => survivors(place, family).length === 0).catch((error) => {
    throw new Error(`${error.message}: ${survivors(place, family).join("; ")}`);
  });
  server = await startServer(place);
  // The session outlives the server.
  client = moveTo(server, client);
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // Gone with another.
  }
}

async function add(paper: Paper): Promise<void> {
  const [document] = await upload(client, [paper]);
  if (document) acknowledged.set(document.id, paper);
}

async function listed(): Promise<{ id: string; name: string; state: string }[]> {
  return expectStatus(await client.call("GET", "documents?limit=200"), 200, "listing").json.items;
}

async function allReady(): Promise<void> {
  let states = "";
  await until("every document is ready", 30_000, async () => {
    const found = await listed();
    states = found.map(({ state }) => state).join(" ");
    await sleep(150);
    return found.every(({ state }) => state === "ready");
  }).catch((error) => {
    throw new Error(`${error.message}: ${states}`);
  });
}

/** What was acknowledged is there, whole, found once; what is there besides is whole, too; anyone can sign in. */
async function everythingHolds(when = ""): Promise<void> {
  const person = await signInAgain(server, owner);
  const found = await listed();
  const ids = new Set(found.map(({ id }) => id));
  for (const id of acknowledged.keys()) assert.ok(ids.has(id), `an acknowledged document is gone ${when}`);
  for (const { id, name } of found) {
    const bytes = await original(person.client, id);
    assert.ok(Buffer.isBuffer(bytes), `${name} has no file: ${bytes} ${when}`);
    const paper = acknowledged.get(id);
    if (paper) assert.ok(bytes.equals(paper.bytes), `${name} has other bytes ${when}`);
  }
  for (const [id, { word }] of acknowledged) {
    const { items } = expectStatus(await client.call("GET", `search?q=${word}`), 200, "searching").json;
    assert.deepEqual(
      items.map((item: { document: { id: string } }) => item.document.id),
      [id],
      `${word} is found once ${when}`,
    );
  }
}

/** Begins an upload and stops sending in the middle, once the server has begun to write it down. */
async function sendHalf({ name, bytes }: Paper): Promise<void> {
  const boundary = "half-way-there";
  const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="${name}"\r\ncontent-type: text/plain\r\n\r\n`;
  const tail = `\r\n--${boundary}--\r\n`;
  const sending = request(`${server.url}/api/t/${FIRM}/documents`, {
    method: "POST",
    headers: {
      cookie: [...client.cookies].map(([key, value]) => `${key}=${value}`).join("; "),
      "x-csrf-token": client.csrf,
      "content-type": `multipart/form-data; boundary=${boundary}`,
      "content-length": head.length + bytes.length + tail.length,
    },
  });
  sending.on("error", () => {});
  sending.on("response", (response) => assert.fail(`half an upload was answered ${response.statusCode}`));
  sending.write(head);
  sending.write(bytes.subarray(0, bytes.length / 2));
  await until("half of it is on the disk", 5000, () => unfinishedBytes() > 400 * 1024);
}

function unfinishedBytes(): number {
  const incoming = join(place.home, "files", "incoming");
  return readdirSync(incoming).reduce((sum, name) => sum + statSync(join(incoming, name)).size, 0);
}

async function ask(chat: string, text: string): Promise<string> {
  return expectStatus(await client.call("POST", `chats/${chat}/questions`, { body: { text } }), 201, "asking")
    .json.answer.id;
}

async function messagesOf(chat: string): Promise<{ id: string; state: string; text: string }[]> {
  return expectStatus(await client.call("GET", `chats/${chat}`), 200, "reading a chat").json.messages;
}
