import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { eventsOf, openStage, PASSWORD } from "../../../../test/support/stage.ts";
import { days, minutes } from "../../../kernel/clock.ts";
import { enter, unit } from "../../../kernel/database/unit.ts";
import { factorsOf } from "../../identity/factors/policy.ts";
import { beginTotp, confirmTotp } from "../../identity/factors/totp.ts";
import { codeAt } from "../../identity/factors/totp-code.ts";
import { signIn } from "../../identity/sign-in/service.ts";
import { resetFactors } from "../members/factors.ts";
import { changePolicy, readPolicy } from "./service.ts";

test("what signing in asks of everyone", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const owner = await company.hire("Mara", "owner");
  const person = await company.hire("Piet", "manager", { withoutFactor: true });
  // Their sessions would end meanwhile, idle.
  const open = async () => {
    const signed = await signIn(company.visitor(), person.address, PASSWORD);
    return signed.state === "open" ? signed.session.sessionId : "";
  };

  await t.test(
    "is not more than a password, and is a composed one, where nobody said otherwise",
    async () => {
      assert.deepEqual(await readPolicy(person.as("policy.read")), {
        secondFactor: { requiredFrom: null },
        passwords: "composed",
      });
      await enter(person.as("member.read"));
    },
  );

  await t.test("holds from the end of the grace period on, to the moment", async () => {
    const change = { secondFactor: { required: true, graceDays: 2 } };
    const { secondFactor } = await changePolicy(owner.as("policy.change"), change);
    const from = new Date(secondFactor.requiredFrom ?? "").getTime();
    const left = from - stage.system.clock().getTime();
    assert.ok(left <= days(2) && left > days(2) - minutes(1));
    stage.pass(left - 2000);
    const before = await open();
    await enter(person.as("member.read", before));
    stage.pass(4000);
    await assert.rejects(enter(person.as("member.read", before)), refused("factor_required"));
    await enter(person.as("account.factors", before, { beforeFactor: true }));
  });

  await t.test("one thing is changed without the other", async () => {
    const spare = await stage.company("spare");
    const chief = await spare.hire("Noor", "owner");
    const ask = { secondFactor: { required: true, graceDays: 0 } };
    const asked = await changePolicy(chief.as("policy.change"), ask);
    const kept = await changePolicy(chief.as("policy.change"), { passwords: "passphrase" });
    assert.deepEqual(kept, { ...asked, passwords: "passphrase" });
    const nobody = { secondFactor: { required: false, graceDays: 0 } };
    assert.equal((await changePolicy(chief.as("policy.change"), nobody)).secondFactor.requiredFrom, null);
    assert.equal((await eventsOf(stage, spare.id)).filter((e) => e === "policy.changed").length, 3);
  });

  await t.test(
    "a member who lost their factor is helped by who holds as much, and not by themself",
    async () => {
      const firm = await stage.company("bexley");
      const [boss, admin, clerk] = [
        await firm.hire("Boss", "owner", { withoutFactor: true }),
        await firm.hire("Admin", "admin"),
        await firm.hire("Clerk", "viewer", { withoutFactor: true }),
      ];
      for (const one of [boss, clerk]) {
        const ctx = () => one.as("account.factors", undefined, { beforeFactor: true });
        const { secret } = await beginTotp(ctx());
        await confirmTotp(ctx(), codeAt(secret, stage.system.clock()));
      }
      const reset = (id: string, by = admin) => resetFactors(by.as("member.reset-factors"), id);
      await assert.rejects(reset(boss.id), refused("forbidden"));
      await assert.rejects(reset(admin.id), refused("wrong_state"));
      await assert.rejects(reset(person.id), refused("not_found"), "of another workspace");
      await reset(clerk.id);
      await assert.rejects(reset(clerk.id), refused("wrong_state"), "nothing is left to reset");
      await assert.rejects(enter(clerk.as("account.use")), refused("signed_out"));
      assert.equal((await signIn(firm.visitor(), clerk.address, PASSWORD)).state, "open");
      const left = await unit(firm.job(), (ctx) => factorsOf(ctx, clerk.id));
      assert.deepEqual(left, { totp: false, passkeys: 0, recoveryCodes: 0 });
    },
  );
});
