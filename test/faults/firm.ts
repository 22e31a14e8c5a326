import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, expectStatus } from "../../src/modules/trust/stage/client.ts";
import { checkExport } from "../../verify/export.ts";
import { readCheckpoint, readKey } from "../../verify/note.ts";
import { isConsistent } from "../../verify/tree.ts";
import type { Paper } from "../support/papers.ts";
import { until } from "../support/server.ts";
import { original } from "../support/visitor.ts";

/** What one company was promised: every write that was answered as done, and what the world has seen of its log. */
export interface Firm {
  readonly client: Client;
  /** Documents whose upload was answered with 201, by id. */
  readonly documents: Map<string, Paper>;
  /** Those whose bytes were looked at since. */
  readonly seen: Set<string>;
  /** Folders by id: the names that each may have. More than one where an answer to renaming never came. */
  readonly folders: Map<string, Set<string>>;
  /** Answers that are owed, by id: the chat that each is in. */
  readonly answers: Map<string, string>;
  /** The newest checkpoint of the audit log that was seen from outside. */
  checkpoint: { note: string; key: string } | null;
}

export const newFirm = (client: Client): Firm => ({
  client,
  documents: new Map(),
  seen: new Set(),
  folders: new Map(),
  answers: new Map(),
  checkpoint: null,
});

// Of those that were looked at before; new ones are always looked at.
const SOME = 15;

/** Nothing that was acknowledged is missing or altered; what was begun has ended, once; the log only grew. */
export async function everythingHolds(
  firm: Firm,
  when: string,
  looks: "all" | "some" = "all",
): Promise<void> {
  await allReady(firm, when);
  await documentsHold(firm, when, looks === "all" ? Number.POSITIVE_INFINITY : SOME);
  await foldersHold(firm, when);
  await answersHold(firm, when);
  await logHolds(firm, when);
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

/** All that there are, page by page. */
async function listed(client: Client): Promise<Listed[]> {
  const items: Listed[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const more: string = next === "" ? "" : `&cursor=${encodeURIComponent(next)}`;
    const { json } = expectStatus(await client.call("GET", `documents?limit=100${more}`), 200, "listing");
    items.push(...json.items);
    next = json.next;
  }
  return items;
}

async function allReady({ client }: Firm, when: string): Promise<void> {
  let states = "";
  await until(`every document is ready ${when}`, 40_000, async () => {
    const found = await listed(client);
    states = found.map(({ state }) => state).join(" ");
    await sleep(100);
    return found.every(({ state }) => state === "ready");
  }).catch((error) => {
    throw new Error(`${error.message}: ${states}`);
  });
}

/** All are there; the bytes and the words are looked at for new ones, and for `most` of the others. */
async function documentsHold(firm: Firm, when: string, most: number): Promise<void> {
  const { client, documents, seen } = firm;
  const found = await listed(client);
  const ids = new Set(found.map(({ id }) => id));
  for (const [id, { name }] of documents)
    assert.ok(ids.has(id), `${name} was acknowledged and is gone ${when}`);
  const known = found.filter(({ id }) => seen.has(id)).sort(() => Math.random() - 0.5);
  for (const { id, name } of [...found.filter(({ id }) => !seen.has(id)), ...known.slice(0, most)]) {
    // What nobody was told of may be there, but then it is whole.
    const bytes = await original(client, id);
    assert.ok(Buffer.isBuffer(bytes), `${name} has no file: ${bytes} ${when}`);
    seen.add(id);
    const paper = documents.get(id);
    if (!paper) continue;
    assert.ok(bytes.equals(paper.bytes), `${name} has other bytes ${when}`);
    const { items } = expectStatus(await client.call("GET", `search?q=${paper.word}`), 200, "searching").json;
    assert.deepEqual(
      items.map((item: { document: { id: string } }) => item.document.id),
      [id],
      `${name} is found once ${when}`,
    );
  }
}

async function foldersHold({ client, folders }: Firm, when: string): Promise<void> {
  const { items } = expectStatus(await client.call("GET", "folders"), 200, "listing folders").json;
  const names = new Map((items as Listed[]).map(({ id, name }) => [id, name]));
  for (const [id, may] of folders) {
    const name = names.get(id);
    assert.ok(name !== undefined, `a folder was acknowledged and is gone ${when}`);
    assert.ok(may.has(name), `a folder is called ${name}, not ${[...may].join(" or ")} ${when}`);
    // What it is called now, it was called when nobody was writing any more.
    folders.set(id, new Set([name]));
  }
}

interface Message {
  readonly id: string;
  readonly state: string;
  readonly text: string;
}

async function answersHold({ client, answers }: Firm, when: string): Promise<void> {
  for (const chat of new Set(answers.values())) {
    let messages: Message[] = [];
    await until(`every question in a chat is answered ${when}`, 40_000, async () => {
      messages = expectStatus(await client.call("GET", `chats/${chat}`), 200, "reading a chat").json.messages;
      await sleep(50);
      return messages.every(({ state }) => state !== "working");
    });
    for (const [id, of] of answers) {
      if (of !== chat) continue;
      const mine = messages.filter((message) => message.id === id);
      assert.equal(mine.length, 1, `an answer that was promised is there ${mine.length} times ${when}`);
      assert.equal(mine[0]?.state, "done", `an answer that was promised is ${mine[0]?.state} ${when}`);
    }
  }
}

/** The company's log is whole, and the tree of all only grew, as `verify/` sees it from outside. */
async function logHolds(firm: Firm, when: string): Promise<void> {
  const { client } = firm;
  const seen = expectStatus(await client.call("GET", "/api/security/checkpoint"), 200, "the checkpoint").json;
  assert.equal(seen.problem, null, `the log says of itself: ${seen.problem} ${when}`);
  const key = await readKey(seen.key);
  const text = expectStatus(await client.call("GET", "audit/export?format=proof"), 200, "the log").text;
  const { problems, entries } = await checkExport(text.trimEnd().split("\n"), key);
  assert.deepEqual(problems, [], `the exported log does not hold ${when}`);
  assert.ok(entries >= firm.documents.size, `fewer entries than documents ${when}`);
  if (firm.checkpoint) {
    assert.equal(seen.key, firm.checkpoint.key, `the log has another key ${when}`);
    const before = await readCheckpoint(firm.checkpoint.note, key);
    const now = await readCheckpoint(seen.checkpoint, key);
    const { path } = expectStatus(
      await client.call("GET", `/api/security/consistency?from=${before.size}&to=${now.size}`),
      200,
      "consistency",
    ).json;
    const hashes = (path as string[]).map((hash) => new Uint8Array(Buffer.from(hash, "base64")));
    assert.ok(
      await isConsistent(before.size, before.root, now.size, now.root, hashes),
      `the log of ${now.size} entries did not grow out of that of ${before.size} ${when}`,
    );
  }
  firm.checkpoint = { note: seen.checkpoint, key: seen.key };
}
