import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, eventsOf, openStage } from "../../../../test/support/stage.ts";
import { allJobs } from "../../../app.ts";
import { days } from "../../../kernel/clock.ts";
import { noDemand } from "../../../kernel/context.ts";
import { enter, once, unit } from "../../../kernel/database/unit.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { closingReports } from "../../tenancy/closing/report.ts";
import { closeWorkspace, closingOf, keepWorkspace } from "../../tenancy/closing/service.ts";
import { renameTenant } from "../../tenancy/tenants/service.ts";
import { purgeWorkspaces } from "./purging.ts";
import { rowsOf } from "./traces.ts";

test("a workspace closes, is kept, closes again and is deleted", async (t) => {
  const stage = await openStage(t, { jobs: allJobs });
  await stage.company("operator", "operator");
  const company = await stage.company("quill");
  const other = await stage.company("harrow");
  const mara = await company.hire("Mara", "owner");
  const ines = await company.hire("Ines", "admin");
  const piet = await company.hire("Piet", "viewer");
  const stranger = await other.hire("Stranger", "owner");
  const renaming = (by = mara, slug = "tenant.change") => by.as(slug, undefined, { changes: true });
  const closing = () => mara.as("tenant.close", undefined, { changes: true });

  await t.test("only by its name, by an owner, and once", async () => {
    await assert.rejects(closeWorkspace(closing(), "Company harrow"), refused("invalid_input"));
    await assert.rejects(
      closeWorkspace(ines.as("tenant.close", undefined, { changes: true }), "Company quill"),
      refused("forbidden"),
    );
    const { since, until } = await closeWorkspace(closing(), "Company quill");
    assert.equal(Date.parse(until) - Date.parse(since), days(30));
    await assert.rejects(closeWorkspace(closing(), "Company quill"), refused("closing"));
    const told = (await readOutbox(stage.system)).filter((m) => m.tenant === "quill").map((m) => m.to);
    assert.deepEqual(told.sort(), [ines.address, mara.address].sort());
  });

  await t.test(
    "what changes something is refused to members, visitors and jobs; reading is not",
    async () => {
      await enter(piet.as("tenant.read"));
      assert.equal((await closingOf(piet.as("tenant.read")))?.since !== undefined, true);
      await assert.rejects(renameTenant(renaming(), "Other"), refused("closing"));
      for (const base of [company.visitor(), company.job()]) {
        const changing = { ...base, demand: { ...noDemand, changes: true } };
        await assert.rejects(
          unit(changing, async (inner) => void (await once(inner))),
          refused("closing"),
        );
      }
      await renameTenant(stranger.as("tenant.change", undefined, { changes: true }), "Still open");
    },
  );

  await t.test("kept after 29 days, it is as before", async () => {
    // Our own clock, years ahead, moves nothing.
    assert.equal(
      await purgeWorkspaces({ ...stage.system, clock: () => new Date(Date.now() + days(3650)) }),
      0,
    );
    await closedBefore(29);
    assert.equal(await purgeWorkspaces(stage.system), 0);
    const again = await signedInAgain();
    await keepWorkspace(again("tenant.close"));
    await renameTenant(again("tenant.change"), "Quill again");
    assert.ok((await eventsOf(stage, company.id)).includes("tenant.kept"));
    await closeWorkspace(again("tenant.close", true), "Quill again");
  });

  await t.test("after 31 days it is deleted, in steps that go on where they were cut off", async () => {
    await closedBefore(31);
    await stage.system.files.put(await stage.system.keyring.tenant(company.id), bytes());
    for (const step of ["files", "rows", "jobs", "archive", "directory", "audit", "keys"]) {
      assert.equal(await purgeWorkspaces(stage.system, { stopBefore: step }), 0, step);
      const report = await openReport();
      assert.equal(report?.doneAt, null, step);
      if (step === "directory") {
        // Nobody gets in any more, to change something or not; what came in before goes with the end.
        for (const base of [company.visitor(), company.job()])
          await assert.rejects(
            unit(base, async (inner) => void (await once(inner))),
            refused("closing"),
          );
        await asSuperuser(stage.database, (client) =>
          client.query("insert into challenge_used values ($1, $2, now())", [company.id, Buffer.alloc(32)]),
        );
      }
    }
    assert.equal(await purgeWorkspaces(stage.system), 1);
    assert.equal(await purgeWorkspaces(stage.system), 0);
    await asSuperuser(stage.database, async (client) => {
      const left = await rowsOf(client, company.id);
      assert.deepEqual(left, {}, "rows are left");
      assert.ok(Object.keys(await rowsOf(client, other.id)).length > 3, "the look finds what is there");
    });
    assert.equal(await stage.system.directory.tenantBySlug("quill"), null);
    await assert.rejects(stage.system.keyring.tenant(company.id));
    const mails = await readOutbox(stage.system);
    const report = await openReport();
    assert.ok(report?.doneAt);
    assert.ok(report.gone.some(({ what, count }) => what === "member" && count === 3));
    assert.equal(mails.filter((m) => m.tenant === "quill").length, 0);
    // The other one goes on.
    assert.equal((await closingOf(other.job())) === null, true);
  });

  async function signedInAgain() {
    const { startSession } = await import("../../identity/sessions/service.ts");
    const { sessionId } = await unit({ ...company.job(), origin: company.visitor().origin }, (ctx) =>
      startSession(ctx, mara.id, "totp"),
    );
    return (permission: string, changes = false) => mara.as(permission, sessionId, { changes });
  }
  async function openReport() {
    return (await closingReports(stage.system)).find(({ keptAt }) => !keptAt);
  }
  async function closedBefore(n: number) {
    await asSuperuser(stage.database, async (client) => {
      for (const statement of [
        "update tenant set closing_at = now() - $2 * interval '1 day', purge_after = now() - ($2 - 30) * interval '1 day' where tenant_id = $1",
        "update platform.closing set closed_at = now() - $2 * interval '1 day', purge_after = now() - ($2 - 30) * interval '1 day' where tenant_id = $1 and kept_at is null",
      ])
        await client.query(statement, [company.id, n]);
    });
  }
  async function* bytes() {
    yield Buffer.from("left");
  }
});
