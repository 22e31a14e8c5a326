import assert from "node:assert/strict";
import { test } from "node:test";
import { solution } from "../../../../test/support/challenge.ts";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, openStage, PASSWORD, type Person, signedIn } from "../../../../test/support/stage.ts";
import { minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { enter } from "../../../kernel/database/unit.ts";
import type { AppError } from "../../../kernel/errors.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { suspendMember, unlockMember } from "../../tenancy/members/service.ts";
import { changeAccount, changePassword, whoAmI } from "../accounts/service.ts";
import { addressHash } from "../addresses.ts";
import { MOST_FAILURES } from "./lockout.ts";
import { mailUnlockLink, signIn } from "./service.ts";

const WRONG = "Wrong-harbour-42-lanterns";

test("signing in", async (t) => {
  const stage = await openStage(t, { jobs: [mailUnlockLink] });
  const company = await stage.company("harrow");
  const admin = await company.hire("Admin", "admin");
  const attempt = async (address: string, password = WRONG, ctx: Ctx = company.visitor()) =>
    signIn(ctx, address, password, "harrow", await solution(ctx, "harrow")).then(
      () => "open",
      (error: AppError) => error.code,
    );
  const times = async (count: number, address: string) => {
    const codes = [];
    for (let i = 0; i < count; i++) codes.push(await attempt(address));
    return codes;
  };
  const failed = (count: number) => Array(count).fill("sign_in_failed");
  const guard = async (address: string) => {
    const keys = await stage.system.keyring.tenant(company.id);
    return asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select failures, locked_until, locks from sign_in_guard where address_hash = $1",
        [addressHash(keys, address)],
      );
      return rows[0] as { failures: number; locked_until: Date | null; locks: number } | undefined;
    });
  };
  const lockedFor = async (address: string) =>
    Math.round(
      (((await guard(address))?.locked_until?.getTime() ?? 0) - stage.system.clock().getTime()) / 60_000,
    );
  const jobs = () =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select data from pgboss.job where name = $1", [
        mailUnlockLink.name,
      ]);
      return rows.map((r) => r.data.id as string);
    });
  const refusals = () =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select resource_id from audit.entry where event = 'session.refused'",
      );
      return rows.map((r) => r.resource_id as string | null);
    });

  await t.test("with the address in any spelling and the right password", async () => {
    const ctx = company.visitor();
    const session = await signedIn(ctx, ` ${admin.address.toUpperCase()} `, PASSWORD);
    assert.equal(session.memberId, admin.id);
    await enter(admin.as("account.use", session.sessionId));
    assert.equal(await guard(admin.address), undefined);
  });

  await t.test("a wrong workspace, address and password answer alike", async () => {
    const errors = [];
    for (const [ctx, address] of [
      [company.visitor(), admin.address],
      [company.visitor(), "nobody@harrow.example"],
      [{ ...company.visitor(), tenant: null }, admin.address],
    ] as const)
      errors.push(
        await signIn(ctx, address, WRONG).catch(({ code, status, message, retryAfter }: AppError) => ({
          code,
          status,
          message,
          retryAfter,
        })),
      );
    assert.deepEqual(errors[0], { ...errors[0], code: "sign_in_failed" });
    assert.deepEqual(errors[1], errors[0]);
    assert.deepEqual(errors[2], errors[0]);
    // Recorded for the member whom it concerns, and for nobody when there is none.
    assert.deepEqual(await refusals(), [admin.id, null]);
  });

  await t.test("five wrong ones lock the address, known or not", async () => {
    const person = await company.hire("Locked", "viewer");
    for (const address of [person.address, "nobody.here@harrow.example"]) {
      const before = (await jobs()).length;
      assert.deepEqual(await times(MOST_FAILURES, address), failed(5));
      assert.equal((await jobs()).length, before + 1);
      assert.equal(await lockedFor(address), 15);
      assert.equal(await attempt(address), "locked");
      assert.equal(await attempt(address, PASSWORD), "locked", "the right one opens a locked address");
    }
    stage.pass(minutes(15.1));
    assert.equal(await attempt(person.address, PASSWORD), "open");
    assert.equal(await guard(person.address), undefined, "a success forgets");
  });

  await t.test("many at once get no more guesses than one after the other", async () => {
    const person = await company.hire("Burst", "viewer");
    const codes = await Promise.all(Array.from({ length: 20 }, () => attempt(person.address)));
    assert.equal(codes.filter((c) => c === "sign_in_failed").length, MOST_FAILURES);
    assert.equal(codes.filter((c) => c === "locked").length, 20 - MOST_FAILURES);
    assert.equal(await attempt(person.address, PASSWORD), "locked");
    assert.equal(await lockedFor(person.address), 15);
  });

  await t.test(
    "the link that ends a pause is mailed to members only, and names nobody in the queue",
    async () => {
      const person = await company.hire("Mailed", "viewer");
      const sent = async () => (await readOutbox(stage.system)).filter((m) => m.text.includes("/unlock#"));
      await times(MOST_FAILURES, person.address);
      const keys = await stage.system.keyring.tenant(company.id);
      const id = addressHash(keys, person.address).toString("hex");
      assert.equal((await jobs()).filter((job) => job === id).length, 1);
      await mailUnlockLink.run(company.job(), id, false);
      assert.deepEqual(
        (await sent()).map((m) => m.to),
        [person.address],
      );
      const nobody = addressHash(keys, "nobody.here@harrow.example").toString("hex");
      await mailUnlockLink.run(company.job(), nobody, false);
      assert.equal((await sent()).length, 1);
      // An admin ends it as well.
      assert.equal(await attempt(person.address, PASSWORD), "locked");
      const { sessionId } = await signedIn(company.visitor(), admin.address, PASSWORD);
      await unlockMember(admin.as("member.unlock", sessionId), person.id);
      assert.equal(await attempt(person.address, PASSWORD), "open");
      // Not their own: a cookie alone could then guess codes for ever.
      await assert.rejects(
        unlockMember(admin.as("member.unlock", sessionId), admin.id),
        refused("wrong_state"),
      );
    },
  );

  await t.test(
    "an unconfirmed address is told so after the right password only, and gets its link",
    async () => {
      const person = await company.hire("Unconfirmed", "viewer", { unverified: true });
      assert.equal(await attempt(person.address), "sign_in_failed");
      const mails = async () => (await readOutbox(stage.system)).filter((m) => m.to === person.address);
      assert.deepEqual(await mails(), []);
      assert.equal(await attempt(person.address, PASSWORD), "email_unverified");
      assert.equal((await mails()).length, 1);
      assert.match((await mails())[0]?.text ?? "", /\/t\/harrow\/verify#[\w-]{43}\n/);
    },
  );

  await t.test("a suspended member is not told apart from a wrong password", async () => {
    const person = await company.hire("Suspended", "viewer");
    const { sessionId } = await signedIn(company.visitor(), admin.address, PASSWORD);
    await suspendMember(admin.as("member.suspend", sessionId), person.id);
    assert.equal(await attempt(person.address, PASSWORD), "sign_in_failed");
  });

  await t.test("one's own account", async (t) => {
    const person: Person = await company.hire("Account", "manager");
    const me = person.as("account.use");

    await t.test("who one is, and what one may do", async () => {
      const { me: self, tenant } = await whoAmI(person.as());
      assert.deepEqual(
        [self.id, self.name, self.address, self.role],
        [person.id, "Account", person.address, "manager"],
      );
      assert.ok(self.permissions.includes("account.use") && !self.permissions.includes("member.invite"));
      assert.deepEqual(tenant, { slug: "harrow", name: "Company harrow", kind: "customer" });
      await assert.rejects(whoAmI(company.visitor()), refused("not_signed_in"));
    });

    await t.test("renaming touches nobody else", async () => {
      assert.equal((await changeAccount(person.as(), { name: "Ümit" })).name, "Ümit");
      assert.equal((await whoAmI(person.as())).me.name, "Ümit");
      assert.equal(
        (
          await whoAmI(
            admin.as("account.use", (await signedIn(company.visitor(), admin.address, PASSWORD)).sessionId),
          )
        ).me.name,
        "Admin",
      );
    });

    await t.test("a new password needs the old one, with the same cap on guesses", async () => {
      const other = await signedIn(company.visitor(), person.address, PASSWORD);
      const next = "Other-harbour-43-lanterns";
      await assert.rejects(changePassword(person.as(), PASSWORD, "short"), refused("password_policy"));
      await assert.rejects(
        changePassword(person.as(), PASSWORD, `Account-${next}`),
        refused("password_policy"),
      );
      await assert.rejects(changePassword(person.as(), WRONG, next), refused("sign_in_failed"));
      const { sessionId } = await changePassword(me, PASSWORD, next);
      // Every session ends, this one too: a new one takes its place.
      const now = () => person.as("account.use", sessionId);
      await enter(now());
      for (const old of [person.sessionId, other.sessionId])
        await assert.rejects(enter(person.as("account.use", old)), refused("signed_out"));
      assert.equal(await attempt(person.address, PASSWORD), "sign_in_failed");
      assert.equal(await attempt(person.address, next), "open");
      for (let i = 0; i < MOST_FAILURES; i++)
        await assert.rejects(changePassword(now(), WRONG, next), refused("sign_in_failed"));
      await assert.rejects(changePassword(now(), next, PASSWORD), refused("locked"));
      // Counted apart from sign-in, in both directions.
      assert.equal(await attempt(person.address, next), "open");
      stage.pass(minutes(15.1));
      await times(MOST_FAILURES, person.address);
      assert.equal(await attempt(person.address, next), "locked");
      await changePassword(now(), next, PASSWORD);
    });
  });
});
