import assert from "node:assert/strict";
import { test } from "node:test";
import { asSuperuser, openStage } from "../../test/support/stage.ts";
import { until } from "../../test/support/until.ts";
import type { Ctx } from "./context.ts";
import { unit } from "./database/unit.ts";
import { appError } from "./errors.ts";
import { newId } from "./ids.ts";
import { type JobSpec, openJobs } from "./jobs.ts";

test("jobs", async (t) => {
  const done: { name: string; ctx: Ctx; id: string; last: boolean }[] = [];
  const spec = (
    name: string,
    run: JobSpec["run"] = async () => {},
    more: Partial<JobSpec> = {},
  ): JobSpec => ({
    name,
    concurrency: 1,
    retries: 1,
    ...more,
    run: async (ctx, id, last) => {
      done.push({ name, ctx, id, last });
      await run(ctx, id, last);
    },
  });
  const working = [
    spec("test.plain"),
    spec("test.failing", async () => {
      throw new Error("ada@harrow.example hunter2");
    }),
    spec(
      "test.refused",
      async () => {
        throw appError("too_large", { message: "hunter2" });
      },
      { retries: 0 },
    ),
  ];
  const waiting = [
    spec("test.waiting", undefined, { concurrency: 0 }),
    spec("test.once", undefined, { concurrency: 0, once: true }),
  ];
  const stage = await openStage(t, { jobs: [...working, ...waiting], working: true });
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const enqueue = (name: string, id: string, at = company) =>
    unit(at.job(), (ctx) => stage.system.jobs.enqueue(ctx, name, id));
  const rows = (name: string) =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select data, state, retry_count, output::text as output from pgboss.job where name = $1 order by created_on",
        [name],
      );
      return rows as { data: object; state: string; retry_count: number; output: string | null }[];
    });

  await t.test("exist when, and only when, their unit of work commits", async () => {
    const id = newId();
    await assert.rejects(stage.system.jobs.enqueue(company.job(), "test.waiting", id), /in a unit of work/);
    await assert.rejects(enqueue("test.unknown", id), /no job is called/);
    await assert.rejects(
      unit(company.job(), async (ctx) => {
        await stage.system.jobs.enqueue(ctx, "test.waiting", id);
        throw new Error("boom");
      }),
      /boom/,
    );
    assert.deepEqual(await rows("test.waiting"), []);
    await enqueue("test.waiting", id);
    // In clear and without row security: identifiers and nothing else.
    assert.deepEqual(
      (await rows("test.waiting")).map((r) => r.data),
      [{ tenantId: company.id, slug: "harrow", id }],
    );
  });

  await t.test("run with their own tenant, and with no unit of work open", async () => {
    const [a, b] = [newId(), newId()];
    await Promise.all([enqueue("test.plain", a), enqueue("test.plain", b, other)]);
    await until(async () => done.filter((d) => d.name === "test.plain").length === 2);
    for (const [id, at] of [
      [a, company],
      [b, other],
    ] as const) {
      const { ctx, last } = done.find((d) => d.id === id) ?? {};
      assert.deepEqual(ctx?.tenant, { id: at.id, slug: at.slug });
      assert.deepEqual(
        [ctx?.actor, ctx?.tx, ctx?.demand.permission, ctx?.origin, last],
        [{ kind: "job" }, null, null, null, false],
      );
    }
    assert.notEqual(done[0]?.ctx.requestId, done[1]?.ctx.requestId);
  });

  await t.test("are tried again, told which try is the last, and leave a code only", async () => {
    const failing = newId();
    await Promise.all([enqueue("test.failing", failing), enqueue("test.refused", newId())]);
    const failed = async (name: string) => (await rows(name))[0]?.state === "failed";
    await until(async () => (await rows("test.failing"))[0]?.state === "retry");
    // Not after a pause, as it would be, but at once: another job wakes the worker.
    await asSuperuser(stage.database, (client) => client.query("update pgboss.job set start_after = now()"));
    await enqueue("test.failing", newId());
    await until(async () => (await failed("test.failing")) && (await failed("test.refused")));
    assert.deepEqual(
      done.filter((d) => d.id === failing).map((d) => d.last),
      [false, true],
    );
    assert.deepEqual(
      done.filter((d) => d.name === "test.refused").map((d) => d.last),
      [true],
    );
    const [left] = await rows("test.failing");
    const [refused] = await rows("test.refused");
    assert.match(left?.output ?? "", /"internal"/);
    assert.match(refused?.output ?? "", /"too_large"/);
    assert.doesNotMatch(`${left?.output}${refused?.output}`, /hunter2|harrow|\bat /);
  });

  await t.test("of several that wait for the same, one is kept", async () => {
    const id = newId();
    for (let i = 0; i < 3; i++) await enqueue("test.once", id);
    await Promise.all([1, 2, 3].map(() => enqueue("test.once", id)));
    await enqueue("test.once", newId());
    await enqueue("test.once", id, other);
    assert.equal((await rows("test.once")).length, 3);
  });

  await t.test("that a crash cut off are taken up when the sole process starts again", async () => {
    const id = newId();
    await enqueue("test.waiting", id);
    await asSuperuser(stage.database, (client) =>
      client.query("update pgboss.job set state = 'active', started_on = now() where data->>'id' = $1", [id]),
    );
    const again = openJobs(stage.database.url("vouchsafe_jobs"), { soleProcess: true });
    const resumed: string[] = [];
    await again.start(stage.system, [
      { name: "test.waiting", concurrency: 1, retries: 1, run: async (_ctx, job) => void resumed.push(job) },
    ]);
    try {
      await until(async () => resumed.includes(id));
    } finally {
      await again.stop();
    }
  });

  await t.test("that are not done when their process ends are given back, and cost no try", async () => {
    const id = newId();
    await enqueue("test.waiting", id);
    const begun: string[] = [];
    const spec = { name: "test.waiting", concurrency: 1, retries: 1 };
    const ending = openJobs(stage.database.url("vouchsafe_jobs"), { soleProcess: false });
    // One that outlives its process.
    await ending.start(stage.system, [
      { ...spec, run: (_ctx, job) => new Promise(() => void begun.push(job)) },
    ]);
    await until(async () => begun.includes(id));
    assert.equal(ending.running(), 1);
    await ending.stop(1000);
    const given = (await rows("test.waiting")).find(({ data }) => (data as { id: string }).id === id);
    assert.deepEqual([given?.state, given?.retry_count], ["retry", 0]);
    const resumed: { job: string; last: boolean }[] = [];
    const next = openJobs(stage.database.url("vouchsafe_jobs"), { soleProcess: false });
    await next.start(stage.system, [
      { ...spec, run: async (_ctx, job, last) => void resumed.push({ job, last }) },
    ]);
    try {
      await until(async () => resumed.length > 0);
      assert.deepEqual(resumed, [{ job: id, last: false }]);
    } finally {
      await next.stop();
    }
  });
});
