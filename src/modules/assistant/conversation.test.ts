import assert from "node:assert/strict";
import { test } from "node:test";
import { addReady, closeToAll, type Member, openStand, openToAll } from "../../../test/support/knowledge.ts";
import { newId } from "../../kernel/ids.ts";
import { moveDocument } from "../knowledge/documents/service.ts";
import { createFolder } from "../knowledge/folders/service.ts";
import { share } from "../knowledge/sharing/shares.ts";
import "../tenancy/permissions.ts";
import { createChat } from "./chats.ts";
import type { QuestionFilters } from "./messages.ts";
import { ask, readChat } from "./service.ts";

test("questions that are narrowed, and questions that go on", async (t) => {
  const stand = await openStand(t);
  const workspace = await stand.workspace("harrow");
  const [mara, omar] = [await workspace.hire("Mara", "manager"), await workspace.hire("Omar", "owner")];
  const idris = await (await stand.workspace("bexley")).hire("Idris", "owner");
  const begin = async (who = mara) => (await createChat(who.as("chat.read"))).id;
  const messageOf = async (who: Member, chat: string, id: string) => {
    const message = (await readChat(who.as("chat.read"), chat)).messages.find((m) => m.id === id);
    assert.ok(message);
    return message;
  };
  const asked = async (chat: string, text: string, filters: QuestionFilters = {}, who = mara) => {
    const { answer } = await ask(who.as("chat.ask"), chat, text, filters);
    await workspace.run("assistant.answer", answer.id);
    return messageOf(who, chat, answer.id);
  };
  const folder = async (name: string, parent: string | null = null, who = mara) =>
    (await createFolder(who.as("folder.create"), { name, parent })).id;
  const contracts = await folder("Contracts");
  const old = await folder("Old ones", contracts);
  const rent = (of: string, pounds: number) => `The rent of the ${of} is £${pounds} a month.`;
  const office = await addReady(workspace, mara, "office.md", rent("office", 4150));
  const store = await addReady(workspace, mara, "store.txt", rent("warehouse", 6900));
  await moveDocument(mara.as("document.move"), store, old);

  await t.test(
    "only what the filters leave is searched: a folder with those below it, a document, a kind",
    async () => {
      const chat = await begin();
      const question = "What is the rent?";
      const found = async (filters: QuestionFilters) => {
        const { citations, documentsSearched } = await asked(chat, question, filters);
        return [documentsSearched, citations.map(({ document }) => document?.id).sort()];
      };
      assert.deepEqual(await found({}), [2, [office, store].sort()]);
      assert.deepEqual(await found({ folder: contracts }), [1, [store]]);
      assert.deepEqual(await found({ folder: old }), [1, [store]]);
      assert.deepEqual(await found({ document: office }), [1, [office]]);
      assert.deepEqual(await found({ kind: "markdown" }), [1, [office]]);
      assert.deepEqual(await found({ folder: contracts, document: office }), [0, []]);
    },
  );

  await t.test("a filter names only what the asker sees, also when it is answered", async () => {
    const chat = await begin();
    const theirs = await folder("Board", null, omar);
    const secret = await addReady(workspace, omar, "board.md", rent("yacht", 99));
    const foreign = await folder("Boats", null, idris);
    for (const filters of [
      { folder: theirs },
      { folder: foreign },
      { document: secret },
      { folder: newId() },
    ])
      await assert.rejects(ask(mara.as("chat.ask"), chat, "What is the rent?", filters), {
        code: "not_found",
      });
    await openToAll(omar, "document", secret);
    const { answer } = await ask(mara.as("chat.ask"), chat, "What is the rent?", { document: secret });
    await closeToAll(omar, "document", secret);
    await workspace.run("assistant.answer", answer.id);
    const late = await messageOf(mara, chat, answer.id);
    assert.deepEqual([late.citations, late.documentsSearched], [[], 0]);
    assert.deepEqual(late.scope, { folder: null, document: { id: null, name: null }, kind: null });
  });

  await t.test("what it was narrowed to is named to those who see it", async () => {
    const chat = await begin();
    const { id } = await asked(chat, "What is the rent?", { folder: contracts, kind: "text" });
    const scope = { folder: { id: contracts, name: "Contracts" }, document: null, kind: "text" };
    const messages = async (who: Member) => (await readChat(who.as("chat.read"), chat)).messages;
    assert.deepEqual(
      (await messages(mara)).map((m) => m.scope),
      [scope, scope],
    );
    await openToAll(mara, "chat", chat);
    const hidden = { ...scope, folder: { id: null, name: null } };
    assert.deepEqual(
      (await messages(omar)).map((m) => m.scope),
      [hidden, hidden],
    );
    assert.equal((await messageOf(omar, chat, id)).text.includes("6900"), false);
  });

  await t.test("a question that goes on is completed; one that stands alone is not", async () => {
    const chat = await begin();
    const first = await asked(chat, "What is the rent of the office?");
    assert.deepEqual([first.followUp, first.text], [null, rent("office", 4150)]);
    const second = await asked(chat, "And for the warehouse?");
    assert.deepEqual([second.followUp, second.text], ["rent", rent("warehouse", 6900)]);
    const alone = await asked(chat, "Who won the regatta of 1911?");
    assert.deepEqual([alone.followUp, alone.citations], [null, []]);
    // Another chat knows nothing of it.
    const other = await asked(await begin(), "And for the warehouse?");
    assert.equal(other.followUp, null);
  });

  await t.test(
    "nothing is lent from a sentence that the asker no longer sees, nor shown to whoever never did",
    async () => {
      const person = await addReady(workspace, omar, "people.md", "The caretaker is Ms. Tamsin Oakeshott.");
      await addReady(
        workspace,
        mara,
        "phones.md",
        "Telephone of Tamsin Oakeshott, caretaker: 01632 960 333.",
      );
      await openToAll(omar, "document", person);
      const chat = await begin();
      await asked(chat, "Who is the caretaker?", { document: person });
      const lent = await asked(chat, "What is her phone number?");
      assert.match(lent.followUp ?? "", /Oakeshott/);
      assert.match(lent.text, /01632 960 333/);
      const eve = await workspace.hire("Eve", "viewer");
      await share(
        mara.as("chat.share"),
        { kind: "chat", id: chat },
        { with: { kind: "member", id: eve.id }, access: "read" },
      );
      assert.match((await messageOf(eve, chat, lent.id)).followUp ?? "", /Oakeshott/);
      const closing = await begin();
      await asked(closing, "Who is the caretaker?", { document: person });
      await closeToAll(omar, "document", person);
      assert.equal((await messageOf(eve, chat, lent.id)).followUp, null);
      assert.equal((await asked(closing, "What is her phone number?")).followUp, "caretaker");
    },
  );

  await t.test("documents that differ are shown both, with their days", async () => {
    const one = await addReady(workspace, mara, "rules-1.md", "A wash in the laundry costs £2.20.");
    const two = await addReady(workspace, mara, "rules-2.md", "A wash in the laundry costs £2.80.");
    const chat = await begin();
    const answer = await asked(chat, "What does a wash in the laundry cost?");
    const today = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeZone: "UTC" }).format(new Date());
    assert.deepEqual(answer.parts[0], {
      text: `The documents differ: [1] last changed on ${today}; [2] last changed on ${today}.`,
      citations: [1, 2],
    });
    assert.deepEqual(answer.citations.map(({ document }) => document?.id).sort(), [one, two].sort());
    await openToAll(mara, "chat", chat);
    await openToAll(mara, "document", one);
    const seen = await messageOf(omar, chat, answer.id);
    // Whoever sees one of them learns nothing of the other, not even that there is something to differ from.
    assert.equal(seen.parts.filter(({ text }) => text.includes("£")).length, 1);
    assert.doesNotMatch(JSON.stringify(seen), /differ|£2\.80|rules-2/);
  });
});
