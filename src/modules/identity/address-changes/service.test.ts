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
import { days, minutes } from "../../../kernel/clock.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { enter, unit } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { reinstateMember, removeMember, suspendMember } from "../../tenancy/members/service.ts";
import { type Authenticator, openAuthenticator } from "../../trust/stage/authenticator.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { changePassword, whoAmI } from "../accounts/service.ts";
import { addressHash } from "../addresses.ts";
import { addPasskey, beginPasskey } from "../factors/passkeys.ts";
import { factorsOf } from "../factors/policy.ts";
import { renewRecoveryCodes } from "../factors/recovery-codes.ts";
import type { AssertionBody, RegistrationBody } from "../factors/shapes.ts";
import { beginTotp, confirmTotp } from "../factors/totp.ts";
import { codeAt } from "../factors/totp-code.ts";
import { keyNameCell } from "../keys/service.ts";
import { mailLink } from "../links/service.ts";
import { choosePassword } from "../resets/service.ts";
import { beginPasskeySignIn, signInWithPasskey } from "../sign-in/passkey.ts";
import { signIn } from "../sign-in/service.ts";
import { askForAddress, confirmAddress, undoAddress } from "./service.ts";

const NEXT = "Other-harbour-43-lanterns";

test("a change of address", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const owner = await company.hire("Owner", "owner");
  const invalid = refused("link_invalid");
  const visitor = () => company.visitor();
  const ask = (person: Person, to: string, ctx = person.as("account.address")) =>
    askForAddress(ctx, to, PASSWORD);
  const mailed = (to: string, kind: "confirm-address" | "undo-address" | "reset") =>
    mailedToken(stage.system, to, kind);
  const mailsTo = async (to: string) =>
    (await readOutbox(stage.system, 200)).filter((mail) => mail.to === to);
  const confirm = async (to: string) => confirmAddress(visitor(), await mailed(to, "confirm-address"));
  const opens = (address: string, password = PASSWORD, ctx: Ctx = visitor()) =>
    signIn(ctx, address, password).then(
      () => true,
      () => false,
    );
  const addressOf = async (person: Person) =>
    asSuperuser(stage.database, async (client) => {
      const keys = await stage.system.keyring.tenant(company.id);
      const { rows } = await client.query("select address, address_hash from member where member_id = $1", [
        person.id,
      ]);
      const address = keys.openText({ table: "member", column: "address", row: person.id }, rows[0].address);
      assert.deepEqual(rows[0].address_hash, addressHash(keys, address));
      return address;
    });
  const still = (ctx: Ctx, now: Date): Ctx => ({ ...ctx, clock: () => now });

  await t.test("needs the new address's word; both are told", async () => {
    const ada = await company.hire("Ada", "viewer");
    await ask(ada, "ada.new@harrow.example");
    assert.equal(await addressOf(ada), ada.address);
    assert.ok((await mailsTo(ada.address))[0]?.text.includes("ada.new@harrow.example"));
    const token = await mailed("ada.new@harrow.example", "confirm-address");
    await confirmAddress(visitor(), token);
    assert.equal(await addressOf(ada), "ada.new@harrow.example");
    await assert.rejects(confirmAddress(visitor(), token), invalid);
    assert.deepEqual([await opens(ada.address), await opens("ADA.new@harrow.example")], [false, true]);
    assert.equal((await mailsTo(ada.address))[0]?.subject, "The address of your account was changed");
    assert.ok(
      (await mailsTo("ada.new@harrow.example")).some((m) => m.text.includes("changed and confirmed")),
    );
    await enter(ada.as());
    const { me } = await whoAmI(ada.as());
    assert.equal(me.address, "ada.new@harrow.example");
  });

  await t.test("needs the password, and a fresh second factor of whoever has one", async () => {
    const ben = await company.hire("Ben", "viewer");
    await assert.rejects(
      askForAddress(ben.as("account.address"), "ben.new@harrow.example", NEXT),
      refused("sign_in_failed"),
    );
    await asSuperuser(stage.database, (client) =>
      client.query(
        "insert into passkey (tenant_id, passkey_id, member_id, name, credential_hash, credential, counter, created_at) values ($1, $2, $3, '', '', '', 0, now())",
        [company.id, newId(), ben.id],
      ),
    );
    await ask(ben, "ben.new@harrow.example");
    stage.pass(minutes(5.1));
    await assert.rejects(ask(ben, "ben.other@harrow.example"), refused("step_up_required"));
    assert.equal((await mailsTo("ben.other@harrow.example")).length, 0);
  });

  await t.test("to a taken address answers alike, and tells only whoever reads its mail", async () => {
    const [cara, dora] = [await company.hire("Cara", "viewer"), await company.hire("Dora", "viewer")];
    const before = (await mailsTo(cara.address)).length;
    assert.equal(await ask(cara, dora.address.toUpperCase()), undefined);
    assert.equal((await mailsTo(cara.address)).length, before + 1);
    const [letter] = await mailsTo(dora.address.toUpperCase());
    assert.equal(letter?.subject, "This address is in use already");
    assert.ok(!letter?.text.includes("#"));
    assert.equal(await addressOf(dora), dora.address);
    // Stopping it works as for any other.
    await undoAddress(visitor(), await mailed(cara.address, "undo-address"));
  });

  await t.test("of several the newest counts, also when they are asked for at once", async () => {
    const ella = await company.hire("Ella", "viewer");
    await meetingAt(stage, `select 1 from member where member_id = '${ella.id}' for update`, [
      () => ask(ella, "ella.one@harrow.example"),
      () => ask(ella, "ella.two@harrow.example"),
    ]);
    const tokens = [
      await mailed("ella.one@harrow.example", "confirm-address"),
      await mailed("ella.two@harrow.example", "confirm-address"),
    ];
    const all = await Promise.allSettled(tokens.map((token) => confirmAddress(visitor(), token)));
    assert.equal(all.filter((one) => one.status === "fulfilled").length, 1);
    for (const one of all) if (one.status === "rejected") invalid(one.reason);
  });

  await t.test("two members who want the same address: one gets it", async () => {
    const [finn, gus] = [await company.hire("Finn", "viewer"), await company.hire("Gus", "viewer")];
    const wanted = "wanted@harrow.example";
    await ask(finn, wanted);
    const first = await mailed(wanted, "confirm-address");
    await ask(gus, "Wanted@HARROW.example");
    const second = await mailed("Wanted@HARROW.example", "confirm-address");
    const lock = `select 1 from member where member_id in ('${finn.id}', '${gus.id}') for update`;
    const race = await meetingAt(stage, lock, [
      () => confirmAddress(visitor(), first),
      () => confirmAddress(visitor(), second),
    ]);
    assert.equal(race.filter((r) => r.status === "fulfilled").length, 1);
    for (const r of race) if (r.status === "rejected") refused("already_member")(r.reason);
  });

  await t.test("is taken back by the old address, with everything that followed from it", async () => {
    const hedy = await company.hire("Hedy", "viewer");
    await ask(hedy, "thief@evil.example");
    await confirm("thief@evil.example");
    const undo = await mailed(hedy.address, "undo-address");
    await ask(hedy, "thief.two@evil.example");
    await confirm("thief.two@evil.example");
    const theirs = await mailed("thief@evil.example", "undo-address");
    await ask(hedy, "thief.three@evil.example");
    const pending = await mailed("thief.three@evil.example", "confirm-address");
    await unit(company.job(), (ctx) => mailLink(ctx, "reset", hedy.id, "thief.two@evil.example"));
    const reset = await mailed("thief.two@evil.example", "reset");
    const key = newId();
    const keys = await stage.system.keyring.tenant(company.id);
    await asSuperuser(stage.database, (client) =>
      client.query(
        "insert into api_key (tenant_id, key_id, member_id, name, prefix, key_hash, permissions, networks, created_at, expires_at) values ($1, $2, $3, $5, '', decode(repeat('00', 32), 'hex'), '{}', '{}', $4::timestamptz, $4::timestamptz + interval '1 day')",
        [company.id, key, hedy.id, stage.system.clock(), keys.seal(keyNameCell(key), "Theirs")],
      ),
    );
    await undoAddress(visitor(), undo);
    assert.equal(await addressOf(hedy), hedy.address);
    await assert.rejects(enter(hedy.as()), refused("signed_out"));
    await assert.rejects(undoAddress(visitor(), theirs), invalid);
    await assert.rejects(confirmAddress(visitor(), pending), invalid);
    await assert.rejects(choosePassword(visitor(), reset, NEXT), invalid);
    await assert.rejects(undoAddress(visitor(), undo), invalid);
    const revoked = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select revoked_at from api_key where key_id = $1", [key]);
      return rows[0].revoked_at;
    });
    assert.ok(revoked);
    await choosePassword(visitor(), await mailed(hedy.address, "reset"), NEXT);
    assert.deepEqual([await opens(hedy.address, NEXT), await opens("thief.two@evil.example")], [true, false]);
    assert.deepEqual(
      (await eventsOf(stage, company.id)).filter((e) => e === "account.address-change-undone").length,
      2,
    );
  });

  await t.test("taking it back takes the second factors that came since, and tells of it", async () => {
    const party = { id: "localhost", origin: "http://localhost" };
    const passkeyFor = async (person: Person) => {
      const own = () => person.as("account.passkeys", undefined, { beforeFactor: true });
      const passkey = openAuthenticator();
      const { ticket, options } = await beginPasskey(own(), party);
      const made = passkey.create(options as unknown as Record<string, unknown>, party.origin);
      await addPasskey(own(), party, ticket, "Theirs", made as RegistrationBody);
      return passkey;
    };
    const comesIn = async (passkey: Authenticator) => {
      const { ticket, options } = await beginPasskeySignIn(visitor(), party, company.slug);
      const answer = passkey.get(options as unknown as Record<string, unknown>, party.origin);
      const signing = signInWithPasskey(visitor(), party, ticket, answer as AssertionBody, company.slug);
      return signing.then(
        () => true,
        () => false,
      );
    };
    const setUpTotp = async (person: Person) => {
      const own = () => person.as("account.factors", undefined, { beforeFactor: true });
      const { secret } = await beginTotp(own());
      await confirmTotp(own(), codeAt(secret, stage.system.clock()));
    };
    const told = async (person: Person) =>
      (await mailsTo(person.address))
        .map(
          (mail) =>
            /(Every second factor|A passkey|The \w+ app|The list of \w+ codes) was removed/.exec(
              mail.text,
            )?.[1],
        )
        .filter((words) => words !== undefined)
        .sort();

    const mia = await company.hire("Mia", "manager", { withoutFactor: true });
    await ask(mia, "mia@evil.example");
    const theirs = await passkeyFor(mia);
    await setUpTotp(mia);
    assert.equal(await comesIn(theirs), true);
    await confirm("mia@evil.example");
    await undoAddress(visitor(), await mailed(mia.address, "undo-address"));
    assert.equal(await comesIn(theirs), false);
    await choosePassword(visitor(), await mailed(mia.address, "reset"), NEXT);
    assert.equal((await signIn(visitor(), mia.address, NEXT)).state, "open");
    assert.deepEqual(await told(mia), ["Every second factor"]);

    const nia = await company.hire("Nia", "manager", { withoutFactor: true });
    const hers = await passkeyFor(nia);
    stage.pass(1000);
    await ask(nia, "nia@evil.example");
    await setUpTotp(nia);
    await renewRecoveryCodes(nia.as("account.factors"));
    await undoAddress(visitor(), await mailed(nia.address, "undo-address"));
    assert.equal(await comesIn(hers), true);
    const left = await unit(company.job(), (ctx) => factorsOf(ctx, nia.id));
    assert.deepEqual(left, { totp: false, passkeys: 1, recoveryCodes: 0 });
    assert.deepEqual(await told(nia), ["The authenticator app", "The list of recovery codes"]);
  });

  await t.test("the second of two can be taken back by itself, and then the first", async () => {
    const ivan = await company.hire("Ivan", "viewer");
    await ask(ivan, "ivan.b@harrow.example");
    await confirm("ivan.b@harrow.example");
    const first = await mailed(ivan.address, "undo-address");
    await ask(ivan, "ivan.c@harrow.example");
    await confirm("ivan.c@harrow.example");
    await undoAddress(visitor(), await mailed("ivan.b@harrow.example", "undo-address"));
    assert.equal(await addressOf(ivan), "ivan.b@harrow.example");
    await undoAddress(visitor(), first);
    assert.equal(await addressOf(ivan), ivan.address);
  });

  await t.test("for 72 hours, to the millisecond; by the link that came first, too", async () => {
    const jo = await company.hire("Jo", "viewer");
    const at = stage.system.clock();
    await askForAddress(still(jo.as("account.address"), at), "jo.new@harrow.example", PASSWORD);
    const early = await mailed(jo.address, "undo-address");
    const then = new Date(at.getTime() + days(1) - 1);
    await confirmAddress(still(visitor(), then), await mailed("jo.new@harrow.example", "confirm-address"));
    const late = await mailed(jo.address, "undo-address");
    const end = new Date(then.getTime() + days(3));
    for (const token of [early, late])
      await assert.rejects(undoAddress(still(visitor(), end), token), invalid);
    await undoAddress(still(visitor(), new Date(end.getTime() - 1)), early);
    assert.equal(await addressOf(jo), jo.address);
  });

  await t.test("must be confirmed within a day, by whoever is still a member", async () => {
    const kai = await company.hire("Kai", "viewer");
    const at = stage.system.clock();
    await askForAddress(still(kai.as("account.address"), at), "kai.new@harrow.example", PASSWORD);
    const token = await mailed("kai.new@harrow.example", "confirm-address");
    const end = new Date(at.getTime() + days(1));
    await assert.rejects(confirmAddress(still(visitor(), end), token), invalid);
    for (const ctx of [other.visitor(), { ...visitor(), tenant: null }])
      await assert.rejects(confirmAddress(ctx, token), invalid);
    await suspendMember(owner.as("member.suspend"), kai.id);
    await assert.rejects(confirmAddress(visitor(), token), invalid);
    await reinstateMember(owner.as("member.suspend"), kai.id);
    await confirmAddress(visitor(), token);
    const undo = await mailed(kai.address, "undo-address");
    await removeMember(owner.as("member.remove"), kai.id);
    await assert.rejects(undoAddress(visitor(), undo), invalid);
  });

  await t.test("when somebody else has the old address by now, it stays with them", async () => {
    const lena = await company.hire("Lena", "viewer");
    await ask(lena, "lena.new@harrow.example");
    await confirm("lena.new@harrow.example");
    const undo = await mailed(lena.address, "undo-address");
    const heir = await company.hire("Lena", "viewer");
    await assert.rejects(undoAddress(visitor(), undo), refused("already_member"));
    assert.deepEqual(
      [await addressOf(lena), await addressOf(heir)],
      ["lena.new@harrow.example", lena.address],
    );
    await enter(lena.as());
    await removeMember(owner.as("member.remove"), heir.id);
    await undoAddress(visitor(), undo);
    assert.equal(await addressOf(lena), lena.address);
  });

  await t.test("one that is asked for does not outlive the password that allowed it", async () => {
    const mona = await company.hire("Mona", "viewer");
    await ask(mona, "mona.new@harrow.example");
    const token = await mailed("mona.new@harrow.example", "confirm-address");
    await changePassword(mona.as("account.password"), PASSWORD, NEXT);
    await assert.rejects(confirmAddress(visitor(), token), invalid);
  });

  await t.test("what was mailed to the old address opens nothing after it", async () => {
    const nils = await company.hire("Nils", "viewer");
    await unit(company.job(), (ctx) => mailLink(ctx, "reset", nils.id, nils.address));
    const reset = await mailed(nils.address, "reset");
    await ask(nils, "nils.new@harrow.example");
    await confirm("nils.new@harrow.example");
    await assert.rejects(choosePassword(visitor(), reset, NEXT), invalid);
  });

  await t.test("mails nobody more than a few times an hour", async () => {
    const otto = await company.hire("Otto", "viewer");
    for (let i = 0; i < 5; i++) await ask(otto, `otto.${i}@harrow.example`);
    await assert.rejects(ask(otto, "otto.six@harrow.example"), refused("rate_limited"));
    assert.equal((await mailsTo("otto.six@harrow.example")).length, 0);
  });
});
