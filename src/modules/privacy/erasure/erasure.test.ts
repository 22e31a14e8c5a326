import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, eventsOf, openStage, type Person } from "../../../../test/support/stage.ts";
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
import { readErased } from "./ledger.ts";
import { addressedTo } from "./naming.ts";
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
    // What others were told of their deeds goes with its time: a name is not searched for.
    assert.deepEqual(await traces(), ["mail.body", "notice.facts"]);
    assert.ok(!(await readOutbox(stage.system)).some((m) => m.to === zaphira.address));
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
    assert.deepEqual(await tracesOf(company.job(), (text) => text.includes(greta.address)), []);
    assert.ok(!(await tracesOf(company.job(), (text) => /greta/i.test(text))).includes("member.name"));
    assert.equal(erasePerson.name, "privacy.erase-person");
  });

  await t.test("an address is found as a whole value, and not inside of a text", () => {
    const is = addressedTo(["ann@x.example", "old.ann@x.example", ""]);
    for (const text of ["ann@x.example", " ANN@x.example", "old.ann@X.example"]) assert.ok(is(text), text);
    for (const text of ["to ann@x.example", "joann@x.example", "ann@x.example.org", ""])
      assert.ok(!is(text), text);
  });

  await t.test(
    "whoever takes a word of everything as their name takes nothing of others with them",
    async () => {
      const mallory = await company.hire("Mallory", "viewer");
      await invite(mara.as("member.invite"), "waiting@elsewhere.example", "viewer");
      await invite(mara.as("member.invite"), mallory.address.replace("@", "+@"), "viewer");
      const others = () =>
        asSuperuser(stage.database, async (client) => {
          const { rows } = await client.query(
            `select (select count(*)::int from audit.entry where tenant_id = $1 and content is null
                     and actor_id is distinct from $2 and resource_id is distinct from $2
                     and event <> 'entry.emptied') as emptied,
                  (select count(*)::int from invitation where tenant_id = $1) as invitations,
                  (select count(*)::int from mail where tenant_id = $1) as mails,
                  (select count(*)::int from audit.entry where tenant_id = $1 and actor_id = $2 and content is not null) as own`,
            [company.id, mallory.id],
          );
          return rows[0] as { emptied: number; invitations: number; mails: number; own: number };
        });
      // The stage's browser is called "test"; every entry holds it.
      await changeAccount(mallory.as("account.change"), { name: "test" });
      const before = await others();
      await eraseOwnAccount(mallory.as("account.erase"), mallory.address);
      assert.equal(await finishErasures(stage.system), 1);
      const after = await others();
      assert.equal(after.emptied, before.emptied);
      assert.equal(after.invitations, before.invitations);
      assert.ok(after.mails >= before.mails - 1);

      // What they did is read by others for 30 days yet, though they asked for it themself.
      assert.ok(after.own >= before.own && after.own > 0);
      assert.equal(await finishErasures(stage.system), 0);
      await asSuperuser(stage.database, (client) =>
        client.query("update erasure set created_at = now() - interval '31 days' where member_id = $1", [
          mallory.id,
        ]),
      );
      assert.equal(await finishErasures(stage.system), 1);
      assert.equal((await others()).own, 0);
      assert.equal((await others()).emptied, before.emptied);
      assert.equal(await finishErasures(stage.system), 0);
    },
  );

  await t.test("an address of before is found, and one that was only typed is not", async () => {
    const nora = await company.hire("Nora", "viewer");
    await invite(mara.as("member.invite"), "nora.before@x.example", "viewer");
    await invite(mara.as("member.invite"), "nora.typed@x.example", "viewer");
    await asSuperuser(stage.database, async (client) => {
      const keys = await stage.system.keyring.tenant(company.id);
      for (const [id, old, confirmed] of [
        ["00000000-0000-4000-8000-000000000001", "nora.before@x.example", new Date()],
        ["00000000-0000-4000-8000-000000000002", "nora.typed@x.example", null],
      ] as const) {
        const sealed = (column: string) => keys.seal({ table: "address_change", column, row: id }, old);
        await client.query(
          `insert into address_change (tenant_id, change_id, member_id, old_address, new_address, new_hash, created_at, confirmed_at)
             values ($1, $2, $3, $4, $5, '\\x00', now(), $6)`,
          [company.id, id, nora.id, sealed("old_address"), sealed("new_address"), confirmed],
        );
      }
    });
    await eraseMember(erasing(), nora.id, { content: "deleted" });
    await finishErasures(stage.system);
    assert.deepEqual(await tracesOf(company.job(), (text) => text.includes("nora.before@x.example")), []);
    const typed = await tracesOf(company.job(), (text) => text === "nora.typed@x.example");
    assert.deepEqual(typed, ["invitation.address", "mail.recipient"]);
    // The one entry of another's that held it is named.
    assert.equal((await eventsOf(stage, company.id)).filter((event) => event === "entry.emptied").length, 1);
  });

  await t.test("one that cannot be done keeps no other, and the operator learns of it", async () => {
    const [broken, fine] = [await company.hire("Bo", "viewer"), await company.hire("Fenn", "viewer")];
    await eraseMember(erasing(), broken.id, { content: "deleted" });
    await eraseMember(erasing(), fine.id, { content: "deleted" });
    await asSuperuser(stage.database, (client) =>
      client.query("update erasure set spoken = '\\x00' where member_id = $1", [broken.id]),
    );
    assert.equal(await finishErasures(stage.system), 1);
    const standing = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select state from erasure where member_id = any($1) order by created_at",
        [[broken.id, fine.id]],
      );
      return rows.map(({ state }) => state);
    });
    assert.deepEqual(standing, ["working", "done"]);
  });

  await t.test("a thousand that never end hold up nobody of another workspace", async () => {
    const crowd = await stage.company("crowd");
    const owner = await crowd.hire("Olga", "owner");
    await asSuperuser(stage.database, async (client) => {
      await client.query(
        `insert into member (tenant_id, member_id, address, name, role, status)
           select $1, gen_random_uuid(), '\\x00', '\\x00', 'viewer', 'removed' from generate_series(1, 1000)`,
        [crowd.id],
      );
      await client.query(
        `insert into erasure (tenant_id, erasure_id, member_id, asked_by, content, created_at, spoken, state)
           select $1, gen_random_uuid(), member_id, $2, 'deleted', '-infinity', '\\x00', 'working'
             from member where tenant_id = $1 and status = 'removed'`,
        [crowd.id, owner.id],
      );
    });
    const wim = await company.hire("Wim", "viewer");
    await eraseMember(erasing(), wim.id, { content: "deleted" });
    const told = () => stage.log().split(`"kind":"erasure.failed.${crowd.id}"`).length - 1;
    const failed = () => stage.log().split("somebody could not be erased").length - 1;
    const before = failed();
    assert.equal(await finishErasures(stage.system), 1);
    assert.equal(told(), 1);
    assert.ok(failed() - before < 300, `${failed() - before}`);
    assert.ok(
      (await readErased(stage.system.config.home)).every(({ at }) => at > "2000-01-01T00:00:00.000Z"),
    );
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
