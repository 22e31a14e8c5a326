import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { test } from "node:test";
import { attack } from "./attack.ts";
import type { AttackOptions, Ledger } from "./contract.ts";
import { notesApplication } from "./example/application.ts";
import { notesDocument } from "./example/openapi.ts";
import { isClean } from "./ledger.ts";

// The attacked may be broken, or hostile itself: the attack ends in bounded time, and never calls it clean.

const BOUND_MS = 60_000;
type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function attackOn(respond: Answer, more: Partial<AttackOptions> = {}): Promise<Ledger> {
  const server = createServer((request, response) => {
    request.resume();
    respond(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const { manifest } = notesApplication();
  const origin = `http://127.0.0.1:${port}`;
  try {
    const started = performance.now();
    const ledger = await attack({
      openapi: notesDocument(),
      manifest: { ...manifest, origin, outside: { address: "127.0.0.2" } },
      seed: "hostile",
      classes: ["no-credentials", "foreign-tenant", "download", "search", "race"],
      patienceMs: 200,
      answerWithinMs: 150,
      ...more,
    });
    assert.ok(performance.now() - started < BOUND_MS);
    return ledger;
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function isOpen(ledger: Ledger): void {
  assert.ok(!isClean(ledger));
  assert.ok(ledger.summary.inconclusive > 0);
}

const HOSTILE: Record<string, Answer> = {
  hangs: () => {},
  "closes every connection": (request) => request.socket.destroy(),
  "answers garbage": (request) => request.socket.end("\u0000\u0001 not HTTP at all\r\n\r\n"),
  "answers half a header": (request) => request.socket.write("HTTP/1.1 200 OK\r\ncontent-le"),
  "redirects for ever": (request, response) =>
    response.writeHead(302, { location: request.url ?? "/" }).end(),
  "says 200 to everything": (_, response) => response.writeHead(200).end("{}"),
  "says 404 to everything": (_, response) => response.writeHead(404).end("{}"),
  "always fails": (_, response) => response.writeHead(500).end(),
  "asks to wait a year": (_, response) => response.writeHead(429, { "retry-after": "31536000" }).end(),
  "says that much comes, and nothing does": (_, response) => {
    response.writeHead(404, { "content-length": "1000000" }).write("{");
  },
};
for (const [what, respond] of Object.entries(HOSTILE)) {
  test(`a server that ${what} is never clean, and the attack ends`, async () => {
    const ledger = await attackOn(respond);
    assert.ok(!isClean(ledger));
    assert.ok(ledger.summary.inconclusive + ledger.summary.breached > 0);
    if (!/200|302|redirects/.test(what)) isOpen(ledger);
  });
}

test("an answer without an end is none, and costs little", async () => {
  const chunk = Buffer.alloc(1_000_000, 0x20);
  let sent = 0;
  const ledger = await attackOn(
    (_, response) => {
      response.writeHead(404, { "content-type": "application/json" });
      const more = () => {
        while (!response.destroyed && sent < 4_000_000_000) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
      };
      more();
    },
    { classes: ["no-credentials"], answerWithinMs: 5_000 },
  );
  isOpen(ledger);
  assert.ok(sent < 2_000_000_000);
});

test("a stream that never comes is none", async () => {
  isOpen(await attackOn((request) => request.socket.destroy(), { classes: ["stream", "side-effect"] }));
});

test("when its time is over, what is left stays open", async () => {
  const ledger = await attackOn((_, response) => response.writeHead(401).end("{}"), { withinMs: 1 });
  isOpen(ledger);
});
