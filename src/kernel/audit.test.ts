import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { eventsOf, openStage } from "../../test/support/stage.ts";
import { type AuditContent, auditCell, auditStatement, record } from "./audit.ts";
import { unit } from "./database/unit.ts";

test("an audit entry", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const keys = await stage.system.keyring.tenant(company.id);
  const entry = {
    event: "thing.renamed",
    resource: { type: "thing" },
    method: "test",
    changes: { name: ["Lease", "Contract"] },
  } as const;

  await t.test("seals what is a person's for its own row, and sends the rest to the database", async () => {
    const { parameters } = auditStatement(company.visitor(), keys, entry);
    const [id, event, type, resource, outcome, sealed, commitment] = parameters as [
      string,
      string,
      string,
      null,
      string,
      Buffer,
      Buffer,
    ];
    assert.deepEqual([event, type, resource, outcome], ["thing.renamed", "thing", null, "done"]);
    for (const word of ["Lease", "Contract", "198.51.100.7"]) assert.ok(!sealed.includes(word), word);
    const text = keys.openText(auditCell(id), sealed);
    const { requestId, salt, ...content } = JSON.parse(text) as AuditContent;
    assert.equal(Buffer.from(salt, "base64url").length, 32);
    assert.deepEqual(commitment, createHash("sha256").update(text).digest());
    assert.match(requestId, /^[0-9a-f-]{36}$/);
    assert.deepEqual(content, {
      ip: "198.51.100.7",
      userAgent: "test",
      method: "test",
      changes: { name: ["Lease", "Contract"] },
    });
    const [another] = auditStatement(company.visitor(), keys, entry).parameters as [string];
    assert.throws(() => keys.openText(auditCell(another), sealed));
  });

  await t.test("is never sealed with another tenant's keys", async () => {
    const foreign = await stage.system.keyring.tenant(other.id);
    assert.throws(() => auditStatement(company.job(), foreign, entry), /another tenant/);
  });

  await t.test("belongs into a unit of work, and hundreds fit into one", async () => {
    assert.throws(() => record(company.job(), entry), /unit of work/);
    await unit(company.job(), async (ctx) => {
      for (let i = 0; i < 300; i++) record(ctx, { ...entry, event: "thing.bulk" });
    });
    assert.equal((await eventsOf(stage, company.id)).filter((e) => e === "thing.bulk").length, 300);
  });

  await t.test("that the database refuses undoes the work that it tells of", async () => {
    await assert.rejects(
      unit(company.job(), async (ctx) => {
        record(ctx, entry);
        record(ctx, { ...entry, resource: { type: "thing", id: "no identifier" } });
      }),
      { code: "22P02" },
    );
    assert.ok(!(await eventsOf(stage, company.id)).includes("thing.renamed"));
  });
});
