import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, type Client, expectStatus } from "./client.ts";

// What a member does in a workspace, for the checks, the demo and the benchmarks: over HTTP, like the page does.

export interface UploadedDocument {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly pages: number | null;
  readonly problem: { code: string; message: string } | null;
}

/** Uploads files at once and answers their documents. Throws when one is refused. */
export async function upload(
  client: Client,
  files: readonly { name: string; bytes: Uint8Array }[],
  visibility?: "private" | "tenant",
  folder?: string,
): Promise<UploadedDocument[]> {
  const form = new FormData();
  if (folder) form.append("folder", folder);
  if (visibility) form.append("visibility", visibility);
  for (const { name, bytes } of files) form.append("file", new Blob([new Uint8Array(bytes)]), name);
  const answer = expectStatus(await client.call("POST", "documents", { raw: form }), 201, "uploading");
  if (answer.json.refused.length > 0) throw new Error(`refused: ${JSON.stringify(answer.json.refused)}`);
  return answer.json.items;
}

/** Waits until none of the documents (among the newest 100) is being read any more. Throws after `atMost` milliseconds, or when one failed. */
export async function waitUntilReady(
  client: Client,
  ids: readonly string[],
  atMost = 60_000,
): Promise<UploadedDocument[]> {
  const deadline = Date.now() + atMost;
  for (let pause = 100; ; pause = Math.min(pause * 1.5, 1000)) {
    const listed = expectStatus(await client.call("GET", "documents?limit=100"), 200, "listing documents");
    const found = (listed.json.items as UploadedDocument[]).filter((d) => ids.includes(d.id));
    const failed = found.find((d) => d.state === "failed");
    if (failed) throw new Error(`${failed.name} failed: ${failed.problem?.code}`);
    if (found.length === ids.length && found.every((d) => d.state === "ready")) return found;
    if (Date.now() > deadline) {
      throw new Error(`still ${found.map((d) => d.state).join(", ")} after ${atMost} ms`);
    }
    await sleep(pause);
  }
}

type Kind = "document" | "folder" | "chat";

/** Shares something of one's own; answers the share's id. */
export async function shareWith(
  client: Client,
  kind: Kind,
  id: string,
  grantee: { kind: "member" | "group" | "tenant"; id: string | null },
  access: "read" | "write" = "read",
): Promise<string> {
  const body = { with: grantee, access };
  const answer = await client.call("POST", `${kind}s/${id}/shares`, { body });
  return expectStatus(answer, 201, `sharing a ${kind}`).json.id;
}

/** Shares something of one's own with the whole workspace, to read. */
export function shareWithAll(client: Client, kind: Kind, id: string): Promise<Answer> {
  const body = { with: { kind: "tenant", id: null }, access: "read" };
  return client.call("POST", `${kind}s/${id}/shares`, { body });
}

/** Takes back every share of something of one's own; answers the last answer. */
export async function takeBackAll(client: Client, kind: Kind, id: string): Promise<Answer> {
  const listed = expectStatus(await client.call("GET", `${kind}s/${id}/access`), 200, "asking who sees it");
  let last = listed;
  for (const share of listed.json.shares as { id: string; inheritedFrom: unknown }[])
    if (share.inheritedFrom === null) last = await client.call("DELETE", `shares/${share.id}`);
  return last;
}

export interface AnsweredQuestion {
  readonly chat: string;
  readonly id: string;
  readonly text: string;
  readonly mode: string | null;
  readonly citations: readonly {
    document: { id: string; name: string } | null;
    passage: number;
    page: number | null;
    quote: string;
  }[];
  readonly ms: number;
}

/** Asks a question in a new chat and waits for the whole answer. */
export async function ask(client: Client, question: string, atMost = 30_000): Promise<AnsweredQuestion> {
  const started = performance.now();
  const chat = expectStatus(await client.call("POST", "chats", { body: {} }), 201, "opening a chat").json
    .id as string;
  const asked = expectStatus(
    await client.call("POST", `chats/${chat}/questions`, { body: { text: question } }),
    201,
    "asking",
  );
  const id = asked.json.answer.id as string;
  const deadline = Date.now() + atMost;
  for (;;) {
    const { json } = expectStatus(await client.call("GET", `chats/${chat}`), 200, "reading a chat");
    const answer = json.messages.find((m: { id: string }) => m.id === id);
    if (answer?.state === "failed") throw new Error("the answer failed");
    if (answer?.state === "done") {
      return {
        chat,
        id,
        text: answer.text,
        mode: answer.mode,
        citations: answer.citations,
        ms: Math.round(performance.now() - started),
      };
    }
    if (Date.now() > deadline) throw new Error(`no answer after ${atMost} ms`);
    await sleep(50);
  }
}
