import assert from "node:assert/strict";
import { connect } from "node:net";
import { Readable } from "node:stream";
import { test } from "node:test";
import { z } from "zod";
import { asSuperuser, openStage, type Person, type Stage } from "../../../test/support/stage.ts";
import { createApp } from "../../app.ts";
import { newApiKey } from "../api-keys.ts";
import { minutes } from "../clock.ts";
import { withDatabase } from "../database/migrate.ts";
import { sendPending, unit } from "../database/unit.ts";
import { appError } from "../errors.ts";
import { Id } from "../ids.ts";
import { rates } from "../limits/token-bucket.ts";
import type { System } from "../system.ts";
import { allow, publicBecause, type Routes, route, unauditedBecause } from "./contract.ts";
import { accessCookie, csrfProof, refreshCookie } from "./guards.ts";

const ID = "01890a5d-ac96-774b-bcce-b302099a8057";

interface Answer {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of any route of these tests
  json: any;
}

test("routes over HTTP", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const mara = await company.hire("Mara", "viewer");
  const { base, ran } = await serve(stage.system, t);
  const signedIn = await headersOf(stage, mara, "harrow", company.id);

  const call = async (
    method: string,
    path: string,
    {
      body,
      headers = signedIn,
      raw,
    }: { body?: unknown; headers?: Record<string, string>; raw?: string | Uint8Array | FormData } = {},
  ): Promise<Answer> => {
    const response = await fetch(base + (path.startsWith("/") ? path : `/api/t/harrow/${path}`), {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(raw !== undefined ? { body: raw } : body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json");
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson && text ? JSON.parse(text) : null,
    };
  };
  const ends = (answer: Answer, status: number, code: string) => {
    assert.deepEqual([answer.status, answer.json?.error?.code], [status, code], answer.text);
    assert.equal(answer.headers.get("content-type"), "application/json; charset=utf-8");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("x-content-type-options"), "nosniff");
    assert.match(answer.json.error.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const { code: _, message, requestId: __, fields: ___, ...rest } = answer.json.error;
    assert.ok(message.length > 10);
    assert.deepEqual([rest, Object.keys(answer.json)], [{}, ["error"]]);
    return answer;
  };

  await t.test("what a handler answers, and nothing that the contract does not name", async () => {
    const { status, json, headers } = await call("GET", `things/${ID}`);
    assert.deepEqual([status, json], [200, { id: ID, name: "A thing", parts: [{ no: 1 }], nothing: null }]);
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("content-type"), "application/json; charset=utf-8");
    const made = await call("POST", "things", { body: { name: "  Lease ", count: 2, admin: true } });
    assert.deepEqual([made.status, made.json], [201, { name: "Lease", count: 2 }]);
    const none = await call("DELETE", `things/${ID}`);
    assert.deepEqual([none.status, none.text], [204, ""]);
    const listed = await call("GET", "things?limit=7&more=1");
    assert.deepEqual(listed.json, { limit: 7 });
  });

  await t.test("one shape of error for whatever is wrong with a request", async () => {
    ends(await call("GET", "nowhere"), 404, "not_found");
    ends(await call("GET", "/api/nowhere"), 404, "not_found");
    ends(await call("PUT", "things", { body: {} }), 404, "not_found");
    for (const id of ["1", ID.toUpperCase(), `${ID}x`, "..%2f..%2fetc", "'"])
      ends(await call("GET", `things/${id}`), 404, "not_found");
    for (const slug of ["HARROW", "-harrow", "a".repeat(41), "%00", "harrow%20"])
      ends(await call("GET", `/api/t/${slug}/things/${ID}`), 404, "not_found");

    const json = { ...signedIn, "content-type": "application/json" };
    for (const raw of ["", "{", "[1,]", '{"name":"\\u0000","count":1}', '{"__proto__":{}}', "[".repeat(5000)])
      ends(await call("POST", "things", { headers: json, raw }), 400, "bad_request");
    ends(await call("GET", "things?limit=%00"), 400, "bad_request");

    const wrong = ends(
      await call("POST", "things", { body: { name: "", count: "2" } }),
      422,
      "invalid_input",
    );
    assert.deepEqual(Object.keys(wrong.json.error.fields), ["name", "count"]);
    ends(await call("POST", "things", { body: [] }), 422, "invalid_input");
    ends(await call("POST", "things", { body: null }), 422, "invalid_input");
    const query = ends(await call("GET", "things?limit=x"), 422, "invalid_input");
    assert.deepEqual(Object.keys(query.json.error.fields), ["query.limit"]);
    ends(await call("GET", "things?limit=1&limit=2"), 422, "invalid_input");

    for (const type of ["text/plain", "application/xml", "application/x-www-form-urlencoded", "text/json"]) {
      const headers = { ...signedIn, "content-type": type };
      ends(await call("POST", "things", { headers, raw: '{"name":"x","count":1}' }), 415, "unsupported_type");
    }
    ends(await call("POST", "things"), 415, "unsupported_type");
    const form = new FormData();
    form.append("name", "x");
    ends(await call("POST", "things", { raw: form }), 415, "unsupported_type");
    ends(await call("POST", "files", { body: {} }), 415, "unsupported_type");

    const large = JSON.stringify({ name: "x".repeat(1024 * 1024), count: 1 });
    ends(await call("POST", "things", { headers: json, raw: large }), 413, "too_large");
  });

  await t.test("nothing of the inside in an answer", async () => {
    const answer = ends(await call("POST", "boom", { body: { how: "plain" } }), 500, "internal");
    const cause = ends(await call("POST", "boom", { body: { how: "cause" } }), 409, "wrong_state");
    const database = ends(await call("POST", "boom", { body: { how: "database" } }), 500, "internal");
    const shape = ends(await call("POST", "boom", { body: { how: "shape" } }), 500, "internal");
    for (const { text } of [answer, cause, database, shape])
      assert.doesNotMatch(text, /hunter2|Error:|\bat \/|src\/|select|relation|stack/i, text);
    assert.equal(answer.headers.get("x-powered-by"), null);
    // The request id of the answer finds the log line; what the log has is not the value either.
    assert.ok(stage.log().includes(answer.json.error.requestId));
    // A status that an error brings along, as those of the framework do, is not taken over but its class.
    ends(await call("POST", "boom", { body: { how: "teapot" } }), 400, "bad_request");
  });

  await t.test("whose request it is, before anything else", async () => {
    const { cookie = "" } = signedIn;
    const anonymous = ends(await call("GET", "untouched", { headers: {} }), 401, "not_signed_in");
    assert.equal(anonymous.headers.get("ratelimit-limit"), String(rates.read.burst));
    const refresh = { cookie: `${refreshCookie("harrow")}=anything` };
    ends(await call("GET", "untouched", { headers: refresh }), 401, "session_expired");
    const token = cookie.split("=")[1] ?? "";
    for (const bad of ["x", `${token}x`, token.slice(0, -5), `${token.split(".").slice(0, 2).join(".")}.`]) {
      const headers = { cookie: `${accessCookie("harrow")}=${bad}` };
      ends(await call("GET", "untouched", { headers }), 401, "not_signed_in");
    }
    // A token of this workspace under the name, and on the path, of another.
    const renamed = { cookie: `${accessCookie("bexley")}=${token}` };
    ends(await call("GET", "/api/t/bexley/things", { headers: renamed }), 401, "not_signed_in");
    ends(await call("GET", "/api/t/bexley/things", { headers: { cookie } }), 401, "not_signed_in");
    // Not even the wrong body tells more than that.
    ends(await call("POST", "things", { headers: {}, body: { name: 1 } }), 401, "not_signed_in");
    assert.ok(await other.hire("Stranger", "owner"));
  });

  await t.test("a handler that touches no data is asked for its permission all the same", async () => {
    const before = ran.untouched;
    const answer = ends(await call("GET", "untouched-admin"), 403, "forbidden");
    assert.doesNotMatch(answer.text, /a secret/);
    assert.equal((await call("GET", "untouched")).status, 200);
    assert.equal(ran.untouched, before + 2);
    const leaver = await company.hire("Leaver", "admin");
    const headers = await headersOf(stage, leaver, "harrow", company.id);
    assert.equal((await call("GET", "untouched-admin", { headers })).status, 200);
    await unit(company.job(), async (ctx) => {
      const client = await sendPending(ctx.tx);
      await client.query("update session set ended_at = now() where session_id = $1", [leaver.sessionId]);
    });
    ends(await call("GET", "untouched-admin", { headers }), 401, "signed_out");
    ends(await call("GET", "events-admin"), 403, "forbidden");
    ends(await call("GET", "bytes-admin"), 403, "forbidden");
  });

  await t.test("a change proves that it comes from our own page", async () => {
    const { cookie = "", "x-csrf-token": csrf = "" } = signedIn;
    const second = await company.hire("Second", "viewer");
    const post = (headers: Record<string, string>) =>
      call("POST", "things", { headers: { cookie, ...headers }, body: { name: "x", count: 1 } });
    for (const headers of [
      {},
      { "x-csrf-token": "" },
      { "x-csrf-token": `${csrf}x` },
      { "x-csrf-token": csrf.slice(1) },
      { "x-csrf-token": csrfProof(stage.system, second.sessionId) },
      { "x-csrf-token": csrf, origin: "https://evil.example" },
      { "x-csrf-token": csrf, origin: "null" },
      { "x-csrf-token": csrf, origin: base.replace("http:", "https:") },
      { "x-csrf-token": csrf, "sec-fetch-site": "cross-site" },
      { "x-csrf-token": csrf, "sec-fetch-site": "same-site" },
    ])
      ends(await post(headers), 403, "csrf");
    assert.equal(
      (await post({ "x-csrf-token": csrf, origin: base, "sec-fetch-site": "same-origin" })).status,
      201,
    );
    // The public ones, too, from no other page; reading needs no proof.
    const open = (headers: Record<string, string>) =>
      call("POST", "open", { headers: { ...headers }, body: {} });
    ends(await open({ origin: "https://evil.example" }), 403, "csrf");
    ends(await open({ "sec-fetch-site": "cross-site" }), 403, "csrf");
    assert.equal((await open({ origin: base })).status, 200);
    assert.equal((await call("GET", "things", { headers: { cookie } })).status, 200);
  });

  await t.test("no method but the declared one, whatever a header says", async () => {
    const head = await call("HEAD", `things/${ID}`);
    assert.deepEqual([head.status, head.headers.get("cache-control")], [404, "no-store"]);
    for (const method of ["OPTIONS", "PUT", "PATCH", "PROPFIND"])
      ends(await call(method, `things/${ID}`), 404, "not_found");
    const before = ran.deleted;
    for (const name of ["x-http-method-override", "x-method-override", "x-http-method"]) {
      const answer = await call("GET", `things/${ID}?_method=DELETE`, {
        headers: { ...signedIn, [name]: "DELETE" },
      });
      assert.equal(answer.status, 200);
    }
    assert.equal(ran.deleted, before);
  });

  await t.test("a download is an attachment that nothing runs", async () => {
    const { status, headers, text } = await call("GET", "bytes");
    assert.deepEqual([status, text], [200, "<script>alert(1)</script>"]);
    assert.deepEqual(
      [
        "content-type",
        "content-length",
        "content-disposition",
        "content-security-policy",
        "x-content-type-options",
        "cache-control",
      ].map((name) => headers.get(name)),
      [
        "application/octet-stream",
        "25",
        "attachment; filename*=UTF-8''M%C3%BCller%20%22x%22%0D%0Aset-cookie%3A%20a%3Db%20%28%27%2a%29.html",
        "sandbox; default-src 'none'",
        "nosniff",
        "no-store",
      ],
    );
    assert.equal(headers.get("set-cookie"), null);
  });

  await t.test("events are a stream that nothing keeps", async () => {
    const { status, headers, text } = await call("GET", "events");
    assert.deepEqual([status, text], [200, 'event: hello\ndata: {"n":1}\n\n']);
    assert.equal(headers.get("content-type"), "text/event-stream; charset=utf-8");
    assert.equal(headers.get("cache-control"), "no-store");
    assert.equal(headers.get("x-content-type-options"), "nosniff");
    assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/);
  });

  await t.test("files come one after the other, with the fields before them", async () => {
    const form = new FormData();
    form.append("visibility", "private");
    form.append("visibility", "tenant");
    form.append("file", new Blob(["one"]), "../ü.txt");
    form.append("other", new Blob(["not ours"]), "other.txt");
    form.append("file", new Blob(["three"]), "b.txt");
    const { status, json } = await call("POST", "files", { raw: form });
    assert.equal(status, 201, JSON.stringify(json));
    assert.deepEqual(
      json.files.map((f: { size: number; visibility: string | null }) => [f.size, f.visibility]),
      [
        [3, "tenant"],
        [5, "tenant"],
      ],
    );
    const type = { ...signedIn, "content-type": "multipart/form-data; boundary=xxx" };
    for (const raw of [
      "--xxx\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\nnever ended",
      "nothing of a form",
    ])
      ends(await call("POST", "files", { headers: type, raw }), 400, "bad_request");
    const noBoundary = { ...signedIn, "content-type": "multipart/form-data" };
    const status400 = await call("POST", "files", { headers: noBoundary, raw: "x" });
    assert.ok([400, 415].includes(status400.status), status400.text);
  });

  await t.test("cookies that no script reads and no other site sends", async () => {
    const { headers } = await call("POST", "open", { headers: {}, body: {} });
    assert.deepEqual(headers.getSetCookie(), [
      "__Host-test=value; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax",
      "__Host-old=; Max-Age=0; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; SameSite=Lax",
    ]);
  });

  await t.test("who makes up many keys is not listened to any more, on any route", async () => {
    const madeUp = () => ({ authorization: `Bearer ${newApiKey().key}` });
    for (let i = 0; i < rates.public.burst; i++)
      ends(await call("GET", `things/${ID}`, { headers: madeUp() }), 401, "key_invalid");
    ends(await call("GET", `things/${ID}`, { headers: madeUp() }), 429, "rate_limited");
    ends(await call("DELETE", `things/${ID}`, { headers: madeUp() }), 429, "rate_limited");
    assert.equal((await call("GET", `things/${ID}`)).status, 200, "a session is not counted with them");
    stage.pass(minutes(2));
    ends(await call("GET", `things/${ID}`, { headers: madeUp() }), 401, "key_invalid");
    stage.pass(-minutes(2));
  });

  await t.test("how often: said with every answer, per member and per network", async () => {
    const { burst } = rates["sign-in"];
    const first = await call("POST", "seldom", { body: {} });
    assert.equal(first.headers.get("ratelimit-limit"), String(burst));
    assert.equal(first.headers.get("ratelimit-remaining"), String(burst - 1));
    for (let i = 1; i < burst; i++) assert.equal((await call("POST", "seldom", { body: {} })).status, 200);
    const over = ends(await call("POST", "seldom", { body: {} }), 429, "rate_limited");
    assert.equal(over.headers.get("ratelimit-remaining"), "0");
    assert.ok(Number(over.headers.get("retry-after")) >= 1);
    assert.equal(over.headers.get("ratelimit-reset"), over.headers.get("retry-after"));
    // A colleague has their own, and so has another route.
    const colleague = await headersOf(stage, await company.hire("Colleague", "viewer"), "harrow", company.id);
    assert.equal((await call("POST", "seldom", { headers: colleague, body: {} })).status, 200);
    assert.equal((await call("POST", "things", { body: { name: "x", count: 1 } })).status, 201);
    // Whoever knocks without a token is counted by network.
    for (let i = 0; i < burst; i++) await call("POST", "seldom", { headers: {}, body: {} });
    ends(await call("POST", "seldom", { headers: {}, body: {} }), 429, "rate_limited");
    // A wrong body is counted as well: it must not be a way around.
    ends(await call("POST", "seldom", { body: [] }), 429, "rate_limited");
    stage.pass(minutes(1));
    assert.equal(
      (
        await call("POST", "seldom", {
          headers: await headersOf(stage, mara, "harrow", company.id),
          body: {},
        })
      ).status,
      200,
    );

    const knock = (ip: string) =>
      call("POST", "seldom-open", { headers: { "x-forwarded-for": ip, forwarded: `for=${ip}` }, body: {} });
    for (let i = 0; i < burst; i++) assert.equal((await knock(`198.51.100.${i}`)).status, 200);
    ends(await knock("203.0.113.9"), 429, "rate_limited");
  });

  await t.test("a database that is away", async () => {
    const headers = await headersOf(stage, mara, "harrow", company.id);
    await asSuperuser(
      { ...stage.database, url: () => withDatabase(stage.database.url("postgres"), "postgres") },
      async (client) => {
        const { database } = stage.database;
        await client.query(`alter database ${database} allow_connections false`);
        await client.query("select pg_terminate_backend(pid) from pg_stat_activity where datname = $1", [
          database,
        ]);
        try {
          for (const answer of [
            await call("GET", "untouched", { headers }),
            await call("GET", "things", { headers }),
            await call("POST", "/api/t/not-asked-before/open", { headers: {}, body: {} }),
          ])
            assert.equal(ends(answer, 503, "unavailable").headers.get("retry-after"), "2");
        } finally {
          await client.query(`alter database ${database} allow_connections true`);
        }
      },
    );
    assert.equal((await call("GET", "untouched", { headers })).status, 200);
  });

  await t.test("what is not HTTP, or no address, is answered without a word of the inside", async () => {
    const port = Number(new URL(base).port);
    for (const bytes of [
      "GET / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
      "\x16\x03\x01\x00\x00\r\n\r\n",
      "GET /%ff%zz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
      `GET /${"x".repeat(20_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
    ]) {
      const text = await talk(port, bytes);
      assert.match(text, /^HTTP\/1\.1 4\d\d /);
      assert.match(text, /"code":"(bad_request|not_found)"/);
      assert.match(text, /x-content-type-options: nosniff/i);
      assert.doesNotMatch(text, /node_modules|FST_|HPE_|\bat /);
    }
  });
});

/** A server of the product, with these few routes instead of its own. */
async function serve(system: System, t: { after(fn: () => Promise<void>): void }) {
  const ran = { untouched: 0, deleted: 0 };
  const app = await createApp(system, () => testRoutes(ran));
  await app.server.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.server.close());
  const address = app.server.server.address();
  if (typeof address !== "object" || !address) throw new Error("the server does not listen");
  return { base: `http://127.0.0.1:${address.port}`, ran };
}

function testRoutes(ran: { untouched: number; deleted: number }): Routes {
  const routes: Routes = [];
  const reading = { access: allow("account.use"), audit: unauditedBecause("a test"), rate: "read" } as const;
  const changing = { access: allow("account.use"), audit: "test.changed", rate: "write" } as const;
  const open = { access: publicBecause("a test"), audit: unauditedBecause("a test") } as const;
  const ids = z.object({ id: Id });
  const ok = { 200: z.object({ ok: z.boolean() }) };

  route(routes, {
    ...reading,
    method: "GET",
    path: "/things/:id",
    words: "A thing",
    resource: "thing",
    input: { params: ids },
    output: {
      200: z.object({
        id: z.string(),
        name: z.string(),
        parts: z.array(z.object({ no: z.number() })),
        nothing: z.object({ x: z.string() }).nullable(),
      }),
    },
    handler: async (_ctx, { params }) => ({
      id: params.id,
      name: "A thing",
      password: "hunter2",
      parts: [{ no: 1, secret: "hunter2" }],
      nothing: null,
    }),
  });
  route(routes, {
    ...reading,
    method: "GET",
    path: "/things",
    words: "Things",
    input: { query: z.object({ limit: z.coerce.number().int().default(5) }) },
    output: { 200: z.object({ limit: z.number() }) },
    handler: async (_ctx, { query }) => query,
  });
  route(routes, {
    ...changing,
    method: "POST",
    path: "/things",
    words: "Make a thing",
    input: { body: z.object({ name: z.string().trim().min(1), count: z.number() }) },
    output: { 201: z.object({ name: z.string(), count: z.number() }) },
    handler: async (_ctx, { body }) => body,
  });
  route(routes, {
    ...changing,
    method: "DELETE",
    path: "/things/:id",
    words: "Remove a thing",
    resource: "thing",
    input: { params: ids },
    output: { 204: z.null() },
    handler: async () => {
      ran.deleted++;
      return null;
    },
  });
  route(routes, {
    ...changing,
    method: "POST",
    path: "/boom",
    words: "Fail",
    input: { body: z.object({ how: z.string() }) },
    output: ok,
    handler: async (ctx, { body }) => {
      if (body.how === "cause") throw appError("wrong_state", { cause: new Error("hunter2") });
      if (body.how === "database") {
        await unit(ctx, async (inner) => {
          await inner.tx.client.query("select 'hunter2'::int");
        });
      }
      if (body.how === "teapot") throw Object.assign(new Error("hunter2"), { statusCode: 418 });
      if (body.how === "shape") return {} as never;
      throw new Error("password=hunter2 at /srv/src/x.ts");
    },
  });
  for (const [path, key] of [
    ["", "account.use"],
    ["-admin", "member.remove"],
  ] as const) {
    const access = { ...reading, access: allow(key), method: "GET" } as const;
    route(routes, {
      ...access,
      path: `/untouched${path}`,
      words: "Touches no data",
      output: { 200: z.object({ word: z.string() }) },
      handler: async () => {
        ran.untouched++;
        return { word: "a secret" };
      },
    });
    route(routes, {
      ...access,
      path: `/events${path}`,
      words: "Events",
      output: { 200: "events" },
      handler: async () =>
        (async function* () {
          yield { event: "hello", data: { n: 1 } };
        })(),
    });
    route(routes, {
      ...access,
      path: `/bytes${path}`,
      words: "A download",
      output: { 200: "bytes" },
      handler: async () => ({
        stream: Readable.from([Buffer.from("<script>alert(1)</script>")]),
        name: 'Müller "x"\r\nset-cookie: a=b (\'*).html',
        bytes: 25,
      }),
    });
  }
  route(routes, {
    ...changing,
    rate: "upload",
    method: "POST",
    path: "/files",
    words: "Files",
    input: { body: "files" },
    output: {
      201: z.object({ files: z.array(z.object({ size: z.number(), visibility: z.string().nullable() })) }),
    },
    handler: async (_ctx, _input, reply) => {
      const files = [];
      for await (const { stream, field } of reply.uploads()) {
        let size = 0;
        for await (const chunk of stream) size += (chunk as Buffer).length;
        files.push({ size, visibility: field("visibility") ?? null });
      }
      return { files };
    },
  });
  route(routes, {
    ...open,
    rate: "public",
    method: "POST",
    path: "/open",
    words: "For everybody",
    input: { body: z.object({}) },
    output: ok,
    handler: async (_ctx, _input, reply) => {
      reply.setCookie("__Host-test", "value", 60);
      reply.clearCookie("__Host-old");
      return { ok: true };
    },
  });
  route(routes, {
    ...changing,
    rate: "sign-in",
    method: "POST",
    path: "/seldom",
    words: "Seldom",
    input: { body: z.object({}) },
    output: ok,
    handler: async () => ({ ok: true }),
  });
  route(routes, {
    ...open,
    rate: "sign-in",
    method: "POST",
    path: "/seldom-open",
    words: "Seldom, for everybody",
    input: { body: z.object({}) },
    output: ok,
    handler: async () => ({ ok: true }),
  });
  return routes;
}

async function headersOf(
  { system }: Stage,
  person: Person,
  slug: string,
  tenantId: string,
): Promise<Record<string, string>> {
  const { token } = await system.tokens.issue({
    tenantId,
    slug,
    memberId: person.id,
    sessionId: person.sessionId,
  });
  return {
    cookie: `${accessCookie(slug)}=${token}`,
    "x-csrf-token": csrfProof(system, person.sessionId),
  };
}

function talk(port: number, bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes, "latin1"));
    socket.setEncoding("latin1").on("data", (part) => {
      text += part;
    });
    socket.setTimeout(5000, () => socket.destroy(new Error(`no end: ${text}`)));
    socket.on("error", reject).on("close", () => resolve(text));
  });
}
