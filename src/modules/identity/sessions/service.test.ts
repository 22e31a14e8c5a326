import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, eventsOf, openStage, PASSWORD, signedIn } from "../../../../test/support/stage.ts";
import { minutes, seconds } from "../../../kernel/clock.ts";
import { enter, unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { suspendMember } from "../../tenancy/members/service.ts";
import {
  endOwnSession,
  endSessions,
  IDLE,
  LONGEST,
  listSessions,
  refreshSession,
  signOut,
} from "./service.ts";
import { readRefreshToken, refreshToken } from "./tokens.ts";

test("sessions", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const [mara, piet] = [await company.hire("Mara", "owner"), await company.hire("Piet", "viewer")];
  const open = (person = mara) => signedIn(company.visitor(), person.address, PASSWORD);
  const refresh = (token: string | undefined, ctx = company.visitor()) => refreshSession(ctx, token);
  const isOpen = (sessionId: string, person = mara) =>
    enter(person.as("account.use", sessionId)).then(
      () => true,
      () => false,
    );
  const because = (sessionId: string) =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select ended_because from session where session_id = $1", [
        sessionId,
      ]);
      return rows[0]?.ended_because;
    });
  const last = async () => (await eventsOf(stage, company.id)).at(-1);

  await t.test("a refresh token is used up by its successor", async () => {
    const session = await open();
    let token = session.refreshToken;
    for (let generation = 1; generation <= 3; generation++) {
      const next = await refresh(token);
      assert.equal(next.sessionId, session.sessionId);
      assert.equal(next.memberId, mara.id);
      assert.notEqual(next.refreshToken, token);
      token = next.refreshToken;
      assert.equal(await last(), "session.refreshed");
    }
    assert.ok(await isOpen(session.sessionId));
    // Two generations back is a theft, however soon: the whole session ends, for the thief and for its owner.
    await assert.rejects(refresh(session.refreshToken), refused("signed_out"));
    assert.equal(await isOpen(session.sessionId), false);
    assert.equal(await because(session.sessionId), "refresh token reused");
    assert.equal(await last(), "session.refresh-reused");
    await assert.rejects(refresh(token), refused("signed_out"));
    assert.equal(await last(), "session.refresh-refused");
  });

  await t.test("two tabs at once get the same successor, for ten seconds", async () => {
    const session = await open();
    const both = await Promise.all([1, 2, 3].map(() => refresh(session.refreshToken)));
    assert.equal(new Set(both.map((s) => s.refreshToken)).size, 1);
    stage.pass(seconds(9));
    assert.equal((await refresh(session.refreshToken)).refreshToken, both[0]?.refreshToken);
    const next = await refresh(both[0]?.refreshToken);
    stage.pass(seconds(11));
    await assert.rejects(refresh(both[0]?.refreshToken), refused("signed_out"));
    assert.equal(await isOpen(session.sessionId), false);
    await assert.rejects(refresh(next.refreshToken), refused("signed_out"));
  });

  await t.test("only the tenant's own key makes a token", async () => {
    const session = await open();
    const keys = await stage.system.keyring.tenant(company.id);
    const foreign = await stage.system.keyring.tenant(other.id);
    const token = session.refreshToken;
    assert.deepEqual(readRefreshToken(keys, token), { sessionId: session.sessionId, generation: 0 });
    for (const forged of [
      undefined,
      "",
      "x",
      `${token} `,
      token.slice(0, -1),
      token.replace(".0.", ".1."),
      token.replace(session.sessionId, newId()),
      token.replace(session.sessionId, session.sessionId.toUpperCase()),
      refreshToken(foreign, session.sessionId, 0),
      refreshToken(keys, newId(), 0),
    ])
      await assert.rejects(refresh(forged), refused("signed_out"), String(forged));
    assert.ok(await isOpen(session.sessionId), "a guess ended the session");
    // In another workspace it is nothing, and without a workspace there is none.
    await assert.rejects(refresh(token, other.visitor()), refused("signed_out"));
    await assert.rejects(refresh(token, { ...company.visitor(), tenant: null }), refused("signed_out"));
    // A generation that our key signed and that was never given out: whoever has it has the key.
    await assert.rejects(refresh(refreshToken(keys, session.sessionId, 5)), refused("signed_out"));
    assert.equal(await isOpen(session.sessionId), false);
  });

  await t.test("idle and old sessions cannot be refreshed, and refreshing is no activity", async () => {
    const idle = await open();
    stage.pass(IDLE - minutes(1));
    const { refreshToken: token } = await refresh(idle.refreshToken);
    stage.pass(minutes(1));
    await assert.rejects(refresh(token), refused("signed_out"));
    assert.equal(await last(), "session.refresh-refused");
    const old = await open();
    await asSuperuser(stage.database, (client) =>
      client.query("update session set last_active_at = last_active_at + interval '9 days'"),
    );
    stage.pass(LONGEST - minutes(1));
    const renewed = await refresh(old.refreshToken);
    stage.pass(minutes(1));
    await assert.rejects(refresh(renewed.refreshToken), refused("signed_out"));
    stage.pass(-LONGEST - IDLE);
  });

  await t.test("a suspended member refreshes nothing", async () => {
    const gone = await company.hire("Gone", "viewer");
    const session = await open(gone);
    await asSuperuser(stage.database, (client) =>
      client.query("update member set status = 'suspended' where member_id = $1", [gone.id]),
    );
    await assert.rejects(refresh(session.refreshToken), refused("signed_out"));
    await asSuperuser(stage.database, (client) =>
      client.query("update member set status = 'active' where member_id = $1", [gone.id]),
    );
    // As the product does it, the sessions end for good: being let back in revives none.
    const owner = await open();
    await suspendMember(mara.as("member.suspend", owner.sessionId), gone.id);
    assert.equal(await because(session.sessionId), "member.suspended");
    await assert.rejects(refresh(session.refreshToken), refused("signed_out"));
  });

  await t.test("one's own list, newest first, and ending one of them", async () => {
    const person = await company.hire("Lister", "viewer");
    const sessions = [];
    for (const userAgent of ["one", "two", "three"]) {
      stage.pass(seconds(1));
      sessions.push(
        await signedIn(
          { ...company.visitor(), origin: { ip: "192.0.2.9", userAgent } },
          person.address,
          PASSWORD,
        ),
      );
    }
    const [one, two, three] = sessions.map((s) => s.sessionId);
    assert.ok(one && two && three);
    const listed = await listSessions(person.as("account.use", two));
    assert.deepEqual(
      listed.map((s) => [s.id, s.userAgent, s.current]),
      [
        [three, "three", false],
        [two, "two", true],
        [one, "one", false],
        [person.sessionId, "test", false],
      ],
    );
    assert.equal(listed[0]?.ip, "192.0.2.9");
    await endOwnSession(person.as("account.use", two), one);
    assert.equal(await isOpen(one, person), false);
    assert.equal((await listSessions(person.as("account.use", two))).length, 3);
    // What is ended, another's, or nowhere is not there.
    const theirs = await open(piet);
    for (const id of [one, theirs.sessionId, newId()])
      await assert.rejects(endOwnSession(person.as("account.use", two), id), refused("not_found"));
    assert.ok(await isOpen(theirs.sessionId, piet));

    await signOut(person.as("account.use", two), false);
    assert.equal(await last(), "session.ended");
    assert.deepEqual([await isOpen(two, person), await isOpen(three, person)], [false, true]);
    await signOut(person.as("account.use", three), true);
    assert.equal(await last(), "session.ended-everywhere");
    for (const id of [three, person.sessionId]) assert.equal(await isOpen(id, person), false);
    assert.ok(await isOpen(theirs.sessionId, piet));
  });

  await t.test("ending all counts what it ended", async () => {
    const person = await company.hire("Ender", "viewer");
    const second = await open(person);
    const end = () => unit(company.job(), (ctx) => endSessions(ctx, { memberId: person.id }, "test"));
    assert.equal(await end(), 2);
    assert.equal(await isOpen(second.sessionId, person), false);
    assert.equal(await isOpen(person.sessionId, person), false);
    assert.equal(await end(), 0);
  });
});
