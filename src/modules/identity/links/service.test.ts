import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, eventsOf, openStage, PASSWORD, signedIn } from "../../../../test/support/stage.ts";
import { minutes } from "../../../kernel/clock.ts";
import { unit } from "../../../kernel/database/unit.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { addressHash } from "../addresses.ts";
import { countAttempt, lock } from "../sign-in/lockout.ts";
import { signIn } from "../sign-in/service.ts";
import { mailLink, unlockByLink, verifyAddress } from "./service.ts";
import { hashToken, LinkToken, newToken } from "./tokens.ts";

test("mailed links", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const person = await company.hire("Ada", "viewer", { unverified: true });
  const mail = async (purpose: "verify" | "unlock") => {
    await unit(company.job(), (ctx) => mailLink(ctx, purpose, person.id, person.address));
    return mailedToken(stage.system, person.address, purpose);
  };
  const verified = () =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select verified_at from member where member_id = $1", [person.id]);
      return rows[0]?.verified_at !== null;
    });
  const invalid = refused("link_invalid");

  await t.test("a token is 256 random bits, of which the hash is kept", async () => {
    const { token, hash } = newToken();
    assert.ok(LinkToken.safeParse(token).success);
    assert.deepEqual(hash, hashToken(token));
    assert.equal(new Set(Array.from({ length: 100 }, () => newToken().token)).size, 100);
    for (const wrong of ["", token.slice(1), `${token}A`, token.replace(/./, "="), `${token}\n`])
      assert.equal(LinkToken.safeParse(wrong).success, false, wrong);
    const mailed = await mail("verify");
    const stored = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select row_to_json(l)::text as row from mailed_link l");
      return rows.map((r) => r.row).join("");
    });
    assert.ok(!stored.includes(mailed));
    assert.ok(stored.includes(hashToken(mailed).toString("hex")));
  });

  await t.test("one for another purpose, place or person opens nothing, and is not used up", async () => {
    const [verify, unlock] = [await mail("verify"), await mail("unlock")];
    await assert.rejects(unlockByLink(company.visitor(), verify), invalid);
    await assert.rejects(verifyAddress(company.visitor(), unlock), invalid);
    await assert.rejects(verifyAddress(other.visitor(), verify), invalid);
    await assert.rejects(verifyAddress({ ...company.visitor(), tenant: null }, verify), invalid);
    await assert.rejects(verifyAddress(company.visitor(), newToken().token), invalid);
    assert.equal(await verified(), false);
    await verifyAddress(company.visitor(), verify);
    assert.equal(await verified(), true);
    await unlockByLink(company.visitor(), unlock);
  });

  await t.test("it works once, of racing requests for one", async () => {
    const token = await mail("verify");
    const all = await Promise.allSettled([1, 2, 3, 4].map(() => verifyAddress(company.visitor(), token)));
    assert.equal(all.filter((a) => a.status === "fulfilled").length, 1);
    for (const a of all) if (a.status === "rejected") invalid(a.reason);
    await assert.rejects(verifyAddress(company.visitor(), token), invalid);
    const events = await eventsOf(stage, company.id);
    assert.equal(events.filter((e) => e === "member.address-verified").length, 2);
  });

  await t.test("it works for a day", async () => {
    const [late, intime] = [await mail("unlock"), await mail("verify")];
    stage.pass(minutes(24 * 60 - 1));
    await verifyAddress(company.visitor(), intime);
    stage.pass(minutes(1.1));
    await assert.rejects(unlockByLink(company.visitor(), late), invalid);
  });

  await t.test("an unlock link ends the pause, and only that", async () => {
    const keys = await stage.system.keyring.tenant(company.id);
    const hash = addressHash(keys, person.address);
    await unit(company.visitor(), async (ctx) => {
      await countAttempt(ctx, hash);
      await lock(ctx, hash);
    });
    await assert.rejects(signIn(company.visitor(), person.address, PASSWORD), refused("locked"));
    await unlockByLink(company.visitor(), await mail("unlock"));
    await assert.rejects(
      signIn(company.visitor(), person.address, "Wrong-harbour-1"),
      refused("sign_in_failed"),
    );
    assert.equal((await signedIn(company.visitor(), person.address, PASSWORD)).memberId, person.id);
  });
});
