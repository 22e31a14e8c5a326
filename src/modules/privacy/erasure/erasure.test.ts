import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, openStage, type Person } from "../../../../test/support/stage.ts";
import { allJobs } from "../../../app.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { createChat, renameChat } from "../../assistant/chats.ts";
import { ask } from "../../assistant/service.ts";
import { changeAccount } from "../../identity/accounts/service.ts";
import { invite } from "../../identity/invitations/service.ts";
import { uploadDocuments } from "../../knowledge/documents/upload.ts";
import { createFolder } from "../../knowledge/folders/service.ts";
import { saveSearch } from "../../knowledge/saved-searches/service.ts";
import { share } from "../../knowledge/sharing/shares.ts";
import { publicLog } from "../../operations/audit/log/proofs.ts";
import { changeRole } from "../../tenancy/members/service.ts";
import { openContent } from "../../tenancy/openings/service.ts";
import { erasePerson, finishErasures } from "./finishing.ts";
import { namingOf } from "./naming.ts";
import { eraseMember, eraseOwnAccount } from "./service.ts";
import { tracesOf } from "./traces.ts";

const MARK = /zaphira|quellmarsh/i;

test("somebody who is erased is found nowhere", async (t) => {
  const stage = await openStage(t, { jobs: allJobs });
  const company = await stage.company("quill");
  const mara = await company.hire("Mara", "owner");
  const piet = await company.hire("Piet", "viewer");
  const zaphira = await company.hire("Zaphira", "admin");
  const traces = () => tracesOf(company.job(), (text) => MARK.test(text));
  const erasing = (by = mara) => by.as("member.erase");

  await t.test("with what they left in every place", async () => {
    await changeAccount(zaphira.as("account.change"), { name: "Zaphira Quellmarsh", language: "de" });
    await add(zaphira, "Zaphira's notes.md", "Words of Zaphira Quellmarsh.");
    await createFolder(zaphira.as("folder.create"), { name: "Zaphira's folder", parent: null });
    await saveSearch(zaphira.as("saved-search.create"), {
      name: "Zaphira looks",
      q: "quellmarsh",
      filters: {},
    });
    const own = await createChat(zaphira.as("chat.create"));
    await renameChat(zaphira.as("chat.change"), own.id, "Zaphira asks");
    const maras = await createChat(mara.as("chat.create"));
    await share(
      mara.as("chat.share"),
      { kind: "chat", id: maras.id },
      { with: { kind: "member", id: zaphira.id }, access: "write" },
    );
    await ask(zaphira.as("chat.ask"), maras.id, "Zaphira Quellmarsh asks in a chat of Mara's.");
    await changeRole(zaphira.as("member.change-role"), piet.id, "manager");
    await openContent(zaphira.as("content.open"), {
      of: { kind: "member", id: piet.id },
      reason: "Zaphira Quellmarsh has to look.",
      minutes: 10,
    });
    await invite(zaphira.as("member.invite"), "guest@elsewhere.example", "viewer");
    const where = await traces();
    for (const place of [
      "audit.entry.content",
      "chat.title",
      "document.name",
      "folder.name",
      "mail.body",
      "member.address",
    ])
      assert.ok(where.includes(place), `${place} in ${where}`);
    for (const place of [
      "member.name",
      "message.body",
      "notice.facts",
      "opening.reason",
      "saved_search.body",
    ])
      assert.ok(where.includes(place), `${place} in ${where}`);
  });

  await t.test("only by who may, and not oneself by that way", async () => {
    await assert.rejects(
      eraseMember(erasing(piet), zaphira.id, { content: "deleted" }),
      refused("forbidden"),
    );
    await assert.rejects(eraseMember(erasing(mara), mara.id, { content: "deleted" }), refused("wrong_state"));
    await assert.rejects(
      eraseMember(erasing(zaphira), mara.id, { content: "deleted" }),
      refused("forbidden"),
    );
    await assert.rejects(
      eraseOwnAccount(mara.as("account.erase"), "other@x.example"),
      refused("invalid_input"),
    );
    await assert.rejects(eraseOwnAccount(mara.as("account.erase"), mara.address), refused("last_owner"));
  });

  await t.test("and nothing of them is left, in no row, log entry, file, mail or job", async () => {
    const files = await filesOf(zaphira.id);
    assert.ok(files.length > 0);
    await eraseMember(erasing(), zaphira.id, { content: "deleted" });
    await assert.rejects(add(zaphira, "x.md", "Still here."), refused("signed_out"));
    // Cut off before it began: the daily purge takes it up.
    assert.equal(await finishErasures(stage.system), 1);
    assert.equal(await finishErasures(stage.system), 0);
    assert.deepEqual(await traces(), []);
    assert.ok(!(await readOutbox(stage.system)).some((m) => MARK.test(JSON.stringify(m))));
    for (const file of files) assert.equal(await stage.system.files.exists(file), false, "a file is left");
    const jobs = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select data::text || coalesce(output::text, '') as text from pgboss.job",
      );
      return rows.filter(({ text }) => MARK.test(text));
    });
    assert.deepEqual(jobs, []);
    assert.equal((await publicLog(stage.system)).intact, true);
  });

  await t.test("what others have stays, and what was handed over", async () => {
    const greta = await company.hire("Greta", "manager");
    await add(greta, "Kept.md", "To be kept.");
    await add(mara, "Maras.md", "Of Mara.");
    await eraseMember(erasing(), greta.id, { content: "handed-over", to: piet.id });
    await finishErasures(stage.system);
    const owners = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select owner_id from document where tenant_id = $1", [company.id]);
      return rows.map((row) => row.owner_id).sort();
    });
    assert.deepEqual(owners, [piet.id, mara.id].sort());
    assert.deepEqual(await tracesOf(company.job(), (text) => /greta/i.test(text)), []);
    assert.equal(erasePerson.name, "privacy.erase-person");
  });

  await t.test("names are found whole, and not inside of other words", () => {
    const names = namingOf({ names: ["Ann Lee", "Al"], addresses: ["ann@x.example"] });
    for (const text of ["by ann lee.", "Ann Lee", "to ANN@x.example", "al"]) assert.ok(names(text), text);
    for (const text of ["Joann Leech", "Ann Leeds", "always", ""]) assert.ok(!names(text), text);
  });

  async function filesOf(memberId: string): Promise<string[]> {
    return asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select v.file from document_version v join document d using (tenant_id, document_id) where d.owner_id = $1",
        [memberId],
      );
      return rows.map((row) => row.file);
    });
  }
  async function add(by: Person, name: string, words: string): Promise<void> {
    async function* one() {
      yield { name, stream: Readable.from([Buffer.from(words)]) };
    }
    await uploadDocuments(by.as("document.upload"), one());
  }
});
