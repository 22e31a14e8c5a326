import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Client, expectStatus } from "../../src/modules/trust/stage/client.ts";
import { type Person, signInAgain } from "../../src/modules/trust/stage/people.ts";
import { checkExport } from "../../verify/export.ts";
import { readCheckpoint, readKey } from "../../verify/note.ts";
import { isConsistent } from "../../verify/tree.ts";
import type { Paper } from "../support/papers.ts";
import { until } from "../support/server.ts";
import { original } from "../support/visitor.ts";

/** What one company was promised: every write that was answered as done, and what the world has seen of its log. */
export interface Firm {
  readonly owner: Person;
  /** The owner's newest session. */
  client: Client;
  /** Documents whose upload was answered with 201, by id. */
  readonly documents: Map<string, Paper>;
  /** Those whose bytes were looked at since. */
  readonly seen: Set<string>;
  /** Folders by id: the names that each may have. More than one where an answer to renaming never came. */
  readonly folders: Map<string, Set<string>>;
  /** Every renaming that was asked for, in order. */
  readonly renamed: { readonly id: string; readonly name: string }[];
  /** Answers that are owed, by id: the chat that each is in. */
  readonly answers: Map<string, string>;
  /** The newest checkpoint of the audit log that was seen from outside. */
  checkpoint: { note: string; key: string } | null;
}

export const newFirm = (owner: Person): Firm => ({
  owner,
  client: owner.client,
  documents: new Map(),
  seen: new Set(),
  folders: new Map(),
  renamed: [],
  answers: new Map(),
  checkpoint: null,
});

/** How closely is looked. */
export interface Look {
  /** Of what was looked at before, so many once more; what is new is always looked at. */
  readonly most: number;
  /** What was begun has ended: documents are read, answers are written. */
  readonly settled: boolean;
}

/** Nothing that was acknowledged is missing or altered; what was begun has ended, once; the log only grew. */
export async function everythingHolds(firm: Firm, when: string, look: Look): Promise<void> {
  await stayIn(firm);
  if (look.settled) await allReady(firm, when);
  await documentsHold(firm, when, look.most);
  await foldersHold(firm, when);
  await answersHold(firm, when, look.settled);
  await logHolds(firm, when);
}

/** A session may have ended: after a clock was moved, or when the answer to its renewal was lost. Whoever it is can come back. */
export async function stayIn(firm: Firm): Promise<void> {
  if ((await ask(firm, "session")).status !== 401) return;
  await comeBack(firm);
}

/** With password and passkey, as on another day. */
export async function comeBack(firm: Firm): Promise<void> {
  firm.client = (await patiently(firm.owner)).client;
}

/** Whoever is told to come slower does. */
async function patiently(owner: Person): Promise<Person> {
  for (let tries = 0; ; tries++) {
    try {
      return await signInAgain(owner);
    } catch (error) {
      if (tries === 10 || !/: 429 /.test(String(error))) throw error;
      await sleep(6000);
    }
  }
}

async function ask({ client }: Firm, path: string): Promise<Answer> {
  for (;;) {
    const answer = await client.call("GET", path);
    if (answer.status !== 429) return answer;
    await sleep(Number(answer.headers.get("retry-after") ?? 1) * 1000);
  }
}

/** The file of a document as it is served; the status where it is not. */
export async function fileOf(firm: Firm, id: string): Promise<Buffer | number> {
  for (let tries = 0; ; tries++) {
    const file = await original(firm.client, id);
    if ((file !== 429 && file !== 401) || tries === 30) return file;
    // An access token lasts some minutes: it is renewed here, as a page does it.
    if (file === 401) await stayIn(firm);
    else await sleep(1000);
  }
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}

/** All that there are, page by page. */
async function listed(firm: Firm): Promise<Listed[]> {
  const items: Listed[] = [];
  for (let next: string | null = ""; next !== null; ) {
    const more: string = next === "" ? "" : `&cursor=${encodeURIComponent(next)}`;
    const { json } = expectStatus(await ask(firm, `documents?limit=100${more}`), 200, "listing");
    items.push(...json.items);
    next = json.next;
  }
  return items;
}

// A worker that was killed is missed after ten seconds of silence, and what it was doing begins anew some seconds later.
const SETTLES_WITHIN = 120_000;

async function allReady(firm: Firm, when: string): Promise<void> {
  let states = "";
  await until(`every document is ready ${when}`, SETTLES_WITHIN, async () => {
    const found = await listed(firm);
    states = found.map(({ state }) => state).join(" ");
    await sleep(200);
    return found.every(({ state }) => state === "ready");
  }).catch((error) => {
    throw new Error(`${error.message}: ${states}`);
  });
}

/** All are there; the bytes of new ones and of `most` others are looked at, and their words once they are ready. */
async function documentsHold(firm: Firm, when: string, most: number): Promise<void> {
  const { documents, seen } = firm;
  const found = await listed(firm);
  const ids = new Set(found.map(({ id }) => id));
  for (const [id, { name }] of documents)
    assert.ok(ids.has(id), `${name} was acknowledged and is gone ${when}`);
  const known = found.filter(({ id }) => seen.has(id)).sort(() => Math.random() - 0.5);
  for (const { id, name, state } of [...found.filter(({ id }) => !seen.has(id)), ...known.slice(0, most)]) {
    // What nobody was told of may be there, but then it is whole.
    const bytes = await fileOf(firm, id);
    assert.ok(Buffer.isBuffer(bytes), `${name} has no file: ${bytes} ${when}`);
    assert.notEqual(state, "failed", `${name} could not be read ${when}`);
    if (state === "ready") seen.add(id);
    const paper = documents.get(id);
    if (!paper) continue;
    assert.ok(bytes.equals(paper.bytes), `${name} has other bytes ${when}`);
    if (state !== "ready") continue;
    const { items } = expectStatus(await ask(firm, `search?q=${paper.word}`), 200, "searching").json;
    assert.deepEqual(
      items.map((item: { document: { id: string } }) => item.document.id),
      [id],
      `${name} is found once ${when}`,
    );
  }
}

async function foldersHold(firm: Firm, when: string): Promise<void> {
  const { folders } = firm;
  const { items } = expectStatus(await ask(firm, "folders"), 200, "listing folders").json;
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

async function answersHold(firm: Firm, when: string, settled: boolean): Promise<void> {
  const { answers } = firm;
  for (const chat of new Set(answers.values())) {
    let messages: Message[] = [];
    await until(`every question in a chat is answered ${when}`, SETTLES_WITHIN, async () => {
      messages = expectStatus(await ask(firm, `chats/${chat}`), 200, "reading a chat").json.messages;
      if (!settled) return true;
      await sleep(50);
      return messages.every(({ state }) => state !== "working");
    });
    for (const [id, of] of answers) {
      if (of !== chat) continue;
      const mine = messages.filter((message) => message.id === id);
      assert.equal(mine.length, 1, `an answer that was promised is there ${mine.length} times ${when}`);
      if (settled || mine[0]?.state !== "working")
        assert.equal(mine[0]?.state, "done", `an answer that was promised is ${mine[0]?.state} ${when}`);
    }
  }
}

/** The company's log is whole, and the tree of all only grew, as `verify/` sees it from outside. */
async function logHolds(firm: Firm, when: string): Promise<void> {
  const seen = expectStatus(await ask(firm, "/api/security/checkpoint"), 200, "the checkpoint").json;
  assert.equal(seen.problem, null, `the log says of itself: ${seen.problem} ${when}`);
  const key = await readKey(seen.key);
  const text = expectStatus(await ask(firm, "audit/export?format=proof"), 200, "the log").text;
  const { problems, entries } = await checkExport(text.trimEnd().split("\n"), key);
  assert.deepEqual(problems, [], `the exported log does not hold ${when}`);
  assert.ok(entries >= firm.documents.size, `fewer entries than documents ${when}`);
  if (firm.checkpoint) {
    assert.equal(seen.key, firm.checkpoint.key, `the log has another key ${when}`);
    const before = await readCheckpoint(firm.checkpoint.note, key);
    const now = await readCheckpoint(seen.checkpoint, key);
    const { path } = expectStatus(
      await ask(firm, `/api/security/consistency?from=${before.size}&to=${now.size}`),
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
