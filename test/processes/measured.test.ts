import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, test } from "node:test";
import { createApp } from "../../src/app.ts";
import { boundsOf } from "../../src/kernel/overload/overload.ts";
import { secret } from "../../src/kernel/secret.ts";
import { startThrowAway } from "../../src/throw-away.ts";
import { until } from "../support/until.ts";

// What is said of a server to those who run it, and what it refuses before it breaks.

const traces: string[] = [];
const collector = createServer((request, response) => {
  let text = "";
  request.setEncoding("utf8").on("data", (piece) => {
    text += piece;
  });
  request.on("end", () => {
    traces.push(text);
    response.writeHead(200, { "content-type": "application/json" }).end("{}");
  });
}).listen(0, "127.0.0.1");
await once(collector, "listening");
const token = "a-token-of-sixteen-or-more";
const instance = await startThrowAway({
  config: {
    metricsPort: 0,
    metricsToken: secret(token),
    otlpEndpoint: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
  },
});
let isClosed = false;
const close = async () => {
  if (isClosed) return;
  isClosed = true;
  await instance.close();
};
after(async () => {
  await close();
  collector.close();
  collector.closeAllConnections();
});

test("metrics name routes by their patterns, and nobody", async () => {
  await fetch(`${instance.url}/api/t/some-secret-slug/session`, { method: "POST", body: "{}" });
  await fetch(`${instance.url}/nowhere/some-secret-path`);
  const at = (origin: string, given?: string) =>
    fetch(`${origin}/metrics`, given ? { headers: { authorization: `Bearer ${given}` } } : {});
  for (const origin of [instance.url, instance.internalUrl ?? ""]) {
    assert.equal((await at(origin)).status, 401);
    assert.equal((await at(origin, "another-token-of-some-length")).status, 401);
    const answer = await at(origin, token);
    assert.equal(answer.status, 200);
    const text = await answer.text();
    assert.match(
      text,
      /vouchsafe_http_requests_total\{method="POST",route="\/api\/t\/:slug\/session",status="\d+"\} 1/,
    );
    for (const name of [
      "vouchsafe_http_request_seconds_bucket",
      "vouchsafe_database_connections ",
      "vouchsafe_jobs_running ",
      "nodejs_eventloop_lag_seconds",
      "vouchsafe_overloaded 0",
    ])
      assert.ok(text.includes(name), name);
    assert.doesNotMatch(text, /some-secret/);
  }
  const health = await fetch(`${instance.internalUrl}/readyz`);
  assert.equal(health.status, 200);
});

test("too many at once are told to come back; health answers, memory stays, and it recovers", async (t) => {
  const { system } = instance;
  const bounds = { ...boundsOf(system.config), waiting: 40 };
  const app = await createApp(system, undefined, { bounds });
  t.after(() => app.server.close());
  await app.server.listen({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${(app.server.server.address() as AddressInfo).port}`;
  let n = 0;
  // Each asks the database which workspace that is.
  const ask = () => fetch(`${url}/api/t/nobody-${n++}/session/challenge`);
  assert.notEqual((await ask()).status, 503);

  // The database is busy: all of its connections are taken.
  const taken = await Promise.all(Array.from({ length: 10 }, () => system.pool.connect()));
  const before = process.memoryUsage.rss();
  const waiting = Array.from({ length: 60 }, ask);
  await until(async () => app.load().refusing !== null, 5);
  assert.equal(app.load().refusing, "waiting");
  const refused = await Promise.all(Array.from({ length: 300 }, ask));
  assert.deepEqual([...new Set(refused.map(({ status }) => status))], [503]);
  assert.ok(Number(refused[0]?.headers.get("retry-after")) > 0);
  assert.match((await refused[0]?.text()) ?? "", /"code":"busy"/);
  assert.equal((await fetch(`${url}/healthz`)).status, 200);
  assert.ok(app.load().waiting <= 100, "nobody else waits");
  assert.ok(process.memoryUsage.rss() - before < 150 * 1024 * 1024);

  for (const client of taken) client.release();
  await Promise.all(waiting);
  await until(async () => app.load().refusing === null, 5);
  assert.notEqual((await ask()).status, 503);
  assert.match(instance.log(), /too much to do: requests are refused/);
  assert.match(instance.log(), /requests are taken again/);
});

test("traces tell of requests, units of work and jobs, and of nothing in them", async () => {
  await close();
  const text = traces.join("");
  assert.match(text, /"name":"POST \/api\/t\/:slug\/session"/);
  assert.doesNotMatch(text, /some-secret/);
});
