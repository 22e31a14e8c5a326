import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Client, expectStatus, openClient } from "../../src/modules/trust/stage/client.ts";
import type { Person } from "../../src/modules/trust/stage/people.ts";
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
import { FIRM, follow, foundFirm, original, signInAgain } from "../support/visitor.ts";

// The server goes on while its PostgreSQL dies: callers are told to come back, and what they were told stands.

const place = newPlace();
let server: Server;
let owner: Person;
let client: Client;
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

test("PostgreSQL is killed under load: 503 with Retry-After, never 500, and all is well within 10 s", async () => {
  const chat = expectStatus(await client.call("POST", "chats", { body: {} }), 201, "a chat").json.id;
  await upload(textPaper(20));
  await until("there is something to ask", 20_000, async () =>
    (await states()).every((state) => state === "ready"),
  );

  const answers: { what: string; answer: Answer }[] = [];
  const stopping = new AbortController();
  const again = async (what: string, pause: number, call: () => Promise<Answer>) => {
    for (; !stopping.signal.aborted; await sleep(pause)) answers.push({ what, answer: await call() });
  };
  const visitor = openClient(server.url, FIRM);
  const asked: string[] = [];
  const chats: string[] = [];
  const load = [
    again("list", 120, () => client.call("GET", "documents")),
    again("session", 120, () => client.call("GET", "session")),
    again("search", 120, () => client.call("GET", "search?q=harbour")),
    again("chat", 500, async () => {
      const answer = await client.call("POST", "chats", { body: {} });
      if (answer.status === 201) chats.push(answer.json.id);
      return answer;
    }),
    again("ask", 900, async () => {
      const answer = await client.call("POST", `chats/${chat}/questions`, {
        body: { text: "When are invoices paid?" },
      });
      if (answer.status === 201) asked.push(answer.json.answer.id);
      return answer;
    }),
    again("installation", 600, () => visitor.call("GET", "/api/installation")),
    again("security", 600, () => visitor.call("GET", "/api/security")),
    again("readyz", 300, () => visitor.call("GET", "/readyz")),
    // A workspace that this server has not looked up yet is looked up first.
    again("link", 700, () =>
      openClient(server.url, `firm-${answers.length}`).call("POST", "unlock", {
        body: { token: "x".repeat(43) },
      }),
    ),
    again("outbox", 600, () =>
      visitor.call("GET", "/api/outbox", { headers: { "x-outbox-token": server.outboxToken } }),
    ),
    again("upload", 1200, () => upload(textPaper(30))),
    pdfPaper(20).then(upload),
  ];
  const loaded = Promise.all(load);
  // Looked at below, after whatever else may fail first.
  loaded.catch(() => stopping.abort());
  await sleep(1500);
  const before = answers.length;
  const old = postmasterOf(place);
  const stream = watching();
  await sleep(300);
  process.kill(old, "SIGKILL");
  const died = performance.now();
  await until("it answers again", 10_000, async () => {
    await sleep(50);
    return performance.now() - died > 300 && (await visitor.call("GET", "/readyz")).status === 200;
  });
  await sleep(2500);
  stopping.abort();
  await loaded;

  assert.notEqual(postmasterOf(place), old);
  const outcomes = Map.groupBy(answers, ({ what, answer }) => `${what} ${answer.status}`);
  const table = [...outcomes].map(([key, list]) => `${key} ×${list.length}`).join(", ");
  for (const { what, answer } of answers) {
    assert.ok(
      answer.status < 500 || answer.status === 503,
      `${what} answered ${answer.status}: ${answer.text}`,
    );
    assert.notEqual(answer.status, 429, `the test asks too often: ${what}`);
    if (answer.status === 503)
      assert.match(answer.headers.get("retry-after") ?? "", /^[1-9]\d*$/, `${what}: ${answer.text}`);
  }
  assert.ok(
    answers.slice(before).some(({ answer }) => answer.status === 503),
    `nobody noticed: ${table}`,
  );

  await until("questions that were taken are answered", 30_000, async () => {
    await sleep(200);
    const { json } = expectStatus(await client.call("GET", `chats/${chat}`), 200, "reading the chat");
    const mine = json.messages.filter(({ id }: { id: string }) => asked.includes(id));
    assert.ok(!mine.some(({ state }: { state: string }) => state === "failed"), table);
    return mine.length === asked.length && mine.every(({ state }: { state: string }) => state === "done");
  });
  await until("documents that were taken are ready", 30_000, async () => {
    await sleep(200);
    const found = await states();
    assert.ok(!found.includes("failed"), table);
    return found.every((state) => state === "ready");
  });
  assert.ok(!stream.over, "an open stream waited for the database");
  assert.ok(
    [...acknowledged.keys()].slice(-1).every((id) => stream.ids.has(id)),
    "and tells what came after",
  );
  for (const id of chats) expectStatus(await client.call("GET", `chats/${id}`), 200, "an acknowledged chat");
  const { client: again_ } = await signInAgain(server, owner);
  for (const [id, { bytes, word }] of acknowledged) {
    const kept = await original(again_, id);
    assert.ok(
      Buffer.isBuffer(kept) && kept.equals(bytes),
      `an acknowledged document has other bytes: ${kept}`,
    );
    const { items } = expectStatus(await again_.call("GET", `search?q=${word}`), 200, "searching").json;
    assert.equal(items.length, 1);
  }
});

test("a database that is killed again and again does not bring the server down, and both stop at once", async () => {
  for (let round = 0; round < 2; round += 1) {
    const old = postmasterOf(place);
    process.kill(old, "SIGKILL");
    await until("it answers again", 20_000, async () => {
      await sleep(100);
      return postmasterNow() !== old && (await client.call("GET", "session")).status === 200;
    });
  }
  const family = familyOf(server.pid);
  process.kill(postmasterOf(place), "SIGKILL");
  const { code, signal } = await server.stop("SIGTERM");
  assert.deepEqual([code, signal], [0, null]);
  await until("nothing runs", 3000, () => survivors(place, family).length === 0);
});

function postmasterNow(): number {
  try {
    return postmasterOf(place);
  } catch {
    return 0;
  }
}

async function upload({ name, bytes, word }: Paper): Promise<Answer> {
  const form = new FormData();
  form.append("file", new Blob([new Uint8Array(bytes)]), name);
  const answer = await client.call("POST", "documents", { raw: form });
  const [document] = answer.status === 201 ? answer.json.items : [];
  if (document) acknowledged.set(document.id, { name, bytes, word });
  // A file that could not be taken is not an acknowledgement, and says that it may be sent again.
  if (answer.status === 201 && !document) throw new Error(`refused with 201: ${answer.text}`);
  return answer;
}

async function states(): Promise<string[]> {
  const { json } = expectStatus(await client.call("GET", "documents?limit=200"), 200, "listing");
  return json.items.map(({ state }: { state: string }) => state);
}

/** Names of the documents that an open stream has told of; `over` once it has ended. */
function watching() {
  const seen = { ids: new Set<string>(), over: false };
  void (async () => {
    for await (const { data } of follow(client, "documents/events")) seen.ids.add(data.id);
  })()
    .catch(() => {})
    .finally(() => {
      seen.over = true;
    });
  return seen;
}
