import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { type IncomingHttpHeaders, request } from "node:http";
import { get as getSecurely } from "node:https";
import { join } from "node:path";
import { after, test } from "node:test";
import type { TLSSocket } from "node:tls";
import { selfSigned } from "../../src/modules/trust/stage/self-signed.ts";
import { newPlace, remove, runToEnd, startServer, until } from "../support/server.ts";

// TLS as a person sets it up: from the environment, in a process of its own.

const place = newPlace();
after(() => remove(place));

test("a server with TLS of its own: https, a door that redirects, a new certificate at SIGHUP", async (t) => {
  mkdirSync(join(place.folder, "tls"));
  const [certPath, keyPath] = [join(place.folder, "tls", "cert.pem"), join(place.folder, "tls", "key.pem")];
  const write = ({ cert, key }: { cert: string; key: string }) => {
    writeFileSync(certPath, cert);
    writeFileSync(keyPath, key);
  };
  write(selfSigned("localhost"));
  const env = { TLS_CERT: certPath, TLS_KEY: keyPath, HTTP_PORT: "0" };
  const server = await startServer(place, { env });
  t.after(() => server.stop("SIGKILL"));
  assert.match(server.url, /^https:/);
  const plain =
    /Plain HTTP is redirected: (\S+)/.exec(server.words())?.[1]?.replace("localhost", "127.0.0.1") ?? "";

  const first = await secure(`${server.url}/healthz`);
  assert.deepEqual([first.status, first.protocol], [200, "TLSv1.3"]);
  assert.match(first.headers["strict-transport-security"] ?? "", /max-age=\d{8}/);
  const redirected = await plainly("GET", `${plain}/security`);
  assert.deepEqual([redirected.status, redirected.headers.location], [308, `${server.url}/security`]);
  assert.equal((await plainly("POST", `${plain}/api/set-up`)).status, 405);

  write(selfSigned("localhost"));
  process.kill(server.pid, "SIGHUP");
  await until(
    "the new certificate",
    5000,
    async () => (await secure(`${server.url}/healthz`)).serial !== first.serial,
  );
  assert.equal((await server.stop("SIGTERM")).code, 0);
});

test("settings that would speak in clear, or that do not go together, are refused and said", async () => {
  const DATABASE_URL = "postgresql://vouchsafe_app:hush@db.internal/db";
  const plain = { DATABASE_URL, JOBS_DATABASE_URL: `${DATABASE_URL}?sslmode=verify-full` };
  const refused = await runToEnd(place, { env: plain });
  assert.equal(refused.code, 1);
  assert.match(refused.words, /DATABASE_URL would leave this machine without TLS/);
  assert.doesNotMatch(refused.words, /JOBS_DATABASE_URL|hush/);
  const half = await runToEnd(place, { env: { TLS_CERT: "/nowhere", FILES: "s3" } });
  assert.match(half.words, /TLS_KEY is needed beside TLS_CERT[\s\S]*S3_BUCKET is needed with FILES=s3/);
});

function secure(url: string) {
  return new Promise<{
    status: number;
    protocol: string | null;
    serial: string;
    headers: IncomingHttpHeaders;
  }>((resolve, reject) => {
    getSecurely(url, { rejectUnauthorized: false, agent: false }, (answer) => {
      const socket = answer.socket as TLSSocket;
      const seen = { protocol: socket.getProtocol(), serial: socket.getPeerCertificate().serialNumber };
      answer
        .resume()
        .once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, ...seen }));
    }).once("error", reject);
  });
}

function plainly(method: string, url: string) {
  return new Promise<{ status: number; headers: IncomingHttpHeaders }>((resolve, reject) => {
    request(url, { method, agent: false }, (answer) => {
      answer.resume().once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
    })
      .once("error", reject)
      .end();
  });
}
