import assert from "node:assert/strict";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { rates } from "../../src/kernel/limits/token-bucket.ts";
import { upload } from "../../src/modules/trust/stage/workspace.ts";
import { textPaper } from "../support/papers.ts";
import { testDatabase } from "../support/postgres.ts";
import { startRedis, withoutRedis } from "../support/redis.ts";
import { newPlace, remove, runToEnd, type Server, startServer, until } from "../support/server.ts";
import { asSuperuser } from "../support/stage.ts";
import { foundFirm, moveTo } from "../support/visitor.ts";

// Several processes on one database, one home and one Valkey, as in production.

const place = newPlace();
const running = new Set<Server>();
after(async () => {
  await Promise.all([...running].map((server) => server.stop("SIGKILL")));
  remove(place);
});

test("the built-in database is for one process, and says so", async () => {
  const { code, words } = await runToEnd(place, { command: ["src/main.ts", "work"] });
  assert.equal(code, 1);
  assert.match(words, /built-in database is for one process only/);
});

describe("two servers and a worker", { skip: withoutRedis }, async () => {
  if (withoutRedis) return;
  const database = await testDatabase();
  const redis = await startRedis();
  after(() => redis.close());
  // With an empty host the address could not be read as a URL.
  const url = (role: "vouchsafe_app" | "vouchsafe_jobs") => database.url(role).replace("@/", "@localhost/");
  const env = {
    DATABASE_URL: url("vouchsafe_app"),
    JOBS_DATABASE_URL: url("vouchsafe_jobs"),
    VALKEY_URL: redis.url,
    TRUSTED_PROXIES: "127.0.0.1",
    DRAIN_SECONDS: "0.4",
    LOG_LEVEL: "info",
  };
  const start = async (...more: string[]) => {
    const server = await startServer(place, { env, command: ["src/main.ts", "serve", ...more] });
    running.add(server);
    return server;
  };
  const stop = async (server: Server) => {
    const ending = await server.stop("SIGTERM");
    running.delete(server);
    assert.equal(ending.code, 0, ending.words);
  };

  const first = await start("--no-jobs");
  // Each start makes a new link for setting up.
  const owner = await foundFirm(first);
  const second = await start();

  test("another installation's home is refused, and nothing of the start is left", async (t) => {
    const other = newPlace();
    t.after(() => remove(other));
    for (const name of ["serve", "work"]) {
      const { code, words } = await runToEnd(other, {
        env: { ...env, PUBLIC_URL: "https://desk.example" },
        command: ["src/main.ts", name],
      });
      assert.equal(code, 1, words);
      assert.match(words, /belong to different installations/);
      assert.doesNotMatch(words, /^\s+at /m);
    }
  });

  test("share their limits exactly", async () => {
    const { burst } = rates["sign-in"];
    const knock = async (server: Server) =>
      (
        await fetch(`${server.url}/api/t/nobody/session`, {
          method: "POST",
          headers: { "content-type": "application/json", "x-forwarded-for": "198.51.100.9" },
          body: "{}",
        })
      ).status;
    const all = await Promise.all(
      Array.from({ length: 3 * burst }, (_, i) => knock(i % 2 === 0 ? first : second)),
    );
    assert.equal(all.filter((status) => status !== 429).length, burst, all.join());
  });

  test("wake each other's streams", async () => {
    const client = moveTo(second, owner.client);
    const cookie = [...client.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const gone = new AbortController();
    const stream = await fetch(`${second.url}/api/t/firm/documents/events`, {
      headers: { cookie },
      signal: gone.signal,
    });
    assert.equal(stream.status, 200, await (stream.status === 200 ? "" : stream.text()));
    const seen: number[] = [];
    const reading = (async () => {
      for await (const _ of stream.body ?? []) seen.push(performance.now());
    })().catch(() => {});
    await until("a first event, or silence", 400, () => seen.length > 0).catch(() => {});
    const before = seen.length;
    const told = performance.now();
    // By the other process.
    await upload(owner.client, [textPaper(1)]);
    await until("an event", 4000, () => seen.length > before);
    assert.ok((seen[before] ?? 0) - told < 2000, `${(seen[before] ?? 0) - told} ms`);
    gone.abort();
    await reading;
  });

  test("count together for workspaces that do not exist, as for those that do", async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 4; i++) {
      const answer = await fetch(`${(i % 2 === 0 ? first : second).url}/api/t/no-such-place/session`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": "198.51.100.12" },
        body: JSON.stringify({ address: "who@firm.example", password: "Wrong-password-42" }),
      });
      statuses.push(answer.status);
      await sleep(60);
    }
    // After two failures, wherever they were, the third is asked for a challenge.
    assert.deepEqual(statuses, [401, 401, 428, 428]);
  });

  test("do what comes by the clock in one process", async () => {
    const held = await asSuperuser(database, async (client) => {
      const { rows } = await client.query<{ n: number }>(
        `select count(*)::int as n from pg_stat_activity a join pg_locks l using (pid)
           where a.datname = current_database() and a.application_name = 'vouchsafe timers'
             and l.locktype = 'advisory' and l.granted`,
      );
      return rows[0]?.n;
    });
    assert.equal(held, 1);
    const leads = [first, second].map((server) => /timers run in this process/.test(server.words()));
    assert.deepEqual(leads, [false, true], "not the one that only answers");
  });

  test("refuse sign-in and nothing else while Valkey is away, and say it once", async () => {
    await redis.kill();
    const signIn = () =>
      fetch(`${first.url}/api/t/firm/session`, {
        method: "POST",
        headers: { "content-type": "application/json", "x-forwarded-for": "198.51.100.10" },
        body: JSON.stringify({ address: "nobody@firm.example", password: "x" }),
      });
    await until("it is noticed", 5000, async () => (await signIn()).status === 503);
    const refusal = await signIn();
    assert.equal(refusal.status, 503);
    assert.ok(Number(refusal.headers.get("retry-after")) >= 1);
    assert.match(await refusal.text(), /Sign-in is not possible right now/);
    assert.equal((await owner.client.call("GET", "documents")).status, 200);
    assert.equal(first.words().match(/Valkey cannot be reached/g)?.length, 1);
    await redis.start();
    await until("it comes back", 8000, async () => (await signIn()).status !== 503);
  });

  test("are exchanged one after the other, and no request is lost", async () => {
    const servers = new Set([first, second]);
    const proxy = await tinyProxy(servers);
    const told: string[] = [];
    let answered = 0;
    let going = true;
    const cookie = [...owner.client.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
    const headers = { cookie, "x-csrf-token": owner.client.csrf, "content-type": "application/json" };
    const loop = async (who: number) => {
      for (let n = 0; going; n++) {
        const isWrite = n % 10 === 9;
        const response = await fetch(`${proxy.url}/api/t/firm/${isWrite ? "folders" : "documents"}`, {
          method: isWrite ? "POST" : "GET",
          headers: { ...headers, "x-forwarded-for": `203.0.113.${who}` },
          ...(isWrite ? { body: JSON.stringify({ name: `Folder ${who}.${n}`, parent: null }) } : {}),
        });
        const text = await response.text();
        // Its own limits are no loss.
        if (![200, 201, 429].includes(response.status)) told.push(`${response.status} ${text.slice(0, 200)}`);
        answered++;
        await sleep(40);
      }
    };
    const loops = Promise.all([1, 2, 3].map((who) => loop(who).catch((error) => told.push(String(error)))));
    try {
      for (const old of [first, second]) {
        const next = await start();
        servers.add(next);
        await until("the proxy knows it", 20_000, () => proxy.knows(next));
        await stop(old);
        servers.delete(old);
      }
      await sleep(200);
    } finally {
      going = false;
      await loops;
      proxy.close();
    }
    assert.deepEqual(told, []);
    assert.ok(answered > 30, `${answered} answers`);
  });
});

/** Asks the servers' readyz, and passes each request on to one that is ready, with connections that it keeps. */
async function tinyProxy(servers: ReadonlySet<Server>) {
  const ready = new Set<Server>();
  const agent = new Agent({ keepAlive: true });
  const look = setInterval(async () => {
    for (const server of servers) {
      const { status } = await fetch(`${server.url}/readyz`).catch(() => ({ status: 0 }));
      if (status === 200) ready.add(server);
      else ready.delete(server);
    }
    for (const server of ready) if (!servers.has(server)) ready.delete(server);
  }, 50);
  let turn = 0;
  const pass = (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const chosen = [...ready][turn++ % ready.size];
    if (!chosen) return void outgoing.writeHead(503).end("nobody is ready");
    const { hostname, port } = new URL(chosen.url);
    const { method, url: path, headers } = incoming;
    const onward = request({ hostname, port, method, path, headers, agent }, (answer) => {
      const { connection: _, ...rest } = answer.headers;
      outgoing.writeHead(answer.statusCode ?? 502, rest);
      answer.pipe(outgoing);
    });
    onward.on("error", (error) => outgoing.writeHead(502).end(String(error)));
    incoming.pipe(onward);
  };
  const server = createServer(pass).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  while (ready.size === 0) await sleep(20);
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    knows: (one: Server) => ready.has(one),
    close: () => {
      clearInterval(look);
      agent.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}
