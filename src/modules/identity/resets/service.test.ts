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
import { enter, unit } from "../../../kernel/database/unit.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { reinstateMember, removeMember, suspendMember } from "../../tenancy/members/service.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { changePassword } from "../accounts/service.ts";
import { addressHash } from "../addresses.ts";
import { issueTicket, readTicket } from "../factors/tickets.ts";
import { createKey } from "../keys/service.ts";
import { mailLink } from "../links/service.ts";
import { newToken } from "../links/tokens.ts";
import { countAttempt, factorGuard, lock } from "../sign-in/lockout.ts";
import { signIn } from "../sign-in/service.ts";
import { MOST_AN_HOUR } from "./guard.ts";
import { askForReset, choosePassword, mailResetLink } from "./service.ts";

const NEXT = "Other-harbour-43-lanterns";

test("a forgotten password", async (t) => {
  const stage = await openStage(t, { jobs: [mailResetLink] });
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const owner = await company.hire("Owner", "owner");
  const invalid = refused("link_invalid");
  const visitor = () => company.visitor();
  const keys = await stage.system.keyring.tenant(company.id);
  const jobs = () =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select data from pgboss.job where name = $1 order by created_on", [
        mailResetLink.name,
      ]);
      return rows.map((r) => r.data.id as string);
    });
  const work = async (address: string) =>
    mailResetLink.run(company.job(), addressHash(keys, address).toString("hex"), false);
  const linkFor = async (person: Person) => {
    await unit(company.job(), (ctx) => mailLink(ctx, "reset", person.id, person.address));
    return mailedToken(stage.system, person.address, "reset");
  };
  const mailsTo = async (address: string) =>
    (await readOutbox(stage.system, 200)).filter((mail) => mail.to === address);
  const opens = async (person: Person, password: string, ctx: Ctx = visitor()) =>
    signIn(ctx, person.address, password).then(
      () => true,
      () => false,
    );

  await t.test("asking does the same for every address, and names nobody in the queue", async () => {
    const known = await company.hire("Known", "viewer");
    const suspended = await company.hire("Suspended", "viewer");
    const removed = await company.hire("Removed", "viewer");
    const unverified = await company.hire("Unverified", "viewer", { unverified: true });
    await suspendMember(owner.as("member.suspend"), suspended.id);
    await removeMember(owner.as("member.remove"), removed.id);
    const asked = [known, suspended, removed, unverified]
      .map((p) => p.address)
      .concat("nobody@harrow.example");
    for (const address of asked) {
      const before = await jobs();
      assert.equal(await askForReset(visitor(), address), undefined);
      assert.equal(await askForReset(visitor(), ` ${address.toUpperCase()}`), undefined);
      const id = addressHash(keys, address).toString("hex");
      assert.deepEqual((await jobs()).slice(before.length), [id, id]);
      await work(address);
    }
    const subjects = await Promise.all(asked.map(async (a) => (await mailsTo(a)).map((m) => m.subject)));
    assert.deepEqual(subjects, [["Choose a new password"], [], [], ["Confirm your address"], []]);
    assert.equal(await askForReset({ ...visitor(), tenant: null }, known.address), undefined);
  });

  await t.test("and takes alike long, also where there is no such workspace", async () => {
    const took = async (ctx: Ctx, address: string) => {
      const began = performance.now();
      await askForReset(ctx, address);
      return performance.now() - began;
    };
    for (const [ctx, address] of [
      [visitor(), owner.address],
      [visitor(), "nobody.timed@harrow.example"],
      [{ ...visitor(), tenant: null }, owner.address],
    ] as const) {
      const ms = await took(ctx, address);
      assert.ok(ms >= 495, `${ms.toFixed(1)} ms is less than a step`);
    }
  });

  await t.test("a link works once and signs nobody in; of two at once one wins", async () => {
    const person = await company.hire("Once", "viewer");
    const token = await linkFor(person);
    const race = await meetingAt(stage, `select 1 from member where member_id = '${person.id}' for update`, [
      () => choosePassword(visitor(), token, NEXT),
      () => choosePassword(visitor(), token, "Third-harbour-44-lanterns"),
    ]);
    assert.equal(race.filter((r) => r.status === "fulfilled").length, 1);
    for (const r of race) if (r.status === "rejected") invalid(r.reason);
    await assert.rejects(choosePassword(visitor(), token, PASSWORD), invalid);
    assert.equal(await opens(person, PASSWORD), false);
    const chosen = race[0]?.status === "fulfilled" ? NEXT : "Third-harbour-44-lanterns";
    assert.equal(await opens(person, chosen), true);
    assert.equal((await eventsOf(stage, company.id)).filter((e) => e === "account.password-reset").length, 1);
  });

  await t.test("it ends every session and begun sign-in, and tells that it happened", async () => {
    const person = await company.hire("Ended", "viewer");
    const { ticket } = await unit(visitor(), (ctx) => issueTicket(ctx, "second-factor", person.id));
    await choosePassword(visitor(), await linkFor(person), NEXT);
    await assert.rejects(enter(person.as()), refused("signed_out"));
    await assert.rejects(
      unit(visitor(), (ctx) => readTicket(ctx, "second-factor", ticket)),
      invalid,
    );
    assert.ok((await mailsTo(person.address)).some((m) => m.subject === "Your password was changed"));
  });

  await t.test("it ends the pause after wrong passwords, and not the one after wrong codes", async () => {
    const person = await company.hire("Paused", "viewer");
    const pause = (hash: Buffer) =>
      unit(visitor(), async (ctx) => {
        await countAttempt(ctx, hash);
        await lock(ctx, hash);
      });
    const guard = await unit(visitor(), (ctx) => factorGuard(ctx, person.id));
    await pause(addressHash(keys, person.address));
    await pause(guard);
    assert.equal(await opens(person, PASSWORD), false);
    await choosePassword(visitor(), await linkFor(person), NEXT);
    assert.equal(await opens(person, NEXT), true);
    const { lockedUntil } = await unit(visitor(), (ctx) => countAttempt(ctx, guard));
    assert.ok(lockedUntil, "guesses of codes begin anew");
  });

  await t.test("a weak password is refused, and leaves the link good", async () => {
    const person = await company.hire("Weak", "viewer");
    const token = await linkFor(person);
    for (const weak of ["short", "Password-1234", `Xx1-${person.address}`, "Company harrow-1X"])
      await assert.rejects(choosePassword(visitor(), token, weak), refused("password_policy"));
    await choosePassword(visitor(), token, NEXT);
  });

  await t.test("only the newest works, also when two jobs run at once", async () => {
    const person = await company.hire("Newest", "viewer");
    const newest = () => mailedToken(stage.system, person.address, "reset");
    await work(person.address);
    const first = await newest();
    await work(person.address);
    await assert.rejects(choosePassword(visitor(), first, NEXT), invalid);
    await meetingAt(stage, `select 1 from member where member_id = '${person.id}' for update`, [
      () => work(person.address),
      () => work(person.address),
    ]);
    const unused = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select count(*)::int as n from mailed_link where member_id = $1 and purpose = 'reset' and used_at is null",
        [person.id],
      );
      return rows[0].n as number;
    });
    assert.equal(unused, 1);
    const tokens = (await mailsTo(person.address)).map((m) => /#(\S+)/.exec(m.text)?.[1] ?? "");
    assert.equal(tokens.length, 4);
    const good = [];
    for (const token of tokens)
      if (
        await choosePassword(visitor(), token, NEXT).then(
          () => true,
          () => false,
        )
      )
        good.push(token);
    assert.equal(good.length, 1);
  });

  await t.test("it works for an hour, to the millisecond", async () => {
    const person = await company.hire("Hour", "viewer");
    const at = stage.system.clock();
    const still = (ctx: Ctx, now: Date): Ctx => ({ ...ctx, clock: () => now });
    await unit(still(company.job(), at), (ctx) => mailLink(ctx, "reset", person.id, person.address));
    const token = await mailedToken(stage.system, person.address, "reset");
    const end = new Date(at.getTime() + minutes(60));
    await assert.rejects(choosePassword(still(visitor(), end), token, NEXT), invalid);
    await choosePassword(still(visitor(), new Date(end.getTime() - 1)), token, NEXT);
  });

  await t.test("one for another purpose, workspace, or of nobody opens nothing", async () => {
    const person = await company.hire("Elsewhere", "viewer");
    const token = await linkFor(person);
    await unit(company.job(), (ctx) => mailLink(ctx, "verify", person.id, person.address));
    const verify = await mailedToken(stage.system, person.address, "verify");
    for (const [ctx, wrong] of [
      [visitor(), verify],
      [other.visitor(), token],
      [{ ...visitor(), tenant: null }, token],
      [visitor(), newToken().token],
    ] as const)
      await assert.rejects(choosePassword(ctx, wrong, NEXT), invalid);
    assert.equal(await opens(person, PASSWORD), true);
    await choosePassword(visitor(), token, NEXT);
  });

  await t.test(
    "of a suspended member it is worth nothing until they are back; of a removed one, nothing",
    async () => {
      const person = await company.hire("Away", "viewer");
      const token = await linkFor(person);
      await suspendMember(owner.as("member.suspend"), person.id);
      await assert.rejects(choosePassword(visitor(), token, NEXT), invalid);
      await reinstateMember(owner.as("member.suspend"), person.id);
      await choosePassword(visitor(), token, NEXT);
      const gone = await linkFor(person);
      await removeMember(owner.as("member.remove"), person.id);
      await assert.rejects(choosePassword(visitor(), gone, NEXT), invalid);
    },
  );

  await t.test("one that lies in a mailbox does not outlive a change of password", async () => {
    const person = await company.hire("Changed", "viewer");
    const token = await linkFor(person);
    await changePassword(person.as("account.password"), PASSWORD, NEXT);
    await assert.rejects(choosePassword(visitor(), token, "Third-harbour-44-lanterns"), invalid);
  });

  await t.test("no address is mailed more than a few an hour, and nobody is told so", async () => {
    for (const address of [owner.address, "nobody.often@harrow.example"]) {
      stage.pass(minutes(61));
      const before = (await jobs()).length;
      for (let i = 0; i < MOST_AN_HOUR + 3; i++)
        assert.equal(await askForReset(visitor(), address), undefined);
      await Promise.all([1, 2, 3].map(() => askForReset(visitor(), address)));
      assert.equal((await jobs()).length, before + MOST_AN_HOUR);
      stage.pass(minutes(61));
      await askForReset(visitor(), address);
      assert.equal((await jobs()).length, before + MOST_AN_HOUR + 1);
    }
  });

  await t.test("a new password ends the member's API keys, and nobody else's", async () => {
    const [ben, ada] = [await company.hire("Keyed", "manager"), await company.hire("Other", "manager")];
    for (const person of [ben, ada])
      await createKey(person.as("key.create"), async () => new Map(), {
        name: "Nightly",
        permissions: ["member.read"],
        folder: null,
        networks: [],
        days: 90,
      });
    await choosePassword(visitor(), await linkFor(ben), NEXT);
    const left = await asSuperuser(stage.database, (client) =>
      client.query("select member_id from api_key where revoked_at is null"),
    );
    assert.deepEqual(left.rows, [{ member_id: ada.id }]);
  });
});
