import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { Agent, createServer, get, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import type { TLSSocket } from "node:tls";
import acme from "acme-client";
import { startPebble, trusting, withoutPebble } from "../../../test/support/pebble.ts";
import { until } from "../../../test/support/until.ts";
import { days } from "../clock.ts";
import { openLog } from "../log.ts";
import { type AcmeSource, certificateKeeper, renewAt } from "./acme.ts";
import { openCertificate } from "./certificate.ts";
import { readPair } from "./pair.ts";
import { redirectServer } from "./redirect.ts";

const portOf = (server: Server | ReturnType<typeof redirectServer>) => (server.address() as AddressInfo).port;

test("a certificate is renewed after two thirds of its life, at the latest", () => {
  const of = (jitter?: number) => renewAt({ from: new Date(0), until: new Date(days(90)) }, jitter).getTime();
  assert.equal(of(), days(60));
  assert.equal(of(0.1), days(51));
});

test("what brings no certificate is tried again after growing pauses, and told when it matters", async (t) => {
  const home = await mkdtemp(join(tmpdir(), "vs-acme-"));
  t.after(() => rm(home, { recursive: true }));
  let now = Date.now();
  const alerts: string[] = [];
  const lines: string[] = [];
  const keeper = certificateKeeper({
    source: {
      kind: "acme",
      directoryUrl: "http://127.0.0.1:1/dir",
      email: "a@b.example",
      domains: ["localhost"],
    },
    home,
    clock: () => new Date(now),
    log: openLog("error", { write: (line) => void lines.push(line) }),
    alert: (text) => void alerts.push(text),
  });
  const attempts = () => lines.length;
  await keeper.look();
  await keeper.look();
  assert.equal(attempts(), 1, "not at once again");
  now += 61_000;
  await keeper.look();
  now += 59_000;
  await keeper.look();
  assert.equal(attempts(), 2, "the second pause is longer");
  now += 62_000;
  await keeper.look();
  assert.equal(attempts(), 3);
  assert.match(alerts.at(-1) ?? "", /no certificate after 3 attempts, and there is no other/);
});

describe("by ACME, against an authority", { skip: withoutPebble }, async () => {
  if (withoutPebble) return;
  const home = await mkdtemp(join(tmpdir(), "vs-acme-"));
  const plain = redirectServer({ home, origin: null, port: () => 443 }).listen(0, "127.0.0.1");
  await once(plain, "listening");
  const [one, two] = [createServer().listen(0, "127.0.0.1"), createServer().listen(0, "127.0.0.1")];
  await Promise.all([once(one, "listening"), once(two, "listening")]);
  const ports = [portOf(one), portOf(two)] as const;
  await Promise.all([one, two].map((server) => new Promise((closed) => server.close(closed))));
  const pebble = await startPebble(portOf(plain), ports);
  acme.axios.defaults.httpsAgent = trusting(pebble.certificate);
  after(async () => {
    plain.close();
    await pebble.close();
    await rm(home, { recursive: true });
  });

  test("a certificate comes, and the next one in time, while open connections go on", async (t) => {
    const source: AcmeSource = {
      kind: "acme",
      directoryUrl: pebble.directoryUrl,
      email: "operator@localhost.example",
      domains: ["localhost"],
    };
    let ahead = 0;
    const clock = () => new Date(Date.now() + ahead);
    const [log, alerts] = [openLog(process.env.SEE ? "error" : "silent"), [] as string[]];
    const alert = (text: string) => void alerts.push(text);
    const certificate = await openCertificate({
      tls: { source, minVersion: "TLSv1.3" },
      home,
      clock,
      log,
      alert,
    });
    const server = createServer(certificate.options, (_request, response) => response.end("here"));
    certificate.serve(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => {
      certificate.close();
      server.close();
      server.closeAllConnections();
    });
    const ask = (agent?: Agent) =>
      new Promise<string>((resolve, reject) => {
        const options = {
          host: "127.0.0.1",
          port: portOf(server),
          servername: "localhost",
          rejectUnauthorized: false,
        };
        get({ ...options, agent: agent ?? false }, (answer) => {
          const { serialNumber } = (answer.socket as TLSSocket).getPeerCertificate();
          answer.resume().once("end", () => resolve(serialNumber));
        }).once("error", reject);
      });
    await assert.rejects(ask(), "there is none yet");

    const keeper = certificateKeeper({ source, home, clock, log, alert });
    await keeper.look();
    await until(async () => certificate.current() !== null, 5);
    const folder = join(home, "tls");
    const { cert, until: end } = await readPair(
      join(folder, "certificate.pem"),
      join(folder, "certificate.pem"),
      clock(),
    );
    assert.match(cert, /END CERTIFICATE-----\s+-----BEGIN/, "with its chain");
    for (const name of ["certificate.pem", "account.pem"])
      assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    assert.equal((await stat(folder)).mode & 0o777, 0o700);
    assert.deepEqual(await readdir(join(folder, "challenges")), [], "answers to challenges are taken away");

    const kept = new Agent({ keepAlive: true, maxSockets: 1 });
    t.after(() => kept.destroy());
    const first = await ask(kept);
    const account = await readFile(join(folder, "account.pem"), "utf8");
    await keeper.look();
    assert.equal(await ask(), first, "not before its time");
    // Pebble's certificates live five years.
    ahead = ((end.getTime() - Date.now()) * 2) / 3 + days(1);
    await keeper.look();
    await until(async () => (await ask()) !== first, 5);
    assert.ok(await ask(kept), "the open connection goes on");
    assert.equal(await readFile(join(folder, "account.pem"), "utf8"), account);
    assert.deepEqual(alerts, []);
  });
});
