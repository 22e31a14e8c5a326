import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import {
  asSuperuser,
  eventsOf,
  meetingAt,
  openStage,
  PASSWORD,
  type Person,
} from "../../../../test/support/stage.ts";
import { minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { enter, readOne, unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { deliverMail, readOutbox } from "../../../kernel/mail.ts";
import { mailLink } from "../../identity/links/service.ts";
import { choosePassword } from "../../identity/resets/service.ts";
import { createRole } from "../../identity/roles/own-roles.ts";
import { refreshSession, signOut, startSession } from "../../identity/sessions/service.ts";
import { signIn } from "../../identity/sign-in/service.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { changeRole, listMembers, reinstateMember, removeMember, suspendMember } from "../members/service.ts";
import { enterTenant, listOpenGrants } from "./entering.ts";
import { endSupport, grantSupport, listGrants } from "./service.ts";

const HOUR = minutes(60);

test("the operator's staff in a workspace", async (t) => {
  const stage = await openStage(t, { jobs: [deliverMail] });
  const operator = await stage.company("operator", "operator");
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const olu = await operator.hire("Olu", "owner");
  const owner = await company.hire("Owner", "owner");
  const admin = await company.hire("Admin", "admin");
  await company.hire("Manager", "manager");
  const stranger = await other.hire("Stranger", "owner");
  const grant = (hours = 4, by = admin) =>
    grantSupport(by.as("support.grant"), hours, "Search finds nothing");
  const come = (id: string, person = olu) => enterTenant(person.as("operator.support.enter"), id);
  type Entry = Awaited<ReturnType<typeof come>>;
  const guestOf = ({ there, session }: Entry, permission = "member.read"): Ctx => ({
    ...there,
    actor: { kind: "member", memberId: session.memberId, sessionId: session.sessionId },
    demand: { permission, fresh: false, beforeFactor: false, changes: false },
    standing: { current: null },
  });
  const end = (id: string) => endSupport(owner.as("support.end"), id);
  const names = async () => (await listMembers(admin.as("member.read"))).map((m) => m.name);

  /** As the activity of a request would. */
  const touch = (sessionId: string) =>
    asSuperuser(stage.database, (client) =>
      client.query("update session set last_active_at = $1 where session_id = $2", [
        stage.system.clock(),
        sessionId,
      ]),
    );
  const endOfSession = (sessionId: string, at: Date) =>
    asSuperuser(stage.database, (client) =>
      client.query("update session set expires_at = $1 where session_id = $2", [at, sessionId]),
    );
  /** As if they had signed in, with a second factor. */
  const startedFor = (person: Person) =>
    unit({ ...operator.job(), origin: operator.visitor().origin }, (ctx) =>
      startSession(ctx, person.id, "totp"),
    );
  const anew = async (person: Person): Promise<Ctx> => {
    await touch(person.sessionId);
    return person.as("operator.support.see");
  };

  await t.test(
    "come by a grant only, and only the operator's own workspace sees which there are",
    async () => {
      await assert.rejects(come(newId()), refused("not_found"));
      assert.deepEqual(await listOpenGrants(olu.as("operator.support.see")), []);
      const { id } = await grant();
      const [open] = await listOpenGrants(olu.as("operator.support.see"));
      assert.deepEqual(
        [open?.id, open?.tenant, open?.reason],
        [id, { id: company.id, slug: "harrow", name: "Company harrow" }, "Search finds nothing"],
      );
      // The functions answer to nobody else, whatever route asks them.
      for (const person of [stranger, owner]) {
        assert.deepEqual(await listOpenGrants(person.as(null)), []);
        await assert.rejects(enterTenant(person.as("member.read"), id), refused("not_found"));
      }
      await end(id);
    },
  );

  await t.test("see what is for support, as a guest whom everybody sees", async () => {
    const { id } = await grant();
    const entry = await come(id);
    const ctx = guestOf(entry);
    await enter(ctx);
    assert.equal(ctx.standing.current?.role, "support");
    assert.deepEqual((await names()).at(-1), "Olu (operator)");
    for (const permission of [
      "tenant.change",
      "document.upload",
      "content.open",
      "member.invite",
      "key.create",
    ])
      await assert.rejects(enter(guestOf(entry, permission)), refused("forbidden"), permission);
    assert.equal((await listGrants(admin.as("support.see")))[0]?.uses, 1);
    await end(id);
    assert.ok(!(await names()).includes("Olu (operator)"));
  });

  await t.test("are in both audit logs, by name", async () => {
    const { id } = await grant();
    await come(id);
    assert.equal((await eventsOf(stage, operator.id)).at(-1), "support.entered");
    assert.deepEqual((await eventsOf(stage, company.id)).slice(-2), ["support.granted", "support.entered"]);
    await end(id);
    assert.equal((await eventsOf(stage, company.id)).at(-1), "support.ended");
  });

  await t.test("and every admin is told, nobody else", async () => {
    const told = async () =>
      asSuperuser(stage.database, async (client) => {
        const { rows } = await client.query(
          "select member_id from notice where tenant_id = $1 and kind = 'support-granted' order by notice_id",
          [company.id],
        );
        return rows.map((r) => r.member_id as string);
      });
    const before = (await told()).length;
    const { id } = await grant();
    assert.deepEqual((await told()).slice(before).sort(), [owner.id, admin.id].sort());
    assert.ok((await readOutbox(stage.system, 50)).some((m) => m.to === owner.address));
    await end(id);
  });

  await t.test("leave with the grant: the next request, a refresh, another entry", async () => {
    const { id } = await grant();
    const entry = await come(id);
    await enter(guestOf(entry));
    await assert.rejects(endSupport(stranger.as("support.end"), id), refused("not_found"));
    await end(id);
    await assert.rejects(enter(guestOf(entry)), refused("signed_out"));
    await assert.rejects(
      refreshSession({ ...company.visitor() }, entry.session.refreshToken),
      refused("signed_out"),
    );
    await assert.rejects(come(id), refused("not_found"));
    await assert.rejects(end(id), refused("wrong_state"));
  });

  await t.test("cannot slip in while the grant ends", async () => {
    const { id } = await grant();
    const race = await meetingAt<unknown>(
      stage,
      `select 1 from support_grant where grant_id = '${id}' for update`,
      [() => come(id), () => end(id)],
    );
    const [entered, ended] = race;
    assert.equal(ended?.status, "fulfilled");
    if (entered?.status === "fulfilled")
      await assert.rejects(enter(guestOf(entered.value as Entry)), refused("signed_out"));
    else assert.ok(refused("not_found")(entered?.reason));
  });

  await t.test("are no member like others: not to be managed, invited, or signed in as", async () => {
    const { id } = await grant();
    const entry = await come(id);
    const guest = entry.session.memberId;
    for (const act of [suspendMember, reinstateMember, removeMember])
      await assert.rejects(act(owner.as("member.remove"), guest), refused("wrong_state"));
    await assert.rejects(changeRole(owner.as("member.change-role"), guest, "owner"), refused("wrong_state"));
    await assert.rejects(signIn(company.visitor(), olu.address, PASSWORD), refused("sign_in_failed"));
    await assert.rejects(
      asSuperuser(stage.database, (client) =>
        client.query("update member set address_hash = 'x' where member_id = $1", [guest]),
      ),
      /member_support/,
    );
    await end(id);
  });

  await t.test("act only while they work at the operator's and may enter there", async () => {
    const { id } = await grant();
    const cleo = await operator.hire("Cleo", "admin");
    const entry = await come(id, cleo);
    await changeRole(olu.as("member.change-role"), cleo.id, "manager");
    await assert.rejects(enter(guestOf(entry)), refused("signed_out"));
    const role = await createRole(olu.as("role.create"), "Helpdesk", ["operator.support.enter"]);
    await changeRole(olu.as("member.change-role"), cleo.id, role.id);
    await enter(guestOf(entry));
    const bare = await createRole(olu.as("role.create"), "Reception", ["operator.support.see"]);
    await changeRole(olu.as("member.change-role"), cleo.id, bare.id);
    await assert.rejects(enter(guestOf(entry)), refused("signed_out"));
    await changeRole(olu.as("member.change-role"), cleo.id, "admin");
    await enter(guestOf(entry));
    await suspendMember(olu.as("member.suspend"), cleo.id);
    await assert.rejects(enter(guestOf(entry)), refused("signed_out"));
    await end(id);
  });

  await t.test("leave with the session that they came from, not with its pause", async () => {
    const { id } = await grant();
    const eve = await operator.hire("Eve", "admin");
    const session = async () => (await startedFor(eve)).sessionId;
    const enterBy = (sessionId: string) => enterTenant(eve.as("operator.support.enter", sessionId), id);
    const gone = async (entry: Entry) => {
      await assert.rejects(enter(guestOf(entry)), refused("signed_out"));
      await assert.rejects(
        refreshSession(company.visitor(), entry.session.refreshToken),
        refused("signed_out"),
      );
    };
    const [here, there] = [await session(), await session()];
    const [first, second] = [await enterBy(here), await enterBy(there)];
    assert.equal(first.session.memberId, second.session.memberId);
    await signOut(eve.as("account.sessions", here), false);
    await gone(first);
    await enter(guestOf(second));
    // Half an hour without a request at the operator's, while they are at work here.
    stage.pass(minutes(29));
    await touch(second.session.sessionId);
    stage.pass(minutes(2));
    await assert.rejects(enter(eve.as("account.use", there)), refused("signed_out"));
    await enter(guestOf(second));
    const more = await refreshSession(company.visitor(), second.session.refreshToken);
    await endOfSession(there, new Date(stage.system.clock().getTime()));
    await gone({ ...second, session: more });

    const ways: [string, (sessionId: string) => Promise<unknown>][] = [
      ["signing out everywhere", (sessionId) => signOut(eve.as("account.sessions", sessionId), true)],
      [
        "a new password",
        async () => {
          await unit(operator.job(), (ctx) => mailLink(ctx, "reset", eve.id, eve.address));
          await choosePassword(
            operator.visitor(),
            await mailedToken(stage.system, eve.address, "reset"),
            PASSWORD.replace("42", "43"),
          );
        },
      ],
      [
        "a suspension that is lifted",
        async () => {
          const boss = (await startedFor(olu)).sessionId;
          await suspendMember(olu.as("member.suspend", boss), eve.id);
          await reinstateMember(olu.as("member.reinstate", boss), eve.id);
        },
      ],
    ];
    for (const [what, way] of ways) {
      const from = (await startedFor(eve)).sessionId;
      const entry = await enterBy(from);
      await enter(guestOf(entry));
      await way(from);
      await gone(entry).catch((error) => assert.fail(`${what}: ${error}`));
    }
    stage.pass(-minutes(31));
    await end(id);
  });

  await t.test("come again as the same guest, another person as another", async () => {
    const { id } = await grant();
    const dana = await operator.hire("Dana", "admin");
    const [first, second, third] = [await come(id), await come(id), await come(id, dana)];
    assert.equal(first.session.memberId, second.session.memberId);
    assert.notEqual(first.session.memberId, third.session.memberId);
    assert.equal((await listGrants(admin.as("support.see")))[0]?.uses, 3);
    // A guest of one grant is not one of the next.
    await end(id);
    const next = await grant();
    assert.notEqual((await come(next.id)).session.memberId, first.session.memberId);
    await end(next.id);
  });

  await t.test("stay eight hours at most, and never longer than the grant", async () => {
    const endOf = async (entry: Entry) =>
      (
        await readOne(
          company.job(),
          db.selectFrom("session").select("expires_at").where("session_id", "=", entry.session.sessionId),
        )
      )?.expires_at.getTime() ?? 0;
    const now = stage.system.clock().getTime();
    const long = await come((await grant(72)).id);
    assert.ok(Math.abs((await endOf(long)) - now - 8 * HOUR) < minutes(1));
    const short = await grant(1);
    const entry = await come(short.id);
    assert.equal(new Date(await endOf(entry)).toISOString(), short.until);
    // Refreshed on the way, so that it does not end by itself; the last second belongs to the grant.
    stage.pass(minutes(25));
    const again = await refreshSession(company.visitor(), entry.session.refreshToken);
    stage.pass(minutes(4));
    await touch(again.sessionId);
    stage.pass(minutes(29));
    await touch(again.sessionId);
    await enter(guestOf(entry));
    stage.pass(minutes(2) + 5000);
    await assert.rejects(enter(guestOf(entry)), refused("signed_out"));
    await assert.rejects(refreshSession(company.visitor(), again.refreshToken), refused("signed_out"));
    assert.ok(!(await listOpenGrants(await anew(olu))).some((g) => g.id === short.id));
  });
});
