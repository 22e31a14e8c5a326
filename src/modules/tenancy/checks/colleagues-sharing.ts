import { setTimeout as sleep } from "node:timers/promises";
import type { Finding } from "../../../kernel/controls.ts";
import type { Client } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Person } from "../../trust/stage/people.ts";
import { shareWith, takeBackAll, upload, waitUntilReady } from "../../trust/stage/workspace.ts";
import type { Office, Things } from "./colleagues.ts";

/** What sharing gives, step by step, and what taking back takes at the very next request. */
export async function bySharing(office: Office): Promise<Finding[]> {
  const { owner, admin, manager, colleague, viewer } = office.people;
  const mine = thingsOf(office, manager);
  const findings: Finding[] = [];
  const steps: (() => Promise<void>)[] = [
    ...[owner, admin, colleague, viewer].flatMap((reader) => [
      () => toRead(mine, reader, findings),
      () => inFolders(mine, reader, findings),
    ]),
    () => byGroup(mine, office, findings),
    () => toWrite(mine, colleague, findings),
    () => inChats(mine, colleague, findings),
    () => inStreams(mine, colleague, findings),
  ];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      // Whoever could delete what they may not has left nothing to go on with. What was seen until then counts.
      if (findings.every(({ verdict }) => verdict === "held")) throw error;
      break;
    }
  }
  return findings;
}

export function thingsOf({ things }: Office, { id }: Person): Things {
  const found = things.find(({ holder }) => holder.id === id);
  if (!found) throw new Error("nothing was furnished");
  return found;
}

/** Notes what a call answered. */
export function notes(findings: Finding[], who: Person) {
  const by = `${who.role} ${who.name}`;
  return {
    async answers(method: string, path: string, status: number, when: string, body?: unknown) {
      const answer = await who.client.call(method, path, body === undefined ? {} : { body });
      const what = `${method} /${path.replace(/[0-9a-f]{8}-[0-9a-f-]{27}/, ":id").split("?")[0]}`;
      findings.push(finding(answer.status === status, what, `${by}, ${when}`, String(answer.status)));
      return answer;
    },
    is(held: boolean, what: string, when: string, got: string) {
      findings.push(finding(held, what, `${by}, ${when}`, got));
    },
  };
}

const finds = async ({ client }: Person, { word }: Things): Promise<string[]> => {
  const { json } = await client.call("GET", `search?q=${word}`);
  return json.items.map((item: { document: { id: string } }) => item.document.id);
};

async function toRead(mine: Things, reader: Person, findings: Finding[]): Promise<void> {
  const { answers, is } = notes(findings, reader);
  const { client } = mine.holder;
  const path = `documents/${mine.document}`;
  const share = await shareWith(client, "document", mine.document, { kind: "member", id: reader.id });
  const seen = await answers("GET", path, 200, "shared to read");
  is(
    seen.json?.access === "read" && seen.json?.mine === false,
    path.slice(0, 9),
    "shared to read",
    "read only",
  );
  for (const view of ["passages", "original", "access"])
    await answers("GET", `${path}/${view}`, 200, "shared to read");
  is((await finds(reader, mine)).includes(mine.document), "GET /search", "shared to read", "found");
  const able = reader.role !== "viewer";
  if (able) {
    await answers("PATCH", path, 403, "shared to read", { name: "Mine now.txt" });
    await answers("PUT", `${path}/folder`, 403, "shared to read", { folder: null });
    await answers("DELETE", path, 403, "shared to read");
    const body = { with: { kind: "tenant", id: null }, access: "write" };
    await answers("POST", `${path}/shares`, 403, "shared to read", body);
    await answers("PATCH", `shares/${share}`, 404, "shared to read", { access: "write" });
  }
  await answers("DELETE", `shares/${share}`, 404, "shared to read");
  await answers("GET", `documents/${mine.filed}`, 404, "another document is shared");
  await answers("GET", `chats/${mine.chat}`, 404, "a document is shared");
  await client.call("DELETE", `shares/${share}`);
  for (const view of ["", "/passages", "/original", "/access"])
    await answers("GET", `${path}${view}`, 404, "taken back");
  is(!(await finds(reader, mine)).includes(mine.document), "GET /search", "taken back", "not found");
}

/** Down the folders, never up. */
async function inFolders(mine: Things, reader: Person, findings: Finding[]): Promise<void> {
  const { answers, is } = notes(findings, reader);
  const { client } = mine.holder;
  const to = { kind: "member", id: reader.id } as const;
  const inner = await shareWith(client, "folder", mine.inner, to);
  await answers("GET", `documents/${mine.filed}`, 200, "its folder is shared");
  await answers("GET", `folders/${mine.folder}`, 404, "a folder in it is shared");
  await answers("GET", `documents/${mine.document}`, 404, "a folder is shared that it is not in");
  const { json } = await answers("GET", `folders/${mine.inner}`, 200, "shared to read");
  is(json?.parent === null, "GET /folders/:id", "shared to read", "the folder above is not named");
  await client.call("DELETE", `shares/${inner}`);
  await answers("GET", `documents/${mine.filed}`, 404, "its folder was taken back");
  const outer = await shareWith(client, "folder", mine.folder, to);
  await answers("GET", `documents/${mine.filed}`, 200, "the folder above its own is shared");
  is((await finds(reader, mine)).includes(mine.filed), "GET /search", "the folder above is shared", "found");
  await client.call("PUT", `folders/${mine.inner}/parent`, { body: { parent: null } });
  await answers("GET", `documents/${mine.filed}`, 404, "its folder was moved out");
  await client.call("PUT", `folders/${mine.inner}/parent`, { body: { parent: mine.folder } });
  await answers("GET", `documents/${mine.filed}`, 200, "its folder was moved back");
  await client.call("DELETE", `shares/${outer}`);
  await answers("GET", `documents/${mine.filed}`, 404, "the folder above was taken back");
  is(!(await finds(reader, mine)).includes(mine.filed), "GET /search", "taken back", "not found");
}

async function byGroup(mine: Things, { people }: Office, findings: Finding[]): Promise<void> {
  const { answers } = notes(findings, people.colleague);
  const { client } = people.admin;
  const name = `Lettings ${mine.word}`;
  const group = (await client.call("POST", "groups", { body: { name } })).json.id as string;
  const members = (add: string[], remove: string[]) =>
    client.call("PUT", `groups/${group}/members`, { body: { add, remove } });
  await shareWith(mine.holder.client, "document", mine.document, { kind: "group", id: group });
  const path = `documents/${mine.document}`;
  await members([people.owner.id], []);
  await answers("GET", path, 404, "a group of others is given it");
  await members([people.colleague.id], []);
  await answers("GET", path, 200, "now in the group");
  await members([], [people.colleague.id]);
  await answers("GET", path, 404, "no longer in the group");
  const admin = notes(findings, people.admin);
  const self = { add: [people.admin.id], remove: [] };
  await admin.answers("PUT", `groups/${group}/members`, 403, "adding themself to it", self);
  await admin.answers("GET", path, 404, "who runs the group");
  await members([people.colleague.id], []);
  await client.call("DELETE", `groups/${group}`);
  await answers("GET", path, 404, "the group is gone");
}

/** Write gives changing and adding; deleting and sharing stay the owner's, and others' things with their owners. */
async function toWrite(mine: Things, writer: Person, findings: Finding[]): Promise<void> {
  const { answers } = notes(findings, writer);
  const { client } = mine.holder;
  const share = await shareWith(client, "folder", mine.folder, { kind: "member", id: writer.id }, "write");
  const path = `documents/${mine.filed}`;
  await answers("PATCH", path, 200, "its folder is shared to write", { name: "Filed key.txt" });
  await answers("DELETE", path, 403, "its folder is shared to write");
  await answers("DELETE", `folders/${mine.inner}`, 403, "shared to write");
  await answers("PUT", `${path}/folder`, 403, "taking it out of its owner's folder", { folder: null });
  const bytes = Buffer.from("Put here by a colleague.\n");
  const [added] = await upload(writer.client, [{ name: "Added.txt", bytes }], undefined, mine.folder);
  await waitUntilReady(writer.client, [added?.id ?? ""]);
  const holder = notes(findings, mine.holder);
  await holder.answers("GET", `documents/${added?.id}`, 200, "what another put into their folder");
  await holder.answers("DELETE", `documents/${added?.id}`, 403, "what another put into their folder");
  await client.call("DELETE", `shares/${share}`);
  await answers("PATCH", path, 404, "taken back", { name: "Mine.txt" });
  await answers("GET", `documents/${added?.id}`, 200, "their own, in a folder that was taken back");
  await answers("DELETE", `documents/${added?.id}`, 204, "their own, in a folder that was taken back");
}

/** A shared chat shows each reader what they may see of its sources, now. */
async function inChats(mine: Things, writer: Person, findings: Finding[]): Promise<void> {
  const { answers, is } = notes(findings, writer);
  const { client } = mine.holder;
  const chat = `chats/${mine.chat}`;
  const share = await shareWith(client, "chat", mine.chat, { kind: "member", id: writer.id });
  await answers("POST", `${chat}/questions`, 403, "shared to read", { text: "Where is it?" });
  const quoted = async () =>
    (await answers("GET", chat, 200, "shared")).text.includes(`The ${mine.word} key`);
  is(!(await quoted()), "a citation", "its document is not shared", "hidden");
  const source = await shareWith(client, "document", mine.document, { kind: "member", id: writer.id });
  const filed = await shareWith(client, "document", mine.filed, { kind: "member", id: writer.id });
  is(await quoted(), "a citation", "its document is shared", "shown");
  await client.call("DELETE", `shares/${source}`);
  await client.call("DELETE", `shares/${filed}`);
  is(!(await quoted()), "a citation", "its document was taken back", "hidden");
  await client.call("PATCH", `shares/${share}`, { body: { access: "write" } });
  const asked = await answers("POST", `${chat}/questions`, 201, "shared to write", {
    text: `Where does the ${mine.word} key lie?`,
  });
  const done = async (): Promise<string> => {
    for (let i = 0; i < 200; i++, await sleep(50)) {
      const { json } = await writer.client.call("GET", chat);
      const answer = json.messages.find((m: { id: string }) => m.id === asked.json.answer.id);
      if (answer?.state !== "working") return JSON.stringify(answer);
    }
    return "still working";
  };
  is(!(await done()).includes("under the mat"), "an answer", "who asked sees no source", "without it");
  await client.call("DELETE", `shares/${share}`);
  await answers("GET", chat, 404, "taken back");
  await answers("GET", `answers/${mine.answer}/stream`, 404, "taken back");
}

/** An open stream falls silent. */
async function inStreams(mine: Things, reader: Person, findings: Finding[]): Promise<void> {
  const { is } = notes(findings, reader);
  const { client } = mine.holder;
  const stream = await follow(reader.client, "documents/events");
  await sleep(600);
  await shareWith(client, "document", mine.document, { kind: "member", id: reader.id });
  const shown = () => stream.seen().split(mine.document).length - 1;
  for (let i = 0; i < 60 && shown() === 0; i++) await sleep(50);
  const before = shown();
  is(before > 0, "GET /documents/events", "a document is shared", "shown");
  await takeBackAll(client, "document", mine.document);
  await client.call("PATCH", `documents/${mine.document}`, { body: { name: "Key, again.txt" } });
  await sleep(1500);
  is(shown() === before, "GET /documents/events", "it was taken back and then renamed", "silent");
  await client.call("PATCH", `documents/${mine.document}`, { body: { name: "Key.txt" } });
  await stream.end();
}

async function follow(client: Client, path: string) {
  const controller = new AbortController();
  const response = await fetch(`${client.origin}/api/t/${client.slug}/${path}`, {
    headers: { cookie: [...client.cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
    signal: controller.signal,
  });
  let seen = "";
  const reading = (async () => {
    for await (const piece of response.body ?? []) seen += Buffer.from(piece).toString();
  })().catch(() => {});
  return {
    seen: () => seen,
    async end() {
      controller.abort();
      await reading;
    },
  };
}
