import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import {
  answerOfCommitLost,
  asSuperuser,
  eventsOf,
  openStage,
  PASSWORD,
} from "../../../../test/support/stage.ts";
import { db } from "../../../kernel/database/queries.ts";
import { readOne } from "../../../kernel/database/unit.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { acceptInvitation, openInvitation } from "../../identity/invitations/service.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { createTenant, listTenants, renameTenant, tenantName } from "./service.ts";

test("workspaces", async (t) => {
  const stage = await openStage(t);
  const operator = await stage.company("operator", "operator");
  const olu = await operator.hire("Olu", "owner");
  const creating = () => olu.as("operator.tenants.create");
  const input = { slug: "harrow", name: "Harrow & Finch", ownerAddress: "mara@harrow.example" };
  const visitorOf = (id: string, slug: string) => ({
    ...jobContext(stage.system, { tenantId: id, slug }),
    actor: { kind: "visitor" as const },
  });
  const inventory = () =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        `select (select count(*)::int from tenant) as tenants, (select count(*)::int from invitation) as invitations,
                (select count(*)::int from mail) as mails, (select count(*)::int from audit.entry) as entries,
                (select count(*)::int from operator_tenant) as records,
                (select count(*)::int from directory.tenant_slug) as slugs`,
      );
      return { ...rows[0], keys: (await stage.system.keyring.list()).sort().join() };
    });

  await t.test("the operator makes one, and its owner is invited by mail", async () => {
    const { id, slug } = await createTenant(creating(), input);
    assert.equal(slug, "harrow");
    assert.equal(await stage.system.directory.tenantBySlug("harrow"), id);
    const opened = await openInvitation(
      visitorOf(id, slug),
      await mailedToken(stage.system, input.ownerAddress, "join"),
    );
    assert.deepEqual(
      [opened.role, opened.tenantName, opened.invitedBy],
      ["owner", "Harrow & Finch", "The operator"],
    );
    // Each tenant has its own record of it.
    assert.deepEqual(await eventsOf(stage, id), ["tenant.created"]);
    assert.equal((await eventsOf(stage, operator.id)).at(-1), "tenant.created");
    const [listed] = await listTenants(olu.as("operator.tenants.read"));
    assert.deepEqual(
      [listed?.id, listed?.slug, listed?.name, listed?.ownerAddress],
      [id, "harrow", "Harrow & Finch", "mara@harrow.example"],
    );
    await acceptInvitation(
      visitorOf(id, slug),
      await mailedToken(stage.system, input.ownerAddress, "join"),
      "Mara",
      PASSWORD,
    );
  });

  await t.test("a short name that is taken leaves nothing behind", async () => {
    const before = await inventory();
    await assert.rejects(createTenant(creating(), { ...input, name: "Another" }), (error) => {
      refused("slug_taken")(error);
      assert.ok((error as { fields?: Record<string, string> }).fields?.slug);
      return true;
    });
    await assert.rejects(createTenant(creating(), { ...input, slug: "operator" }), refused("slug_taken"));
    assert.deepEqual(await inventory(), before);
    // Of two who ask for the same at once, one gets it.
    const race = await Promise.allSettled(
      [1, 2, 3].map(() => createTenant(creating(), { ...input, slug: "racer" })),
    );
    assert.deepEqual(race.map((r) => r.status).sort(), ["fulfilled", "rejected", "rejected"]);
    const after = await inventory();
    for (const part of ["tenants", "invitations", "mails", "records", "slugs"])
      assert.equal(after[part], before[part] + 1, part);
    assert.equal(after.entries, before.entries + 2);
    assert.equal(after.keys.split(",").length, before.keys.split(",").length + 1);
  });

  await t.test("only the operator's tenant, and those there who may", async () => {
    const before = await inventory();
    const customer = await stage.company("bexley");
    const owner = await customer.hire("Owner", "owner");
    const manager = await operator.hire("Manager", "manager");
    for (const person of [owner, manager]) {
      await assert.rejects(
        createTenant(person.as("operator.tenants.create"), { ...input, slug: "mine" }),
        refused("forbidden"),
      );
      await assert.rejects(listTenants(person.as("operator.tenants.read")), refused("forbidden"));
    }
    assert.equal((await inventory()).records, before.records);
    assert.equal((await stage.system.keyring.list()).length, before.keys.split(",").length + 1);
    assert.equal(await stage.system.directory.tenantBySlug("mine"), null);
  });

  await t.test("a commit that was not answered keeps the keys of what it made", async (t) => {
    const system = answerOfCommitLost(stage, t);
    const ctx = { ...creating(), system };
    await assert.rejects(createTenant(ctx, { ...input, slug: "unsure" }), refused("unavailable"));
    const id = (await stage.system.directory.tenantBySlug("unsure")) ?? "";
    assert.ok(id, "it was committed");
    assert.equal((await tenantName(visitorOf(id, "unsure"))).name, "Harrow & Finch");
  });

  await t.test("its people rename it, and the log keeps both names sealed", async () => {
    const company = await stage.company("lund");
    const admin = await company.hire("Admin", "admin");
    assert.deepEqual(await tenantName(admin.as("tenant.read")), { slug: "lund", name: "Company lund" });
    assert.deepEqual(await renameTenant(admin.as("tenant.change"), "Lund & Söner"), {
      slug: "lund",
      name: "Lund & Söner",
    });
    assert.deepEqual(await tenantName(admin.as("tenant.read")), { slug: "lund", name: "Lund & Söner" });
    assert.equal((await eventsOf(stage, company.id)).at(-1), "tenant.renamed");
    const manager = await company.hire("Manager", "manager");
    await assert.rejects(renameTenant(manager.as("tenant.change"), "Mine"), refused("forbidden"));
    const row = await readOne(company.job(), db.selectFrom("tenant").select("name"));
    assert.ok(!row?.name.includes("Lund"));
    // The operator's record is the operator's: it does not follow.
    assert.equal(
      (await listTenants(olu.as("operator.tenants.read"))).some((x) => x.name.includes("Lund")),
      false,
    );
  });
});
