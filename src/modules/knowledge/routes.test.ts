import assert from "node:assert/strict";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import fastify from "fastify";
import { type Member, openStand, until, type Workspace } from "../../../test/support/knowledge.ts";
import type { Routes } from "../../kernel/routes/contract.ts";
import { accessCookie, csrfProof } from "../../kernel/routes/guards.ts";
import { mountRoutes } from "../../kernel/routes/router.ts";
import { assistantRoutes } from "../assistant/routes.ts";
import { getDocument } from "./documents/service.ts";
import { knowledgeRoutes } from "./routes.ts";

const MB = 1024 * 1024;

test("documents, search and chats over HTTP", async (t) => {
  const stand = await openStand(t, { working: true });
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const app = fastify({ forceCloseConnections: true });
  const routes: Routes = [];
  knowledgeRoutes(routes);
  assistantRoutes(routes);
  await mountRoutes(app, stand.system, routes);
  await app.listen({ port: 0, host: "127.0.0.1" });
  t.after(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const base = `http://127.0.0.1:${port}/api/t/harrow`;
  const headers = await headersOf(stand.system, workspace, mara);
  const call = async (method: string, path: string, body?: unknown) => {
    const response = await fetch(`${base}/${path}`, {
      method,
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text && JSON.parse(text) };
  };

  await t.test(
    "several files in one request, one of them too large, none in the way of another",
    async () => {
      const form = new FormData();
      form.append("file", new Blob(["# Lease\n\nNotice is two months."]), "Mietvertrag – Müller.md");
      form.append(
        "file",
        new Blob([Buffer.alloc(MB, "x "), ...Array(52).fill(Buffer.alloc(MB, "y "))]),
        "large.txt",
      );
      form.append(
        "file",
        new Blob([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0])]),
        "picture.png",
      );
      form.append("other", new Blob(["not a file of ours"]), "other.txt");
      form.append("file", new Blob([""]), "empty.txt");
      form.append("file", new Blob([Buffer.alloc(50 * MB, "z ")]), "exactly.txt");
      const response = await fetch(`${base}/documents`, { method: "POST", headers, body: form });
      const { items, refused } = (await response.json()) as {
        items: { id: string; name: string; bytes: number }[];
        refused: { name: string; code: string }[];
      };
      assert.equal(response.status, 201);
      assert.deepEqual(
        items.map((d) => [d.name, d.bytes]),
        [
          ["Mietvertrag – Müller.md", 30],
          ["exactly.txt", 50 * MB],
        ],
      );
      assert.deepEqual(
        refused.map((r) => [r.name, r.code]),
        [
          ["large.txt", "too_large"],
          ["picture.png", "unsupported_format"],
          ["empty.txt", "invalid_input"],
        ],
      );
      await until(async () => (await getDocument(mara.as(), items[0]?.id ?? "")).state === "ready");
      const found = await call("GET", "search?q=notice");
      assert.equal(found.status, 200);
      assert.deepEqual(found.json.items[0].marks, [[7, 13]]);
      const original = await fetch(`${base}/documents/${items[0]?.id}/original`, { headers });
      assert.equal(original.status, 200);
      assert.match(
        original.headers.get("content-disposition") ?? "",
        /^attachment; .*Mietvertrag%20%E2%80%93%20M%C3%BCller\.md$/,
      );
      assert.equal(await original.text(), "# Lease\n\nNotice is two months.");
    },
  );

  await t.test("shared from the start, with the field that says so", async () => {
    const omar = await workspace.hire("Omar", "viewer");
    const send = async (visibility: string) => {
      const form = new FormData();
      form.append("visibility", visibility);
      form.append("file", new Blob(["A rule for all."]), "rule.md");
      const response = await fetch(`${base}/documents`, { method: "POST", headers, body: form });
      return {
        status: response.status,
        json: (await response.json()) as { items: { id: string; visibility: string }[] },
      };
    };
    const shared = await send("tenant");
    assert.deepEqual([shared.status, shared.json.items[0]?.visibility], [201, "tenant"]);
    assert.equal((await getDocument(omar.as(), shared.json.items[0]?.id ?? "")).mine, false);
    assert.equal((await send("private")).json.items[0]?.visibility, "private");
    assert.equal((await send("world")).status, 422);
  });

  await t.test("memory stays flat while a large file streams in", async () => {
    globalThis.gc?.();
    const before = process.memoryUsage().rss;
    let most = 0;
    const timer = setInterval(() => {
      most = Math.max(most, process.memoryUsage().rss);
    }, 10);
    const status = await slowUpload(port, headers, 48);
    clearInterval(timer);
    assert.equal(status, 201);
    assert.ok(most - before < 40 * MB, `${(most - before) / MB} MB more`);
  });

  await t.test("an upload that breaks off leaves the server as it was", async () => {
    await assert.rejects(slowUpload(port, headers, 5, 2));
    await until(async () => (await call("GET", "documents?q=slow")).json.items.length === 1);
  });

  await t.test("bodies and queries that are not right are refused, with the fields", async () => {
    const id = (await call("GET", "documents")).json.items[0].id;
    const cases: [string, string, unknown, number][] = [
      ["PATCH", `documents/${id}`, {}, 422],
      ["PATCH", `documents/${id}`, { name: "" }, 422],
      ["PATCH", `documents/${id}`, { name: "x".repeat(301) }, 422],
      ["PATCH", `documents/${id}`, { visibility: "world" }, 422],
      ["GET", "documents?limit=1000", undefined, 422],
      ["GET", "documents?cursor=' or 1=1", undefined, 422],
      ["GET", "documents?cursor=&limit=1", undefined, 200],
      ["GET", "search", undefined, 422],
      ["GET", "search?q=", undefined, 422],
      ["GET", `search?q=${"x".repeat(501)}`, undefined, 422],
      ["GET", "documents/not-an-id", undefined, 404],
      ["GET", "documents/01890a5d-ac96-774b-bcce-b302099a8057", undefined, 404],
      ["POST", "documents", { name: "x" }, 415],
      ["POST", "chats/01890a5d-ac96-774b-bcce-b302099a8057/questions", { text: "x".repeat(4001) }, 422],
      ["POST", "chats/01890a5d-ac96-774b-bcce-b302099a8057/questions", { text: "x" }, 404],
    ];
    for (const [method, path, body, status] of cases) {
      const answer = await call(method, path, body);
      assert.equal(
        answer.status,
        status,
        `${method} ${path.slice(0, 80)}: ${JSON.stringify(answer.json).slice(0, 200)}`,
      );
      if (status === 422) assert.ok(Object.keys(answer.json.error.fields ?? {}).length > 0);
    }
  });

  await t.test("a question, its stream, the chat", async () => {
    const chat = (await call("POST", "chats")).json.id;
    const asked = await call("POST", `chats/${chat}/questions`, { text: "How long is the notice?" });
    assert.equal(asked.status, 201);
    const stream = await fetch(`${base}/answers/${asked.json.answer.id}/stream`, { headers });
    assert.equal(stream.headers.get("content-type"), "text/event-stream; charset=utf-8");
    const text = await stream.text();
    assert.match(text, /^id: 1-1\nevent: part\ndata: \{"seq":1,"text":"Notice is two months\."/);
    assert.match(text, /\nid: 1-1\nevent: done\ndata: /);
    const read = await call("GET", `chats/${chat}`);
    assert.deepEqual(
      read.json.messages.map((m: { state: string }) => m.state),
      ["done", "done"],
    );
    assert.equal(read.json.messages[1].citations[0].document.name, "Mietvertrag – Müller.md");
    assert.equal((await call("DELETE", `chats/${chat}`)).status, 204);
    assert.equal((await fetch(`${base}/answers/${asked.json.answer.id}/stream`, { headers })).status, 404);
  });

  await t.test("a session follows so many streams at once", async () => {
    // Of its own: what another still counts as open, for a moment after its end, is not in its way.
    const own = await headersOf(stand.system, workspace, await workspace.hire("Wim", "viewer"));
    const ends: AbortController[] = [];
    const open = async () => {
      const end = new AbortController();
      const answer = await fetch(`${base}/documents/events`, { headers: own, signal: end.signal });
      if (answer.status === 200) ends.push(end);
      return answer;
    };
    const refused = await until(async () => {
      const answer = await open();
      return answer.status === 429 && answer;
    });
    assert.equal(ends.length, 6);
    assert.equal(((await refused.json()) as { error: { code: string } }).error.code, "rate_limited");
    assert.ok(Number(refused.headers.get("retry-after")) > 0);
    ends[0]?.abort();
    await until(async () => (await open()).status === 200);
    for (const end of ends) end.abort();
  });

  await t.test("no permission beyond the role's, and none without a session", async () => {
    const viewer = await workspace.hire("Vi", "viewer");
    const as = await headersOf(stand.system, workspace, viewer);
    const form = new FormData();
    form.append("file", new Blob(["A text."]), "a.txt");
    assert.equal((await fetch(`${base}/documents`, { method: "POST", headers: as, body: form })).status, 403);
    assert.equal((await fetch(`${base}/documents`)).status, 401);
    assert.equal((await fetch(`${base}/documents/events`)).status, 401);
    assert.equal((await fetch(`${base}/documents`, { headers: as })).status, 200);
  });
});

async function headersOf(system: Parameters<typeof csrfProof>[0], { tenant }: Workspace, member: Member) {
  const { token } = await system.tokens.issue({
    tenantId: tenant.id,
    slug: tenant.slug,
    memberId: member.id,
    sessionId: member.sessionId,
  });
  return {
    cookie: `${accessCookie(tenant.slug)}=${token}`,
    "x-csrf-token": csrfProof(system, member.sessionId),
  };
}

/** Sends a file in megabytes; gives up after `until` of them. */
function slowUpload(
  port: number,
  headers: Record<string, string>,
  size: number,
  breakAfter = size,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        port,
        host: "127.0.0.1",
        path: "/api/t/harrow/documents",
        method: "POST",
        headers: { ...headers, "content-type": "multipart/form-data; boundary=cut" },
      },
      (response) => {
        response.resume();
        response.on("end", () => resolve(response.statusCode ?? 0));
      },
    );
    sending.on("error", reject);
    void (async () => {
      sending.write('--cut\r\ncontent-disposition: form-data; name="file"; filename="slow.txt"\r\n\r\n');
      const piece = Buffer.alloc(64 * 1024, "A line of a long text.\n");
      for (let sent = 0; sent < (size * MB) / piece.length; sent++) {
        if ((sent * piece.length) / MB >= breakAfter) return sending.destroy();
        if (!sending.write(piece)) await new Promise((go) => sending.once("drain", go));
      }
      sending.end("\r\n--cut--\r\n");
    })();
  });
}
