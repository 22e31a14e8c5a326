import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, moveDatabaseClock, openStage, type Person } from "../../../../test/support/stage.ts";
import { days, minutes } from "../../../kernel/clock.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { purgeOld } from "../../privacy/retention/purging.ts";
import { suspendMember } from "../../tenancy/members/service.ts";
import { changeAccount } from "../accounts/service.ts";
import { type NoticeFacts, type NoticeKind, noticeKinds, rules } from "./kinds.ts";
import { choosePlaces, listChoices, listNotices, markRead, notify } from "./service.ts";

test("notices", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const owner = await company.hire("Owner", "owner");
  const stranger = await other.hire("Stranger", "owner");
  const tell = <K extends NoticeKind>(person: Person, kind: K, facts: NoticeFacts[K]) =>
    unit(company.job(), (ctx) => notify(ctx, person.id, kind, facts));
  const seenBy = (person: Person) => listNotices(person.as("notice.read"), { limit: 50 });
  const mailsTo = async (person: Person) =>
    (await readOutbox(stage.system, 200)).filter((mail) => mail.to === person.address);
  const shared = { by: "Mara", what: "document", id: newId(), access: "read" } as const;

  await t.test("one that concerns the account is told in the page and by mail", async () => {
    const ada = await company.hire("Ada", "viewer");
    await tell(ada, "recovery-code-used", { left: 3 });
    const { items, unread, next } = await seenBy(ada);
    assert.deepEqual([items.length, unread, next], [1, 1, null]);
    assert.deepEqual(
      [items[0]?.kind, items[0]?.path, items[0]?.read],
      ["recovery-code-used", "/t/harrow/settings/security", false],
    );
    assert.match(items[0]?.text ?? "", /3 are left/);
    const [mail] = await mailsTo(ada);
    assert.match(mail?.text ?? "", /3 are left\.\n\nWhen: .*\(UTC\)\n\nSee it here: .*\/t\/harrow\/settings/);
    assert.match(mail?.text ?? "", /If it was not you/);
  });

  await t.test("nobody else sees it, marks it, or learns that it is there", async () => {
    const [ada, ben] = [await company.hire("Adele", "viewer"), await company.hire("Ben", "viewer")];
    await tell(ada, "key-created", { name: "nightly" });
    const [notice] = (await seenBy(ada)).items;
    assert.equal((await seenBy(ben)).items.length, 0);
    for (const who of [ben, stranger]) {
      await assert.rejects(markRead(who.as("notice.read"), [notice?.id ?? ""]), refused("not_found"));
      await markRead(who.as("notice.read"), "all");
    }
    await assert.rejects(markRead(ada.as("notice.read"), [notice?.id ?? "", newId()]), refused("not_found"));
    assert.equal((await seenBy(ada)).unread, 1);
    for (let i = 0; i < 2; i++) await markRead(ada.as("notice.read"), [notice?.id ?? "", notice?.id ?? ""]);
    const after = await seenBy(ada);
    assert.deepEqual([after.unread, after.items[0]?.read], [0, true]);
    // Told by a job of another workspace, there is no such member.
    await unit(other.job(), (ctx) => notify(ctx, ada.id, "key-created", { name: "elsewhere" }));
    assert.equal((await seenBy(ada)).items.length, 1);
  });

  await t.test("it lies encrypted, and is told only when what it tells of is committed", async () => {
    const cara = await company.hire("Cara", "viewer");
    await tell(cara, "key-created", { name: "canary-in-a-notice" });
    await assert.rejects(
      unit(company.job(), async (ctx) => {
        await notify(ctx, cara.id, "key-created", { name: "never" });
        throw new Error("it did not happen");
      }),
    );
    assert.equal((await seenBy(cara)).items.length, 1);
    assert.equal((await mailsTo(cara)).length, 1);
    const rows = await asSuperuser(stage.database, async (client) =>
      JSON.stringify(
        (await client.query("select row_to_json(n)::text, encode(n.facts, 'escape') from notice n")).rows,
      ),
    );
    assert.ok(!rows.includes("canary-in-a-notice"));
  });

  await t.test("each chooses where, but not for what concerns the safety of the account", async () => {
    const dora = await company.hire("Dora", "viewer");
    const choose = (kind: NoticeKind, page: boolean, mail: boolean) =>
      choosePlaces(dora.as("account.notices"), kind, { page, mail });
    for (const kind of noticeKinds.filter((k) => rules[k].fixed))
      await assert.rejects(choose(kind, true, false), refused("invalid_input"));
    const chosen = async () =>
      (await listChoices(dora.as("account.notices"))).find((c) => c.kind === "shared-with-you");
    assert.deepEqual(await chosen(), { ...(await chosen()), page: true, mail: true, fixed: false });
    await choose("shared-with-you", true, false);
    await tell(dora, "shared-with-you", shared);
    assert.deepEqual([(await seenBy(dora)).items.length, (await mailsTo(dora)).length], [1, 0]);
    await choose("shared-with-you", false, true);
    await tell(dora, "shared-with-you", shared);
    assert.deepEqual([(await seenBy(dora)).items.length, (await mailsTo(dora)).length], [1, 1]);
    assert.equal((await seenBy(dora)).unread, 1);
    await choose("shared-with-you", false, false);
    stage.pass(minutes(16));
    await tell(dora, "shared-with-you", shared);
    assert.deepEqual([(await seenBy(dora)).items.length, (await mailsTo(dora)).length], [1, 1]);
    assert.deepEqual((await chosen())?.page, false);
    assert.ok((await listChoices(owner.as("account.notices"))).every((c) => c.page));
  });

  await t.test("a hundred shared documents are one mail; two stolen codes are two", async () => {
    const ella = await company.hire("Ella", "viewer");
    for (let i = 0; i < 20; i++) await tell(ella, "shared-with-you", shared);
    assert.deepEqual([(await seenBy(ella)).unread, (await mailsTo(ella)).length], [20, 1]);
    for (let i = 0; i < 2; i++) await tell(ella, "recovery-code-used", { left: 2 - i });
    assert.equal((await mailsTo(ella)).length, 3);
  });

  await t.test("in the reader's language, also of what was told before it was chosen", async () => {
    const finn = await company.hire("Finn", "viewer");
    await tell(finn, "recovery-code-used", { left: 0 });
    await changeAccount(finn.as("account.change"), { language: "de", timeZone: "Europe/Zurich" });
    assert.match((await seenBy(finn)).items[0]?.text ?? "", /Wiederherstellungscode/);
    await tell(finn, "recovery-code-used", { left: 0 });
    const [mail] = await mailsTo(finn);
    assert.match(mail?.subject ?? "", /Wiederherstellungscode/);
    assert.match(mail?.text ?? "", /Wann: .*\(Europe\/Zurich\)/);
  });

  await t.test("what somebody gave as a reason stays one line, whatever is in it", async () => {
    const gus = await company.hire("Gus", "viewer");
    const reason = `Audit\r\n\r\nYour account is locked: http://evil.example \u0007${"x".repeat(900)}\ud800`;
    await tell(gus, "access-opened", { by: "Mara", reason, until: new Date().toISOString() });
    const [notice] = (await seenBy(gus)).items;
    assert.ok(notice && !/\p{Cc}/u.test(notice.text) && notice.text.isWellFormed());
    assert.ok(notice.text.length < 700);
    assert.ok((await mailsTo(gus))[0]?.text.includes("“Audit Your account"));
  });

  await t.test("a suspended member gets no mail, a removed one nothing", async () => {
    const hedy = await company.hire("Hedy", "viewer");
    await suspendMember(owner.as("member.suspend"), hedy.id);
    await tell(hedy, "role-changed", { role: "manager", by: "Owner" });
    assert.equal((await mailsTo(hedy)).length, 0);
    const count = () =>
      asSuperuser(stage.database, async (client) => {
        const { rows } = await client.query("select count(*)::int as n from notice where member_id = $1", [
          hedy.id,
        ]);
        return rows[0].n as number;
      });
    assert.equal(await count(), 1);
    await asSuperuser(stage.database, (client) =>
      client.query("update member set status = 'removed', address_hash = null where member_id = $1", [
        hedy.id,
      ]),
    );
    await tell(hedy, "role-changed", { role: "manager", by: "Owner" });
    assert.equal(await count(), 1);
  });

  await t.test("pages end at exact places, also within one millisecond", async () => {
    const ivan = await company.hire("Ivan", "viewer");
    await unit(company.job(), async (ctx) => {
      const now = ctx.clock();
      for (let i = 0; i < 7; i++)
        await notify({ ...ctx, clock: () => now }, ivan.id, "invitation-accepted", { name: `No. ${i}` });
    });
    const seen: string[] = [];
    let cursor: { at: Date; id: string } | undefined;
    for (;;) {
      const { items, next } = await listNotices(ivan.as("notice.read"), { cursor, limit: 3 });
      seen.push(...items.map((item) => item.text));
      if (!next) break;
      const [at = "", id = ""] = next.split(".");
      cursor = { at: new Date(Number(at)), id };
    }
    assert.equal(new Set(seen).size, 7);
    assert.match(seen[0] ?? "", /No\. 6/);
  });

  await t.test("after 90 days they are deleted, in every workspace, and nothing younger", async () => {
    const [jo, kai] = [await company.hire("Jo", "viewer"), stranger];
    await tell(jo, "recovery-code-used", { left: 1 });
    await unit(other.job(), (ctx) => notify(ctx, kai.id, "recovery-code-used", { left: 1 }));
    stage.pass(days(89));
    await moveDatabaseClock(stage, stage.system.clock().getTime() - Date.now());
    await unit(company.job(), (ctx) => notify(ctx, jo.id, "recovery-code-used", { left: 0 }));
    await purgeOld(stage.system);
    const left = (id: string) =>
      asSuperuser(stage.database, async (client) => {
        const { rows } = await client.query("select count(*)::int as n from notice where member_id = $1", [
          id,
        ]);
        return rows[0].n as number;
      });
    assert.deepEqual([await left(jo.id), await left(kai.id)], [2, 1]);
    stage.pass(days(1.01));
    await moveDatabaseClock(stage, stage.system.clock().getTime() - Date.now());
    assert.ok(((await purgeOld(stage.system))?.notices ?? 0) >= 2);
    assert.deepEqual([await left(jo.id), await left(kai.id)], [1, 0]);
  });
});
