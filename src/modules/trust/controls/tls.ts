import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { Agent as SecureAgent, type Server as SecureServer, request as secureRequest } from "node:https";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import { createApp } from "../../../app.ts";
import type { TlsConfig } from "../../../kernel/config-servers.ts";
import { type Control, type Finding, type Outcome, outcomeOf } from "../../../kernel/controls.ts";
import { openLog } from "../../../kernel/log.ts";
import { renewAt } from "../../../kernel/tls/acme.ts";
import { type Certificate, fingerprintOf, openCertificate } from "../../../kernel/tls/certificate.ts";
import { redirectServer } from "../../../kernel/tls/redirect.ts";
import { finding } from "../stage/finding.ts";
import { selfSigned } from "../stage/self-signed.ts";
import type { Stage } from "../stage/stage.ts";
import { internalConnections } from "./tls-internal.ts";

export const tlsControls: readonly Control<Stage>[] = [
  {
    id: "crypto.tls",
    kind: "tested",
    removed: "the least version of TLS, and the look at the new certificate's files",
    check: checkTls,
  },
];

const NAME = "desk.example";

/** The server's own doors with a certificate made for this check: handshakes as a client makes them. */
async function checkTls(stage: Stage): Promise<Outcome> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-tls-"));
  const closing: (() => unknown)[] = [() => rm(folder, { recursive: true, force: true })];
  try {
    const strict = await openDoor(stage, folder, "TLSv1.3", closing);
    const permitting = await openDoor(stage, folder, "TLSv1.2", closing);
    const findings = [
      ...(await versions(strict.port, permitting.port)),
      ...(await insisting(strict.port)),
      ...(await redirecting(folder, closing)),
      ...(await exchanging(strict, folder)),
      ...renewing(),
      ...internalConnections(stage.server.system.config),
    ];
    return outcomeOf(findings, "handshakes with the server's own listener, on a certificate made for this");
  } finally {
    for (const close of closing.reverse()) await close();
  }
}

interface Door {
  readonly port: number;
  readonly certificate: Certificate;
  readonly alerts: string[];
}

async function openDoor(
  { server: { system } }: Stage,
  folder: string,
  minVersion: TlsConfig["minVersion"],
  closing: (() => unknown)[],
): Promise<Door> {
  await writePair(folder, selfSigned(NAME));
  const alerts: string[] = [];
  const source = { kind: "files" as const, cert: join(folder, "cert.pem"), key: join(folder, "key.pem") };
  const certificate = await openCertificate({
    tls: { source, minVersion },
    home: folder,
    clock: system.clock,
    log: openLog("silent"),
    alert: (text) => void alerts.push(text),
  });
  closing.push(() => certificate.close());
  const { server } = await createApp(system, undefined, { tls: certificate.options });
  certificate.serve(server.server as unknown as SecureServer); // made by Fastify for the option `https`
  closing.push(() => server.close());
  await server.listen({ host: "127.0.0.1", port: 0 });
  return { port: (server.server.address() as AddressInfo).port, certificate, alerts };
}

const writePair = (folder: string, { cert, key }: { cert: string; key: string }) =>
  Promise.all([writeFile(join(folder, "cert.pem"), cert), writeFile(join(folder, "key.pem"), key)]);

async function versions(strict: number, permitting: number): Promise<Finding[]> {
  const weak = "ECDHE-ECDSA-AES128-SHA:AES128-SHA:AES128-GCM-SHA256:@SECLEVEL=0";
  const tried: [string, number, object, (got: string) => boolean][] = [
    ["a browser of today", strict, {}, (got) => got === "TLSv1.3"],
    ["a client that has only 1.2", strict, { maxVersion: "TLSv1.2" }, (got) => got === "refused"],
    [
      "the same where the operator allows 1.2",
      permitting,
      { maxVersion: "TLSv1.2" },
      (got) => got === "TLSv1.2",
    ],
    ["a browser of today there", permitting, {}, (got) => got === "TLSv1.3"],
    [
      "a client that has only 1.1 there",
      permitting,
      { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "ALL:@SECLEVEL=0" },
      (got) => got === "refused",
    ],
    [
      "a client with old ciphers there",
      permitting,
      { maxVersion: "TLSv1.2", ciphers: weak },
      (got) => got === "refused",
    ],
    ["a client that has only HTTP/2", strict, { ALPNProtocols: ["h2"] }, (got) => got === "refused"],
  ];
  const findings: Finding[] = [];
  for (const [who, port, options, isRight] of tried) {
    const got = await handshake(port, options);
    findings.push(finding(isRight(got), "a handshake", who, got));
  }
  return findings;
}

async function handshake(port: number, options: object): Promise<string> {
  // It vouches for itself: what is looked at here is the version.
  const socket = connect({
    host: "127.0.0.1",
    port,
    servername: NAME,
    rejectUnauthorized: false,
    ...options,
  });
  try {
    await once(socket, "secureConnect");
    // In 1.3 a server's refusal of a client may come after the client's own side is done.
    return socket.getProtocol() ?? "none";
  } catch {
    return "refused";
  } finally {
    socket.destroy();
  }
}

async function insisting(port: number): Promise<Finding[]> {
  const { status, headers } = await get(port, "/healthz");
  const told = String(headers["strict-transport-security"] ?? "");
  const seconds = Number(/max-age=(\d+)/.exec(told)?.[1] ?? 0);
  return [
    finding(
      status === 200 && seconds >= 31_536_000,
      "GET /healthz",
      "a browser by https",
      `${status}, HSTS ${told || "missing"}`,
    ),
  ];
}

async function redirecting(folder: string, closing: (() => unknown)[]): Promise<Finding[]> {
  const server: Server = redirectServer({ home: folder, origin: null, port: () => 443 }).listen(
    0,
    "127.0.0.1",
  );
  await once(server, "listening");
  closing.push(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const findings: Finding[] = [];
  for (const [method, path, status] of [
    ["GET", "/t/harrow-finch?q=1", 308],
    ["HEAD", "/", 308],
    ["GET", "/healthz", 308],
    ["POST", "/api/t/harrow-finch/session", 405],
    ["DELETE", "/api/t/harrow-finch/session", 405],
    ["GET", "/.well-known/acme-challenge/none", 404],
    ["GET", "/.well-known/acme-challenge/..%2f..%2fcert.pem", 404],
    ["GET", "/.well-known/acme-challenge/../../cert.pem", 404],
  ] as const) {
    const answer = await plain(port, method, path);
    const location = answer.headers.location ?? "";
    const isRight = answer.status === status && (status !== 308 || location === `https://${NAME}${path}`);
    findings.push(
      finding(isRight, `${method} ${path}`, "somebody without TLS", `${answer.status} ${location}`.trim()),
    );
  }
  return findings;
}

/** A new pair in the files' place is what new connections get; open ones go on, and a broken pair changes nothing. */
async function exchanging({ port, certificate, alerts }: Door, folder: string): Promise<Finding[]> {
  const agent = new SecureAgent({
    keepAlive: true,
    maxSockets: 1,
    rejectUnauthorized: false,
    servername: NAME,
  });
  const before = await get(port, "/healthz", agent);
  const next = selfSigned(NAME);
  await writePair(folder, next);
  const until = Date.now() + 5000;
  let after = await get(port, "/healthz");
  while (after.fingerprint === before.fingerprint && Date.now() < until) after = await get(port, "/healthz");
  const open = await get(port, "/healthz", agent);
  const { cert, key } = next;
  const expected = fingerprintOf({ cert, key, from: new Date(), until: new Date() });
  // A key of another certificate.
  await writePair(folder, { cert, key: selfSigned(NAME).key });
  await certificate.reload();
  const still = await get(port, "/healthz");
  agent.destroy();
  return [
    finding(
      after.fingerprint === expected && before.fingerprint !== expected,
      "new files of certificate and key",
      "a new connection, without a restart",
      after.fingerprint === expected ? "the new certificate" : "another one",
    ),
    finding(
      open.status === 200 && open.fingerprint === before.fingerprint,
      "new files of certificate and key",
      "a connection that was open",
      `${open.status}, ${open.fingerprint === before.fingerprint ? "goes on" : "was opened anew"}`,
    ),
    finding(
      still.fingerprint === expected && alerts.length > 0,
      "a key that does not belong to its certificate",
      "a new connection",
      `${still.fingerprint === expected ? "the one before" : "another one"}, ${alerts.length} alerts`,
    ),
  ];
}

function renewing(): Finding[] {
  const [from, until] = [new Date(0), new Date(90 * 86_400_000)];
  const days = renewAt({ from, until }).getTime() / 86_400_000;
  return [
    finding(
      days <= 60 && days > 30,
      "a certificate of 90 days by ACME",
      "the server",
      `renewed after ${days} days`,
    ),
  ];
}

interface Got {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly fingerprint: string;
}

function get(port: number, path: string, agent?: SecureAgent): Promise<Got> {
  const options = { host: "127.0.0.1", port, path, servername: NAME, rejectUnauthorized: false };
  return new Promise((resolve, reject) => {
    const asked = secureRequest({ ...options, agent: agent ?? false }, (answer) => {
      // An agent's connection forgets the other side's certificate between two questions, but not its session.
      const socket = answer.socket as TLSSocket;
      const fingerprint = known.get(socket) ?? socket.getPeerCertificate().fingerprint256;
      known.set(socket, fingerprint);
      answer
        .resume()
        .once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, fingerprint }));
    });
    asked.once("error", reject).end();
  });
}
const known = new WeakMap<TLSSocket, string>();

function plain(port: number, method: string, path: string): Promise<Omit<Got, "fingerprint">> {
  return new Promise((resolve, reject) => {
    const agent = new Agent();
    const asked = request(
      { host: "127.0.0.1", port, method, path, agent, headers: { host: NAME } },
      (answer) => {
        answer
          .resume()
          .once("end", () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers }));
      },
    );
    asked.once("error", reject).end();
  });
}
