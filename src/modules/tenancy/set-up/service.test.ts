import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import {
  answerOfCommitLost,
  asSuperuser,
  openStage,
  PASSWORD,
  type Stage,
} from "../../../../test/support/stage.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { newId } from "../../../kernel/ids.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { verifyAddress } from "../../identity/links/service.ts";
import { signIn } from "../../identity/sign-in/service.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { isSetUp, offerSetUp, setUp } from "./service.ts";

const address = "olu@operator.example";
const input = { name: "Olu Marsh", address, password: PASSWORD, company: "The Operator" };

const visitor = (stage: Stage, system = stage.system): Ctx => ({
  ...jobContext(system, { tenantId: newId(), slug: "x" }),
  tenant: null,
  actor: { kind: "visitor" },
});

/** What there is of tenants, in the database and among the keys. */
const inventory = (stage: Stage) =>
  asSuperuser(stage.database, async (client) => {
    const { rows } = await client.query(
      `select (select count(*)::int from tenant) as tenants, (select count(*)::int from member) as members,
              (select count(*)::int from mail) as mails, (select count(*)::int from audit.entry) as entries,
              (select count(*)::int from directory.tenant_slug) as slugs`,
    );
    return { ...rows[0], keys: (await stage.system.keyring.list()).length };
  });
const one = { tenants: 1, members: 1, mails: 1, entries: 1, slugs: 1, keys: 1 };
const none = { tenants: 0, members: 0, mails: 0, entries: 0, slugs: 0, keys: 0 };

test("the first owner of an installation", async (t) => {
  const stage = await openStage(t);

  await t.test("needs the newest token and a good password, and leaves nothing otherwise", async () => {
    assert.equal(await isSetUp(stage.system), false);
    const old = (await offerSetUp(stage.system)) ?? "";
    const token = (await offerSetUp(stage.system)) ?? "";
    assert.match(token, /^[\w-]{32}$/);
    for (const wrong of [old, "", `${token}x`])
      await assert.rejects(setUp(visitor(stage), { ...input, token: wrong }), refused("token_invalid"));
    await assert.rejects(
      setUp(visitor(stage), { ...input, token, password: "short" }),
      refused("password_policy"),
    );
    await assert.rejects(
      setUp(visitor(stage), { ...input, token, password: "The-Operator-42!" }),
      refused("password_policy"),
    );
    assert.deepEqual(await inventory(stage), none);
    assert.equal(await isSetUp(stage.system), false);
  });

  await t.test("is made once, of racing requests by one, and nothing of the others stays", async () => {
    const token = (await offerSetUp(stage.system)) ?? "";
    const all = await Promise.allSettled(
      [1, 2, 3].map((n) => setUp(visitor(stage), { ...input, name: `Olu ${n}`, token })),
    );
    assert.deepEqual(all.map((a) => a.status).sort(), ["fulfilled", "rejected", "rejected"]);
    for (const a of all) if (a.status === "rejected") refused("set_up_done")(a.reason);
    assert.deepEqual(await inventory(stage), one);
    assert.equal(await isSetUp(stage.system), true);
    assert.equal(await offerSetUp(stage.system), null);
    for (const again of [token, "x"])
      await assert.rejects(setUp(visitor(stage), { ...input, token: again }), refused("set_up_done"));
    assert.deepEqual(await inventory(stage), one);
  });

  await t.test("confirms the address before signing in", async () => {
    const id = await stage.system.directory.tenantBySlug("operator");
    assert.ok(id);
    const ctx = (): Ctx => ({ ...visitor(stage), tenant: { id, slug: "operator" } });
    await assert.rejects(signIn(ctx(), address, PASSWORD), refused("email_unverified"));
    assert.equal((await readOutbox(stage.system)).length, 2);
    await verifyAddress(ctx(), await mailedToken(stage.system, address, "verify"));
    await signIn(ctx(), address, PASSWORD);
  });
});

test("a set-up whose commit was not answered keeps its keys", async (t) => {
  const stage = await openStage(t);
  const token = (await offerSetUp(stage.system)) ?? "";
  const system = answerOfCommitLost(stage, t);
  await assert.rejects(setUp(visitor(stage, system), { ...input, token }), refused("unavailable"));
  // The database has committed, so the installation is set up: without its keys nobody could ever sign in.
  assert.deepEqual(await inventory(stage), one);
  const id = (await stage.system.directory.tenantBySlug("operator")) ?? "";
  const tenant = { id, slug: "operator" };
  await verifyAddress({ ...visitor(stage), tenant }, await mailedToken(stage.system, address, "verify"));
});
