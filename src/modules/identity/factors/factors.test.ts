import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import {
  asSuperuser,
  type Company,
  eventsOf,
  meetingAt,
  openStage,
  PASSWORD,
  type Person,
} from "../../../../test/support/stage.ts";
import { minutes, seconds } from "../../../kernel/clock.ts";
import { type Ctx, standingOf } from "../../../kernel/context.ts";
import { enter, unit } from "../../../kernel/database/unit.ts";
import { openAuthenticator } from "../../trust/stage/authenticator.ts";
import { endSessions } from "../sessions/service.ts";
import { beginPasskeySignIn, signInWithPasskey } from "../sign-in/passkey.ts";
import { finishWithCode } from "../sign-in/second-step.ts";
import { signIn } from "../sign-in/service.ts";
import { addPasskey, beginPasskey, removePasskey } from "./passkeys.ts";
import { factorsOf } from "./policy.ts";
import { renewRecoveryCodes } from "./recovery-codes.ts";
import { relyingParty } from "./relying-party.ts";
import type { AssertionBody, RegistrationBody } from "./shapes.ts";
import { beginStepUp, stepUpWithPassword, stepUpWithTotp } from "./step-up.ts";
import { issueTicket, spendTicket } from "./tickets.ts";
import { beginTotp, confirmTotp, removeTotp } from "./totp.ts";
import { codeAt } from "./totp-code.ts";

test("second factors", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");

  const own = (person: Person, sessionId?: string): Ctx =>
    person.as("account.factors", sessionId, { beforeFactor: true });
  const code = (secret: string, steps = 0) =>
    codeAt(secret, new Date(stage.system.clock().getTime() + steps * 30_000));
  const setUp = async (person: Person) => {
    const { secret } = await beginTotp(own(person));
    const { recoveryCodes } = await confirmTotp(own(person), code(secret, -1));
    return { secret, codes: recoveryCodes ?? [] };
  };
  const ticketOf = async (person: Person) => {
    const step = await signIn(company.visitor(), person.address, PASSWORD);
    assert.equal(step.state, "second-factor");
    return step.state === "second-factor" ? step.ticket : "";
  };

  await t.test("an authenticator app counts only once it was confirmed, and is sealed", async () => {
    const person = await company.hire("Ada", "viewer", { withoutFactor: true });
    const { secret } = await beginTotp(own(person));
    assert.equal((await signIn(company.visitor(), person.address, PASSWORD)).state, "open");
    await assert.rejects(confirmTotp(own(person), "000000"), refused("factor_failed"));
    const { recoveryCodes } = await confirmTotp(own(person), code(secret));
    assert.equal(recoveryCodes?.length, 10);
    for (const one of recoveryCodes ?? []) assert.match(one, /^[a-km-np-z2-9]{4}(-[a-km-np-z2-9]{4}){2}$/);
    await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select secret, pending from totp where member_id = $1", [
        person.id,
      ]);
      assert.equal(rows[0].pending, null);
      assert.ok(!rows[0].secret.includes(secret));
    });
    await assert.rejects(confirmTotp(own(person), code(secret, 1)), refused("wrong_state"));
  });

  await t.test("the session that set it up has proved it; the others of the same member end", async () => {
    const person = await company.hire("Ben", "owner", { withoutFactor: true });
    const other = await signIn(company.visitor(), person.address, PASSWORD);
    assert.ok(other.state === "open");
    await assert.rejects(enter(person.as("member.read")), refused("factor_required"));
    await setUp(person);
    await enter(person.as("member.read"));
    const elsewhere = person.as("member.read", other.session.sessionId);
    await assert.rejects(enter(elsewhere), refused("signed_out"));
  });

  await t.test("the first factor asks for the password once the sign-in is five minutes old", async () => {
    const person = await company.hire("Jan", "manager", { withoutFactor: true });
    const party = relyingParty(own(person), undefined);
    const begun = await beginTotp(own(person));
    const asked = await beginPasskey(own(person), party);
    const made = openAuthenticator().create(
      asked.options as unknown as Record<string, unknown>,
      party.origin,
    ) as RegistrationBody;
    const addAsked = () => addPasskey(own(person), party, asked.ticket, "Key", made);
    stage.pass(minutes(5) - seconds(10));
    const late = await beginPasskey(own(person), party);
    stage.pass(seconds(10));
    const tooLate = refused("step_up_required");
    await assert.rejects(beginTotp(own(person)), tooLate);
    await assert.rejects(confirmTotp(own(person), code(begun.secret)), tooLate);
    await assert.rejects(beginPasskey(own(person), party), tooLate);
    await assert.rejects(addAsked(), tooLate);
    assert.deepEqual((await beginStepUp(own(person), party)).methods, ["password"]);
    await assert.rejects(stepUpWithPassword(own(person), "Wrong-harbour-42"), refused("sign_in_failed"));
    await assert.rejects(beginTotp(own(person)), tooLate);
    await stepUpWithPassword(own(person), PASSWORD);
    // It is no second factor: what asks for one still does.
    await assert.rejects(enter(person.as("key.create", undefined, { fresh: true })), tooLate);
    // What was asked before goes on: the refusal has not spent it.
    const answer = openAuthenticator().create(
      late.options as unknown as Record<string, unknown>,
      party.origin,
    ) as RegistrationBody;
    await addPasskey(own(person), party, late.ticket, "Key", answer);
    assert.deepEqual((await beginStepUp(own(person), party)).methods, ["passkey"]);
    await assert.rejects(stepUpWithPassword(own(person), PASSWORD), refused("wrong_state"));
    stage.pass(minutes(5));
    await assert.rejects(beginTotp(own(person)), tooLate);
  });

  await t.test(
    "the password opens the way for five minutes, in this session only, and is not guessed",
    async () => {
      const person = await company.hire("Kai", "manager", { withoutFactor: true });
      const other = await signIn(company.visitor(), person.address, PASSWORD);
      assert.ok(other.state === "open");
      stage.pass(minutes(5));
      await stepUpWithPassword(own(person), PASSWORD);
      const tooLate = refused("step_up_required");
      await assert.rejects(beginTotp(own(person, other.session.sessionId)), tooLate);
      stage.pass(minutes(5) - seconds(5));
      await beginTotp(own(person));
      stage.pass(seconds(5));
      await assert.rejects(beginTotp(own(person)), tooLate);
      for (let n = 0; n < 5; n++)
        await assert.rejects(stepUpWithPassword(own(person), "Wrong-harbour-42"), refused("sign_in_failed"));
      await assert.rejects(stepUpWithPassword(own(person), PASSWORD), refused("locked"));
    },
  );

  await t.test("of two sign-ins with one code at the same moment one opens", async () => {
    const person = await company.hire("Cy", "viewer", { withoutFactor: true });
    const { secret, codes } = await setUp(person);
    for (const [method, given] of [
      ["totp", code(secret)],
      ["recovery-code", codes[0]?.replaceAll("-", "") ?? ""],
    ] as const) {
      const tickets = [await ticketOf(person), await ticketOf(person)];
      const row =
        method === "totp"
          ? `select 1 from totp where member_id = '${person.id}' for update`
          : `select 1 from recovery_code where member_id = '${person.id}' for update`;
      // The second waits for the first one's guess to be counted, the first for the row.
      const both = await meetingAt(
        stage,
        row,
        tickets.map((ticket) => () => finishWithCode(company.visitor(), ticket, method, given)),
      );
      assert.deepEqual(both.map((b) => b.status).sort(), ["fulfilled", "rejected"], method);
    }
  });

  await t.test("five wrong codes pause the account, whatever the password does between them", async () => {
    const person = await company.hire("Di", "viewer", { withoutFactor: true });
    const { secret } = await setUp(person);
    for (let n = 0; n < 5; n++) {
      const ticket = await ticketOf(person);
      const wrong = finishWithCode(company.visitor(), ticket, "totp", "999999");
      await assert.rejects(wrong, refused("factor_failed"));
    }
    const ticket = await ticketOf(person);
    const right = finishWithCode(company.visitor(), ticket, "totp", code(secret));
    await assert.rejects(right, refused("locked"));
    await assert.rejects(stepUpWithTotp(own(person), code(secret)), refused("locked"));
    stage.pass(minutes(16));
    const later = await ticketOf(person);
    await finishWithCode(company.visitor(), later, "totp", code(secret));
    const events = await eventsOf(stage, company.id);
    assert.equal(events.filter((e) => e === "session.second-factor-refused").length >= 6, true);
  });

  await t.test(
    "a ticket is good for five minutes, once, for its purpose, and until all sessions are ended",
    async () => {
      const person = await company.hire("Eli", "viewer", { withoutFactor: true });
      const { codes } = await setUp(person);
      const use = (ticket: string, n: number) =>
        finishWithCode(company.visitor(), ticket, "recovery-code", codes[n]?.replaceAll("-", "") ?? "");
      const once = await ticketOf(person);
      await use(once, 0);
      await assert.rejects(use(once, 1), refused("link_invalid"));
      const late = await ticketOf(person);
      stage.pass(minutes(5));
      await assert.rejects(use(late, 1), refused("link_invalid"));
      const voided = await ticketOf(person);
      await unit(company.job(), (inner) => endSessions(inner, { memberId: person.id }, "password changed"));
      await assert.rejects(use(voided, 1), refused("link_invalid"));
      const { ticket } = await unit(company.visitor(), (inner) => issueTicket(inner, "passkey", null));
      await assert.rejects(
        unit(company.visitor(), (inner) => spendTicket(inner, "second-factor", ticket)),
        refused("link_invalid"),
      );
    },
  );

  await t.test("a password that was changed while it was looked at opens nothing", async () => {
    const person = await company.hire("Ivo", "viewer", { withoutFactor: true });
    const { id } = person;
    const changing = `update member set password = null where member_id = '${id}'`;
    const [one] = await meetingAt(stage, changing, [
      () => signIn(company.visitor(), person.address, PASSWORD),
    ]);
    assert.equal(one?.status, "rejected");
    assert.ok(one?.status === "rejected" && refused("sign_in_failed")(one.reason));
  });

  await t.test("the last factor stays where it is required, also when two are removed at once", async () => {
    const person = await company.hire("Flo", "admin", { withoutFactor: true });
    await setUp(person);
    const passkey = openAuthenticator();
    const party = relyingParty(own(person), undefined);
    const { ticket, options } = await beginPasskey(own(person), party);
    const answer = passkey.create(options as unknown as Record<string, unknown>, party.origin);
    const { id } = await addPasskey(own(person), party, ticket, "Key", answer as RegistrationBody);
    const both = await meetingAt(stage, `select 1 from member where member_id = '${person.id}' for update`, [
      () => removeTotp(own(person)),
      () => removePasskey(own(person), id),
    ]);
    assert.deepEqual(both.map((b) => b.status).sort(), ["fulfilled", "rejected"]);
    const left = await unit(own(person), (inner) => factorsOf(inner, person.id));
    assert.equal(left.passkeys + Number(left.totp), 1);
  });

  await t.test("new recovery codes replace the old ones, also when asked for twice at once", async () => {
    const person = await company.hire("Gil", "viewer", { withoutFactor: true });
    await setUp(person);
    await meetingAt(stage, `select 1 from member where member_id = '${person.id}' for update`, [
      () => renewRecoveryCodes(own(person)),
      () => renewRecoveryCodes(own(person)),
    ]);
    const { recoveryCodes } = await unit(own(person), (inner) => factorsOf(inner, person.id));
    assert.equal(recoveryCodes, 10);
  });

  await t.test(
    "a passkey signs in alone; its challenge is over after five minutes and in another workspace",
    async () => {
      const person = await company.hire("Hal", "viewer", { withoutFactor: true });
      const party = relyingParty(own(person), undefined);
      const passkey = openAuthenticator({ counts: false });
      const begun = await beginPasskey(own(person), party);
      const made = passkey.create(begun.options as unknown as Record<string, unknown>, party.origin);
      await addPasskey(own(person), party, begun.ticket, "Key", made as RegistrationBody);
      const sign = async (where: Company, wait = 0) => {
        const { ticket, options } = await beginPasskeySignIn(where.visitor(), party, where.slug);
        const answer = passkey.get(
          options as unknown as Record<string, unknown>,
          party.origin,
        ) as AssertionBody;
        stage.pass(wait);
        return signInWithPasskey(where.visitor(), party, ticket, answer, where.slug);
      };
      const session = await sign(company);
      assert.equal(session.memberId, person.id);
      const ctx = person.as("account.use", session.sessionId);
      await enter(ctx);
      assert.ok(standingOf(ctx).factorAt, "it counts as a second factor");
      await assert.rejects(sign(company, minutes(5)), refused("sign_in_failed"));
      await assert.rejects(sign(await stage.company("bexley")), refused("sign_in_failed"));
      await sign(company, minutes(5) - seconds(1));
    },
  );
});
