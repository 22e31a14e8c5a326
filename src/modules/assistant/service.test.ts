import assert from "node:assert/strict";
import { test } from "node:test";
import { addReady, closeToAll, type Member, openStand, openToAll } from "../../../test/support/knowledge.ts";
import { asSuperuser } from "../../../test/support/stage.ts";
import { db } from "../../kernel/database/queries.ts";
import { read, unit, write } from "../../kernel/database/unit.ts";
import { newId } from "../../kernel/ids.ts";
import { deleteDocument } from "../knowledge/bin/deleting.ts";
import "../tenancy/permissions.ts";
import { createChat, deleteChat, listChats, renameChat } from "./chats.ts";
import { HIDDEN, type Message } from "./messages.ts";
import { ask, loadAnswer, readChat } from "./service.ts";
import { followAnswer } from "./stream.ts";

test("chats", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, omar] = [await workspace.hire("Mara", "manager"), await workspace.hire("Omar", "owner")];
  const other = await stand.workspace("bexley");
  const idris = await other.hire("Idris", "owner");
  const lease = await addReady(
    workspace,
    mara,
    "lease.md",
    "# Lease\n\nEither party may end the lease by giving two months' written notice. The rent is £1,250 per month.",
  );
  await addReady(
    workspace,
    omar,
    "board.md",
    "The lease of the yacht may be ended by giving nine days' notice.",
  );
  const asked = async (who: Member, chat: string, text: string) => {
    const { answer } = await ask(who.as("chat.read"), chat, text);
    await workspace.run("assistant.answer", answer.id);
    const message = (await readChat(who.as("chat.read"), chat)).messages.find((m) => m.id === answer.id);
    assert.ok(message);
    return message;
  };
  const chat = (await createChat(mara.as("chat.read"))).id;
  const question = "How much written notice must be given to end the lease?";

  await t.test("a question is answered from what the asker may see, and cites it", async () => {
    const answer = await asked(mara, chat, question);
    assert.equal(answer.state, "done");
    assert.equal(answer.mode, "extractive");
    assert.equal(answer.documentsSearched, 1);
    assert.ok(answer.ms !== null && answer.ms >= 0);
    assert.match(answer.text, /two months' written notice/);
    assert.doesNotMatch(answer.text, /nine days/);
    const [citation] = answer.citations;
    assert.deepEqual(citation?.document, { id: lease, name: "lease.md" });
    assert.equal(citation?.n, 1);
    assert.deepEqual(answer.parts[0]?.citations, [1]);
    assert.equal(answer.parts[0]?.text, citation?.quote);
    const { messages, title, mine } = await readChat(mara.as("chat.read"), chat);
    assert.deepEqual(
      messages.map((m) => [m.author, m.author === "person" ? m.text : ""]),
      [
        ["person", question],
        ["assistant", ""],
      ],
    );
    assert.deepEqual([title, mine], [question, true]);
  });

  await t.test("nothing found is said plainly", async () => {
    const answer = await asked(mara, chat, "Who won the regatta of 1911?");
    assert.deepEqual(
      [answer.state, answer.citations, answer.text],
      ["done", [], "Nothing in the documents that you can see answers this."],
    );
  });

  await t.test(
    "asking is searching, and a quotation is reading: a role without these gets neither",
    async () => {
      const role = newId();
      const only = (permissions: string[]) =>
        asSuperuser(stand.database, async (client) => {
          await client.query(
            `insert into role values ($1, $2, 'Asks', 'asks', $3, now(), now())
             on conflict (tenant_id, role_id) do update set permissions = excluded.permissions`,
            [workspace.tenant.id, role, permissions],
          );
          await client.query("update member set role = 'custom', role_id = $1 where member_id = $2", [
            role,
            mara.id,
          ]);
        });
      await only(["chat.read", "chat.ask", "document.read"]);
      await assert.rejects(ask(mara.as("chat.ask"), chat, question), { code: "forbidden" });
      const quotes = async () =>
        (await readChat(mara.as("chat.read"), chat)).messages.flatMap((m) => m.citations.map((c) => c.quote));
      assert.notEqual((await quotes()).join(""), "");
      await only(["chat.read", "chat.ask", "search.use"]);
      assert.equal((await quotes()).join(""), "");
      await asSuperuser(stand.database, (client) =>
        client.query("update member set role = 'manager', role_id = null where member_id = $1", [mara.id]),
      );
    },
  );

  await t.test("a private chat is nobody else's, by a real identifier neither", async () => {
    const { answer } = await ask(mara.as("chat.read"), chat, question);
    for (const stranger of [omar, idris]) {
      const ctx = () => stranger.as("chat.read");
      await assert.rejects(readChat(ctx(), chat), { code: "not_found" });
      await assert.rejects(ask(ctx(), chat, "What?"), { code: "not_found" });
      await assert.rejects(openToAll(stranger, "chat", chat), { code: "not_found" });
      await assert.rejects(deleteChat(ctx(), chat), { code: "not_found" });
      await assert.rejects(loadAnswer(ctx(), answer.id), { code: "not_found" });
      await assert.rejects(followAnswer(ctx(), answer.id, undefined, AbortSignal.abort()), {
        code: "not_found",
      });
      assert.deepEqual((await listChats(ctx(), { limit: 50 })).items, []);
    }
    const viewer = await workspace.hire("Vi", "viewer");
    const own = (await createChat(viewer.as("chat.read"))).id;
    assert.equal((await renameChat(viewer.as("chat.change"), own, "Mine")).title, "Mine");
    // A question's own message is no answer.
    const { messages } = await readChat(mara.as("chat.read"), chat);
    await assert.rejects(loadAnswer(mara.as("chat.read"), messages[0]?.id ?? ""), { code: "not_found" });
  });

  await t.test("in a shared chat, a source is shown to those who may read the document now", async () => {
    await openToAll(mara, "chat", chat);
    const first = async (who: Member) => (await readChat(who.as("chat.read"), chat)).messages[1];
    const hidden = await first(omar);
    assert.equal(hidden?.text, HIDDEN);
    assert.deepEqual(hidden?.parts, [{ text: HIDDEN, citations: [1] }]);
    assert.deepEqual(hidden?.citations, [
      { n: 1, document: null, passage: 0, page: null, quote: "", start: 0, end: 0, hidden: true },
    ]);
    assert.doesNotMatch(
      JSON.stringify(await readChat(omar.as("chat.read"), chat)),
      new RegExp(`${lease}|two months|lease\\.md`),
    );
    // How many documents an asker sees is theirs to know.
    assert.equal(hidden?.documentsSearched, null);
    assert.equal((await first(mara))?.documentsSearched, 1);
    for await (const { event, data } of await followAnswer(
      omar.as("chat.read"),
      hidden?.id ?? "",
      undefined,
      new AbortController().signal,
    ))
      if (event === "done") assert.equal((data as Message).documentsSearched, null);
    await openToAll(mara, "document", lease);
    assert.match((await first(omar))?.text ?? "", /two months/);
    assert.deepEqual((await first(omar))?.citations[0]?.document, { id: lease, name: "lease.md" });
    await closeToAll(mara, "document", lease);
    assert.equal((await first(omar))?.text, HIDDEN);
    await assert.rejects(ask(omar.as("chat.read"), chat, "What?"), { code: "forbidden" });
    await assert.rejects(deleteChat(omar.as("chat.read"), chat), { code: "forbidden" });
    await assert.rejects(readChat(idris.as("chat.read"), chat), { code: "not_found" });
    assert.deepEqual(
      (await listChats(omar.as("chat.read"), { limit: 50 })).items.map((c) => [c.id, c.mine, c.owner.name]),
      [[chat, false, "Mara"]],
    );
  });

  await t.test("the rights that count are those at the time of answering", async () => {
    const shared = await addReady(workspace, omar, "spa.md", "The spa opens at noon on Sundays.");
    await openToAll(omar, "document", shared);
    const { answer } = await ask(mara.as("chat.read"), chat, "When does the spa open on Sundays?");
    await closeToAll(omar, "document", shared);
    await workspace.run("assistant.answer", answer.id);
    const written = (await readChat(mara.as("chat.read"), chat)).messages.find((m) => m.id === answer.id);
    assert.deepEqual([written?.citations, written?.state], [[], "done"]);
    assert.doesNotMatch(written?.text ?? "", /noon/);
  });

  await t.test("a member who was suspended gets no answer", async () => {
    const eve = await workspace.hire("Eve", "manager");
    const own = (await createChat(eve.as("chat.read"))).id;
    const { answer } = await ask(eve.as("chat.read"), own, question);
    await unit(workspace.job(), (ctx) =>
      write(ctx, db.updateTable("member").set({ status: "suspended" }).where("member_id", "=", eve.id)),
    );
    await workspace.run("assistant.answer", answer.id);
    const [[row], parts] = await read(
      workspace.job(),
      db.selectFrom("message").selectAll().where("message_id", "=", answer.id),
      db.selectFrom("answer_part").selectAll().where("message_id", "=", answer.id),
    );
    assert.deepEqual([row?.state, parts.length], ["failed", 0]);
  });

  await t.test("when its document is deleted, the quotation is no longer shown to anyone", async () => {
    await deleteDocument(mara.as("document.delete"), lease);
    const { messages } = await readChat(mara.as("chat.read"), chat);
    assert.equal(messages[1]?.text, HIDDEN);
    assert.equal(messages[1]?.citations[0]?.hidden, true);
  });

  await t.test(
    "nothing is stored in clear; every change is in the audit log; deleting leaves nothing",
    async () => {
      const [chats, messages, parts, entries] = await read(
        workspace.job(),
        db.selectFrom("chat").selectAll(),
        db.selectFrom("message").selectAll(),
        db.selectFrom("answer_part").selectAll(),
        db
          .selectFrom("audit.entry")
          .select(["event"])
          .where("actor_id", "=", mara.id)
          .where("resource_type", "=", "chat"),
      );
      const stored = [
        ...chats.map((c) => c.title),
        ...messages.map((m) => m.body),
        ...parts.map((p) => p.body),
      ];
      assert.ok(stored.length > 10);
      for (const bytes of stored)
        assert.doesNotMatch(bytes.toString("latin1"), /notice|lease|regatta|question/);
      const counts = Object.groupBy(entries, (e) => e.event);
      assert.deepEqual(
        Object.entries(counts)
          .map(([event, list]) => [event, list?.length])
          .sort(),
        [
          ["chat.created", 1],
          ["chat.shared", 1],
          ["question.asked", 4],
        ],
      );
      await deleteChat(mara.as("chat.read"), chat);
      const [after] = await read(
        workspace.job(),
        db.selectFrom("message").selectAll().where("chat_id", "=", chat),
      );
      assert.deepEqual(after, []);
    },
  );

  await t.test("lists go page by page, the chat last used first", async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) ids.push((await createChat(idris.as("chat.read"))).id);
    await ask(
      idris.as("chat.read"),
      ids[0] ?? "",
      `A first question that is rather longer than sixty characters are, is it not?`,
    );
    const first = await listChats(idris.as("chat.read"), { limit: 3 });
    assert.deepEqual(
      first.items.map((c) => c.id),
      [ids[0], ids[4], ids[3]],
    );
    assert.equal(first.items[0]?.title, "A first question that is rather longer than sixty…");
    const [at, id] = (first.next ?? "").split(".");
    const rest = await listChats(idris.as("chat.read"), {
      limit: 3,
      cursor: { at: new Date(Number(at)), id: id ?? "" },
    });
    assert.deepEqual([rest.items.map((c) => c.id), rest.next], [[ids[2], ids[1]], null]);
  });
});
