import assert from "node:assert/strict";
import { test } from "node:test";
import { asSuperuser, eventsOf, openStage, PASSWORD } from "../../../../test/support/stage.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { db } from "../../../kernel/database/queries.ts";
import { unit, write } from "../../../kernel/database/unit.ts";
import type { AppError } from "../../../kernel/errors.ts";
import { passwordCell } from "../members.ts";
import { verifyPassword } from "../passwords/hash.ts";
import { isOutdated } from "../passwords/stored.ts";
import { mailUnlockLink, signIn } from "./service.ts";

// Of PASSWORD, by libxcrypt.
const BCRYPT = "$2y$06$abcdefghijklmnopqrstuuIa55pAK7xt/GKhqKkkQkfUOjZO5/MAO";

test("a hash is renewed when its owner signs in", async (t) => {
  const stage = await openStage(t, { jobs: [mailUnlockLink] });
  const company = await stage.company("harrow");
  const keys = await stage.system.keyring.tenant(company.id);
  const put = (id: string, hash: string) =>
    unit(company.job(), (ctx) =>
      write(
        ctx,
        db
          .updateTable("member")
          .set({ password: keys.seal(passwordCell(id), hash) })
          .where("member_id", "=", id),
      ),
    );
  const kept = (id: string) =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select password from member where member_id = $1", [id]);
      return keys.openText(passwordCell(id), rows[0]?.password);
    });
  const attempt = (address: string, password: string, ctx: Ctx = company.visitor()) =>
    signIn(ctx, address, password).then(
      ({ state }) => state as string,
      (error: AppError) => error.code as string,
    );
  const withBcrypt = (): Ctx => {
    const { system } = stage;
    return {
      ...company.visitor(),
      system: { ...system, config: { ...system.config, passwordHash: "bcrypt" } },
    };
  };

  await t.test("one from elsewhere, and not by a wrong password", async () => {
    const person = await company.hire("Ada", "viewer");
    await put(person.id, BCRYPT);
    assert.equal(await attempt(person.address, `${PASSWORD}x`), "sign_in_failed");
    assert.equal(await kept(person.id), BCRYPT);
    assert.equal(await attempt(person.address, PASSWORD), "open");
    const renewed = await kept(person.id);
    assert.equal(isOutdated(renewed, "argon2id"), false);
    assert.ok(await verifyPassword(PASSWORD, renewed));
    assert.equal(await attempt(person.address, PASSWORD), "open");
    assert.equal(await kept(person.id), renewed, "a good one was renewed");
    assert.equal(
      (await eventsOf(stage, company.id)).filter((e) => e === "member.password-rehashed").length,
      1,
    );
  });

  await t.test("of a member who has yet to confirm their address", async () => {
    const person = await company.hire("Bo", "viewer", { unverified: true });
    await put(person.id, BCRYPT);
    assert.equal(await attempt(person.address, PASSWORD), "email_unverified");
    assert.equal(isOutdated(await kept(person.id), "argon2id"), false);
  });

  await t.test("two at once end in one good hash", async () => {
    const person = await company.hire("Cy", "viewer");
    await put(person.id, BCRYPT);
    const both = await Promise.all([attempt(person.address, PASSWORD), attempt(person.address, PASSWORD)]);
    assert.deepEqual(both, ["open", "open"]);
    assert.ok(await verifyPassword(PASSWORD, await kept(person.id)));
  });

  await t.test("never over a password that was changed meanwhile", async () => {
    const person = await company.hire("Di", "viewer");
    await put(person.id, BCRYPT);
    const ctx = company.visitor();
    // Changed after the sign-in has looked, before it writes: as it asks for its second unit of work.
    let asked = 0;
    const pool = new Proxy(stage.system.pool, {
      get: (target, name) => {
        if (name === "query") return target.query.bind(target);
        if (name !== "connect") return Reflect.get(target, name, target);
        return async () => {
          if (++asked === 2) await put(person.id, `${BCRYPT.slice(0, -1)}.`);
          return target.connect();
        };
      },
    });
    assert.equal(
      await attempt(person.address, PASSWORD, { ...ctx, system: { ...stage.system, pool } }),
      "sign_in_failed",
    );
    assert.ok(asked >= 2);
    assert.equal(await kept(person.id), `${BCRYPT.slice(0, -1)}.`);
  });

  await t.test("to bcrypt where that was chosen, and back", async () => {
    const person = await company.hire("Ed", "viewer");
    assert.equal(await attempt(person.address, PASSWORD, withBcrypt()), "open");
    assert.match(await kept(person.id), /^\$2b\$12\$/);
    assert.equal(await attempt(person.address, PASSWORD), "open");
    assert.match(await kept(person.id), /^\$argon2id\$/);
  });
});
