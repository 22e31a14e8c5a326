import assert from "node:assert/strict";
import { test } from "node:test";
import { addReady, openStand, until, upload } from "../../../test/support/knowledge.ts";
import { unit } from "../../kernel/database/unit.ts";
import type { StreamEvent } from "../../kernel/routes/contract.ts";
import { endSessions } from "../identity/sessions/service.ts";
import { getDocument } from "../knowledge/documents/service.ts";
import { createChat, deleteChat } from "./chats.ts";
import type { Message } from "./messages.ts";
import { ask, loadAnswer, readChat } from "./service.ts";
import { followAnswer } from "./stream.ts";

const RULES = [
  "The pool is open from noon to nine.",
  "Children under eight need a grown-up in the pool.",
  "The pool is closed on Mondays for cleaning.",
].join("\n\n");
const QUESTION = "When is the pool open or closed?";

test("answers while they are written", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  await addReady(workspace, mara, "rules.md", RULES);
  const chat = (await createChat(mara.as("chat.read"))).id;
  const gone = new AbortController();
  t.after(() => gone.abort());
  const begin = async () => (await ask(mara.as("chat.read"), chat, QUESTION)).answer.id;
  const follow = async (id: string, lastSeen?: string, who = mara) => {
    const seen: StreamEvent[] = [];
    // A connection ends with its answer, or with all of them.
    const closed = new AbortController();
    gone.signal.addEventListener("abort", () => closed.abort());
    const events = await followAnswer(who.as("chat.read"), id, lastSeen, closed.signal);
    const ended = (async () => {
      for await (const event of events) seen.push(event);
    })().finally(() => closed.abort());
    return { seen, ended, names: () => seen.map((e) => `${e.event} ${e.id}`) };
  };

  await t.test("a stream shows each part as it comes and ends with the whole message", async () => {
    const id = await begin();
    const { ended, seen, names } = await follow(id);
    await workspace.run("assistant.answer", id);
    await ended;
    assert.deepEqual(names(), ["part 1-1", "part 1-2", "done 1-2"]);
    const done = seen.at(-1)?.data as Message;
    assert.deepEqual(
      done,
      (await readChat(mara.as("chat.read"), chat)).messages.find((m) => m.id === id),
    );
    const late = await follow(id);
    await late.ended;
    assert.deepEqual(late.names(), names());
  });

  await t.test(
    "cut off, it resumes after the last event that was seen, and begins anew when the answer did",
    async () => {
      const id = await begin();
      await workspace.run("assistant.answer", id);
      const cases: [lastSeen: string, events: string[]][] = [
        ["1-1", ["part 1-2", "done 1-2"]],
        ["1-2", ["done 1-2"]],
        ["7-1", ["reset 1-0", "part 1-1", "part 1-2", "done 1-2"]],
        ["0-0", ["part 1-1", "part 1-2", "done 1-2"]],
        ["nonsense", ["part 1-1", "part 1-2", "done 1-2"]],
      ];
      for (const [lastSeen, events] of cases) {
        const resumed = await follow(id, lastSeen);
        await resumed.ended;
        assert.deepEqual(resumed.names(), events, lastSeen);
      }
    },
  );

  await t.test(
    "killed between two parts and run again: the stream starts over, and nothing is doubled",
    async () => {
      const id = await begin();
      const stream = await follow(id);
      // A process that dies writes nothing more: neither the second part nor an end.
      const { hub } = stand.system;
      const { tell } = hub;
      let told = 0;
      hub.tell = (topic) => {
        tell(topic);
        if (topic === `answer:${id}` && ++told === 2) throw new Error("killed");
      };
      await assert.rejects(workspace.run("assistant.answer", id), /killed/);
      hub.tell = tell;
      await until(async () => stream.seen.length > 0);
      await workspace.run("assistant.answer", id);
      await stream.ended;
      assert.deepEqual(stream.names(), ["part 1-1", "reset 2-0", "part 2-1", "part 2-2", "done 2-2"]);
      await workspace.run("assistant.answer", id);
      const { row, parts } = await loadAnswer(mara.as("chat.read"), id);
      assert.deepEqual([row.attempt, row.state, parts.length], [2, "done", 2]);
    },
  );

  await t.test("two attempts at once: the later one writes, the former one stops", async () => {
    for (let i = 0; i < 5; i++) {
      const id = await begin();
      await Promise.all([1, 2, 3].map(() => workspace.run("assistant.answer", id)));
      const { row, parts } = await loadAnswer(mara.as("chat.read"), id);
      assert.deepEqual([row.state, parts.map((p) => p.seq)], ["done", [1, 2]]);
    }
  });

  await t.test("after the last try the answer has failed, and its stream says so", async () => {
    const id = await begin();
    const { tenant } = stand.system.keyring;
    let asked = 0;
    stand.system.keyring.tenant = async (tenantId) => {
      if (++asked === 2) throw new Error("the key store is away");
      return tenant(tenantId);
    };
    await assert.rejects(workspace.run("assistant.answer", id, true), /key store/);
    stand.system.keyring.tenant = tenant;
    const { ended, seen } = await follow(id);
    await ended;
    assert.deepEqual(seen.at(-1), {
      event: "failed",
      id: "1-0",
      data: { code: "internal", message: "The answer could not be written." },
    });
  });

  await t.test("the stream ends when the session does, and when the chat is deleted", async () => {
    const eve = await workspace.hire("Eve", "viewer");
    const own = (await createChat(eve.as("chat.read"))).id;
    const first = (await ask(eve.as("chat.read"), own, QUESTION)).answer.id;
    const stream = await follow(first, undefined, eve);
    await deleteChat(eve.as("chat.read"), own);
    await stream.ended;
    await workspace.run("assistant.answer", first);
    const again = (await createChat(eve.as("chat.read"))).id;
    const second = (await ask(eve.as("chat.read"), again, QUESTION)).answer.id;
    const other = await follow(second, undefined, eve);
    await unit(workspace.job(), (ctx) => endSessions(ctx, { memberId: eve.id }, "test"));
    await other.ended;
    assert.deepEqual(other.seen, []);
  });
});

test("from a file to a cited answer, through the queue itself", async (t) => {
  const stand = await openStand(t, { working: true });
  const workspace = await stand.workspace("harrow");
  const mara = await workspace.hire("Mara", "manager");
  const { items } = await upload(
    mara,
    { name: "rules.md", content: RULES },
    { name: "page.html", content: "<!doctype html><title>Sauna</title><p>The sauna costs six pounds.</p>" },
    { name: "broken.pdf", content: "%PDF-1.4 and nothing else" },
  );
  await until(async () => {
    const states = await Promise.all(items.map(({ id }) => getDocument(mara.as(), id)));
    return states.map((d) => d.state).join() === "ready,ready,failed";
  }, 40);
  const chat = (await createChat(mara.as("chat.read"))).id;
  const { answer } = await ask(mara.as("chat.read"), chat, "What does the sauna cost?");
  const seen: StreamEvent[] = [];
  for await (const event of await followAnswer(mara.as("chat.read"), answer.id, undefined, t.signal))
    seen.push(event);
  assert.equal(seen.at(-1)?.event, "done");
  assert.match((seen.at(-1)?.data as Message | undefined)?.text ?? "", /six pounds/);
});
