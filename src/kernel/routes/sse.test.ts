import assert from "node:assert/strict";
import { createServer, get, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { StreamEvent } from "./contract.ts";
import { sendEvents } from "./sse.ts";

test("server-sent events", async (t) => {
  let source: (gone: AbortSignal) => AsyncIterable<StreamEvent> = async function* () {};
  let sent: Promise<void> = Promise.resolve();
  let response: ServerResponse | null = null;
  const server = createServer((_request, answer) => {
    const gone = new AbortController();
    answer.once("close", () => gone.abort());
    answer.writeHead(200, { "content-type": "text/event-stream" });
    response = answer;
    sent = sendEvents(answer, source(gone.signal), gone.signal);
    sent.catch(() => {});
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  await t.test("are frames with an id, a name and one line of data", async () => {
    source = async function* () {
      yield { event: "part", data: { text: "two\nlines\r\n\ndata: forged ü" }, id: "1-2" };
      yield { event: "done", data: null };
    };
    const text = await (await fetch(url)).text();
    assert.equal(
      text,
      'id: 1-2\nevent: part\ndata: {"text":"two\\nlines\\r\\n\\ndata: forged ü"}\n\nevent: done\ndata: null\n\n',
    );
    await sent;
  });

  await t.test("end when their source throws, which is told", async () => {
    source = async function* () {
      yield { event: "part", data: 1 };
      throw new Error("boom");
    };
    assert.equal(await (await fetch(url)).text(), "event: part\ndata: 1\n\n");
    await assert.rejects(sent, /boom/);
  });

  await t.test("wait for a slow reader and buffer nothing for it", async () => {
    let made = 0;
    let closed = false;
    source = async function* () {
      try {
        for (;;) {
          made++;
          yield { event: "part", data: "x".repeat(200_000) };
        }
      } finally {
        closed = true;
      }
    };
    const client = get(url);
    const answer = await new Promise<NodeJS.ReadableStream & { destroy(): void }>((resolve) =>
      client.once("response", resolve as never),
    );
    answer.pause();
    let before = -1;
    while (before !== made) {
      before = made;
      await sleep(150);
    }
    assert.ok(made < 100, `${made} events were made for nobody`);
    assert.ok((response?.writableLength ?? 0) < 1_000_000);
    // The reader goes away: the source is ended, whatever it still had to say.
    answer.destroy();
    await sent;
    assert.ok(closed);
  });
});
