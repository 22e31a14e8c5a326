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
import { enter } from "../../../kernel/database/unit.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { resetFactors } from "../../tenancy/members/factors.ts";
import { unlockMember } from "../../tenancy/members/service.ts";
import { openAuthenticator } from "../../trust/stage/authenticator.ts";
import { createKey, listKeys } from "../keys/service.ts";
import { beginPasskeySignIn, signInWithPasskey } from "../sign-in/passkey.ts";
import { finishWithCode } from "../sign-in/second-step.ts";
import { signIn } from "../sign-in/service.ts";
import { MOST_IN_ALL } from "./guesses.ts";
import { addPasskey, beginPasskey } from "./passkeys.ts";
import { relyingParty } from "./relying-party.ts";
import type { AssertionBody, RegistrationBody } from "./shapes.ts";
import { stepUpWithTotp } from "./step-up.ts";
import { beginTotp, confirmTotp, removeTotp } from "./totp.ts";
import { codeAt } from "./totp-code.ts";

const hours = (n: number) => minutes(60 * n);

test("guesses at second factors, and what the first and the last factor end", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const own = (person: Person) => person.as("account.factors", undefined, { beforeFactor: true });
  const code = (secret: string, steps = 0) =>
    codeAt(secret, new Date(stage.system.clock().getTime() + steps * 30_000));
  const setUp = async (person: Person) => {
    const { secret } = await beginTotp(own(person));
    const { recoveryCodes } = await confirmTotp(own(person), code(secret, -1));
    return { secret, codes: recoveryCodes ?? [] };
  };
  const ticketOf = async (person: Person) => {
    const step = await signIn(company.visitor(), person.address, PASSWORD);
    return step.state === "second-factor" ? step.ticket : assert.fail("no second step");
  };
  const guess = async (person: Person, given = "999999") =>
    finishWithCode(company.visitor(), await ticketOf(person), "totp", given);
  const wrong = (person: Person) => assert.rejects(guess(person), refused("factor_failed"));
  const told = (person: Person) =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select count(*)::int as n from notice where member_id = $1 and kind = 'password-known' and in_page and mailed",
        [person.id],
      );
      return rows[0].n as number;
    });
  const none = async () => new Map<string, string>();
  const makeKey = (person: Person) =>
    createKey(person.as("key.create", undefined, { fresh: true }), none, {
      name: "Nightly",
      permissions: ["tenant.read"],
      folder: null,
      networks: [],
      days: 30,
    });
  const states = async (person: Person, admin: Person) =>
    (await listKeys(admin.as("key.see-all"), none, "all"))
      .filter((key) => key.owner.id === person.id)
      .map((key) => key.state);
  const endings = async () => (await eventsOf(stage, company.id)).filter((e) => e === "key.ended").length;

  await t.test(
    "from the third wrong one on its owner is told that the password is known, once a day",
    async () => {
      const ada = await company.hire("Ada", "viewer", { withoutFactor: true });
      await setUp(ada);
      for (let n = 0; n < 2; n++) await wrong(ada);
      assert.equal(await told(ada), 0);
      // However slowly.
      stage.pass(hours(1));
      for (let n = 0; n < 3; n++) await wrong(ada);
      assert.equal(await told(ada), 1);
      const mails = (await readOutbox(stage.system, 200)).filter((mail) => mail.to === ada.address);
      assert.equal(mails.filter((mail) => /198\.51|203\.0|network address/.test(mail.text)).length, 1);
      stage.pass(hours(23));
      await wrong(ada);
      assert.equal(await told(ada), 1);
      stage.pass(hours(2));
      const tickets = [await ticketOf(ada), await ticketOf(ada)];
      await meetingAt(
        stage,
        `select 1 from member where member_id = '${ada.id}' for update`,
        tickets.map((ticket) => () => finishWithCode(company.visitor(), ticket, "totp", "999999")),
      );
      assert.equal(await told(ada), 2);
    },
  );

  await t.test("after a hundred, however slowly, only what cannot be guessed or an admin opens", async () => {
    const ben = await company.hire("Ben", "viewer", { withoutFactor: true });
    const { secret, codes } = await setUp(ben);
    const countTo = (n: number) =>
      asSuperuser(stage.database, (client) =>
        client.query("update sign_in_guard set in_all = $1 where in_all > 0", [n]),
      );
    await wrong(ben);
    stage.pass(minutes(16));
    await countTo(MOST_IN_ALL - 2);
    await wrong(ben);
    await guess(ben, code(secret));
    await wrong(ben);
    await countTo(MOST_IN_ALL - 1);
    await wrong(ben);
    await assert.rejects(stepUpWithTotp(own(ben), code(secret)), refused("locked"));
    for (const wait of [0, minutes(16), hours(30)]) {
      stage.pass(wait);
      await assert.rejects(guess(ben, code(secret)), (error: Error) => {
        assert.match(error.message, /recovery code.*admin/);
        return refused("locked")(error);
      });
    }
    const admin = await company.hire("Admin", "admin");
    await unlockMember(admin.as("member.unlock"), ben.id);
    await guess(ben, code(secret));
    await wrong(ben);
    await countTo(MOST_IN_ALL);
    stage.pass(minutes(16));
    await assert.rejects(guess(ben, code(secret)), refused("locked"));
    const spare = codes[0]?.replaceAll("-", "") ?? "";
    await finishWithCode(company.visitor(), await ticketOf(ben), "recovery-code", spare);
    await guess(ben, code(secret));
  });

  await t.test("the first factor ends the other sessions, which the password alone had opened", async () => {
    const cy = await company.hire("Cy", "viewer", { withoutFactor: true });
    const other = await signIn(company.visitor(), cy.address, PASSWORD);
    assert.ok(other.state === "open");
    await setUp(cy);
    await assert.rejects(enter(cy.as("notice.read", other.session.sessionId)), refused("signed_out"));
    const fay = await company.hire("Fay", "viewer", { withoutFactor: true });
    const theirs = await signIn(company.visitor(), fay.address, PASSWORD);
    assert.ok(theirs.state === "open");
    const party = relyingParty(own(fay), undefined);
    const { ticket, options } = await beginPasskey(own(fay), party);
    const made = openAuthenticator().create(options as unknown as Record<string, unknown>, party.origin);
    await addPasskey(own(fay), party, ticket, "Key", made as RegistrationBody);
    await assert.rejects(enter(fay.as("notice.read", theirs.session.sessionId)), refused("signed_out"));
    await enter(own(fay));
    const begun = await signIn(company.visitor(), cy.address, PASSWORD);
    assert.equal(begun.state, "second-factor");
    await enter(own(cy));
    // A second one ends none.
    stage.pass(minutes(1));
    await stepUpWithTotp(own(cy), code((await setUp(cy)).secret));
  });

  await t.test(
    "with the last factor its proofs and the keys made with it end, and none is made after",
    async () => {
      const di = await company.hire("Di", "manager", { withoutFactor: true });
      const admin = await company.hire("Dora", "admin");
      await setUp(di);
      await makeKey(di);
      const before = await endings();
      const removing = () => removeTotp(di.as("account.factors", undefined, { fresh: true }));
      await meetingAt(stage, `select 1 from member where member_id = '${di.id}' for update`, [
        removing,
        async () => void (await makeKey(di)),
      ]);
      assert.ok(
        (await states(di, admin)).every((state) => state === "revoked"),
        "a key outlives the last factor",
      );
      assert.equal((await endings()) - before, (await states(di, admin)).length);
      await assert.rejects(makeKey(di), refused("step_up_required"));
    },
  );

  await t.test("an admin who resets a member's factors ends their keys, which the log says", async () => {
    const eli = await company.hire("Eli", "manager", { withoutFactor: true });
    const admin = await company.hire("Edna", "admin");
    await setUp(eli);
    await makeKey(eli);
    await makeKey(eli);
    const before = await endings();
    await resetFactors(admin.as("member.reset-factors"), eli.id);
    assert.deepEqual(await states(eli, admin), ["revoked", "revoked"]);
    assert.equal((await endings()) - before, 2);
  });

  await t.test(
    "invented challenges for passkeys leave nothing behind, and tell no workspace from none",
    async () => {
      const party = relyingParty(company.visitor(), undefined);
      const guards = () =>
        asSuperuser(stage.database, async (client) => {
          const { rows } = await client.query("select count(*)::int as n from sign_in_guard");
          return rows[0].n as number;
        });
      const response = { id: "bm9ib2R5", rawId: "bm9ib2R5", type: "public-key" } as unknown as AssertionBody;
      const before = await guards();
      const nowhere = { ...company.visitor(), tenant: null };
      for (const visitor of [() => company.visitor(), () => ({ ...nowhere })]) {
        const sign = (ticket: string) => signInWithPasskey(visitor(), party, ticket, response, "harrow");
        for (let n = 0; n < 6; n++) await assert.rejects(sign(`invented-${n}`), refused("sign_in_failed"));
        assert.equal(await guards(), before);
        const codes = [];
        for (let n = 0; n < 6; n++) {
          const { ticket } = await beginPasskeySignIn(visitor(), party, "harrow");
          codes.push(await sign(ticket).catch(({ code: why }) => why));
          await assert.rejects(sign(ticket), refused("sign_in_failed"));
        }
        assert.deepEqual(codes, [...Array(5).fill("sign_in_failed"), "locked"]);
        await asSuperuser(stage.database, (client) =>
          client.query("delete from sign_in_guard where in_all = 0 and failures >= 5"),
        );
      }
    },
  );
});
