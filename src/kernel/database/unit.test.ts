import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import type pg from "pg";
import { refused } from "../../../test/support/refused.ts";
import { asSuperuser, type Company, eventsOf, openStage, type Stage } from "../../../test/support/stage.ts";
import { endSessions } from "../../modules/identity/sessions/service.ts";
import { record } from "../audit.ts";
import { days, minutes } from "../clock.ts";
import { type Ctx, standingOf, tenantOf } from "../context.ts";
import { appError, refusal } from "../errors.ts";
import { newId } from "../ids.ts";
import { openPool } from "./pool.ts";
import { db, prepare } from "./queries.ts";
import { crossInto, enter, read, reading, readLast, readOne, unit, write } from "./unit.ts";

const counterValue = db.selectFrom("tenant_counter").select("value").where("counter", "=", "test");

test("a unit of work", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const mara = await company.hire("Mara", "manager");

  /** What the counter says, read by somebody else. */
  const value = async (of: Company = company) => (await readOne(of.job(), counterValue))?.value ?? null;
  const setTo = (ctx: Ctx, to: number) =>
    write(
      ctx,
      db
        .insertInto("tenant_counter")
        .values({ tenant_id: tenantOf(ctx).id, counter: "test", value: to })
        .onConflict((on) => on.columns(["tenant_id", "counter"]).doUpdateSet({ value: to })),
    );
  const note = (ctx: Ctx, event: string) => record(ctx, { event, resource: { type: "test" } });
  const events = () => eventsOf(stage, company.id);

  await t.test("commits what was written, then tells", async () => {
    const told: (number | null)[] = [];
    const answer = await unit(company.job(), async (ctx) => {
      ctx.tx.afterCommit.push(() => told.push(1));
      await setTo(ctx, 1);
      assert.deepEqual(told, []);
      assert.equal(await value(), null, "seen before the commit");
      return "done";
    });
    assert.equal(answer, "done");
    assert.deepEqual(told, [1]);
    assert.equal(await value(), 1);
  });

  await t.test("rolls back what threw, tells nobody and records nothing", async () => {
    const told: string[] = [];
    const boom = new Error("boom");
    const before = await events();
    await assert.rejects(
      unit(company.job(), async (ctx) => {
        ctx.tx.afterCommit.push(() => told.push("told"));
        note(ctx, "test.lost");
        await setTo(ctx, 2);
        throw boom;
      }),
      (error) => error === boom,
    );
    await assert.rejects(
      unit(company.job(), async (ctx) => {
        await setTo(ctx, 3);
        throw appError("wrong_state");
      }),
      refused("wrong_state"),
    );
    assert.equal(await value(), 1);
    assert.deepEqual(told, []);
    assert.deepEqual(await events(), before);
  });

  await t.test("a refusal commits its record first, tells, and then throws", async () => {
    const told: string[] = [];
    await assert.rejects(
      unit(company.job(), async (ctx) => {
        ctx.tx.afterCommit.push(() => told.push("told"));
        note(ctx, "test.refused");
        await setTo(ctx, 4);
        throw refusal("sign_in_failed");
      }),
      refused("sign_in_failed"),
    );
    assert.equal(await value(), 4);
    assert.equal((await events()).at(-1), "test.refused");
    assert.deepEqual(told, ["told"]);
  });

  await t.test("a commit that the database turns into a rollback is an error", async () => {
    const told: string[] = [];
    await assert.rejects(
      unit(company.job(), async (ctx) => {
        ctx.tx.afterCommit.push(() => told.push("told"));
        await setTo(ctx, 5);
        // Swallowing the error of a statement does not mend its transaction.
        await write(ctx, sql`select 1 / 0`).catch(() => {});
      }),
      /did not commit/,
    );
    assert.equal(await value(), 4);
    assert.deepEqual(told, []);
  });

  await t.test("inside an open one it joins that one", async () => {
    const told: string[] = [];
    const before = (await events()).length;
    await assert.rejects(
      unit(company.job(), async (outer) => {
        await setTo(outer, 6);
        await unit(outer, async (inner) => {
          assert.equal(inner.tx.client, outer.tx.client);
          note(inner, "test.inner");
          inner.tx.afterCommit.push(() => told.push("told"));
          await setTo(inner, 7);
        });
        assert.equal((await readOne(outer, counterValue))?.value, 7);
        assert.equal(await value(), 4, "the inner one committed on its own");
        throw appError("wrong_state");
      }),
      refused("wrong_state"),
    );
    assert.equal(await value(), 4);
    assert.deepEqual(told, []);
    assert.equal((await events()).length, before);
  });

  await t.test("whoever kept the context of one that has ended reaches no other", async () => {
    for (const ends of [false, true]) {
      let kept: Ctx | null = null;
      await unit(company.job(), async (ctx) => {
        kept = ctx;
        if (ends) throw appError("wrong_state");
      }).catch(() => {});
      const late = kept as unknown as Ctx;
      await assert.rejects(read(late, counterValue), /has ended/);
      await assert.rejects(setTo(late, 99), /has ended/);
    }
    assert.equal(await value(), 4);
  });

  await t.test("audit entries say who acted, as the database knows it", async () => {
    await unit(mara.as("account.use"), async (ctx) => {
      record(ctx, {
        event: "test.by-mara",
        resource: { type: "test", id: mara.id },
        changes: { name: ["Lease", "Contract"] },
      });
      note(ctx, "test.twice");
    });
    const [entry] = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        `select tenant_id, actor_kind, actor_id, role, resource_id, outcome, content,
                abs(extract(epoch from now() - at)) < 60 as recent from audit.entry where event = 'test.by-mara'`,
      );
      return rows;
    });
    const { content, ...rest } = entry;
    assert.deepEqual(rest, {
      tenant_id: company.id,
      actor_kind: "member",
      actor_id: mara.id,
      role: "manager",
      resource_id: mara.id,
      outcome: "done",
      recent: true,
    });
    assert.ok(!content.includes("Lease"), "the change stands in clear");
    assert.deepEqual((await events()).slice(-2).sort(), ["test.by-mara", "test.twice"]);
  });

  await t.test("whoever lacks the permission is refused before the work begins", async () => {
    let ran = false;
    for (const permission of ["member.remove", "nobody.declared-this", "operator.tenants.read"]) {
      await assert.rejects(
        unit(mara.as(permission), async () => {
          ran = true;
        }),
        refused("forbidden"),
      );
      await assert.rejects(read(mara.as(permission), counterValue), refused("forbidden"));
      await assert.rejects(enter(mara.as(permission)), refused("forbidden"));
    }
    assert.equal(ran, false);
    const ctx = mara.as("account.use");
    await enter(ctx);
    assert.deepEqual(
      [standingOf(ctx).memberId, standingOf(ctx).role, standingOf(ctx).tenantKind],
      [mara.id, "manager", "customer"],
    );
  });

  await t.test("a session that has ended opens nothing", async () => {
    const [idle, old, ended, suspended, unverified] = await Promise.all(
      ["Idle", "Old", "Ended", "Suspended", "Unverified"].map((name) => company.hire(name, "owner")),
    );
    assert.ok(idle && old && ended && suspended && unverified);
    await unit(company.job(), (ctx) => endSessions(ctx, { sessionId: ended.sessionId }, "test"));
    await asSuperuser(stage.database, async (client) => {
      await client.query("update member set status = 'suspended' where member_id = $1", [suspended.id]);
      await client.query("update member set verified_at = null where member_id = $1", [unverified.id]);
    });
    const isOut = async (ctx: Ctx) => {
      let ran = false;
      const work = async () => {
        ran = true;
      };
      await assert.rejects(unit(ctx, work), refused("signed_out"));
      await assert.rejects(read(ctx, counterValue), refused("signed_out"));
      assert.equal(ran, false);
    };
    for (const person of [ended, suspended, unverified]) await isOut(person.as());
    await isOut(mara.as("account.use", newId()));
    // The session of somebody else, and of somebody elsewhere.
    await isOut({ ...mara.as(), actor: { kind: "member", memberId: mara.id, sessionId: idle.sessionId } });
    const stranger = await other.hire("Stranger", "owner");
    await isOut(mara.as("account.use", stranger.sessionId));
    await isOut({ ...stranger.as(), tenant: { id: company.id, slug: company.slug } });

    stage.pass(minutes(29));
    await enter(idle.as());
    stage.pass(minutes(1.1));
    await isOut(idle.as());
    stage.pass(-minutes(30.1));
    await asSuperuser(stage.database, (client) =>
      client.query("update session set last_active_at = now() + interval '8 days' where session_id = $1", [
        old.sessionId,
      ]),
    );
    stage.pass(days(7) - minutes(1));
    await enter(old.as());
    stage.pass(minutes(1.1));
    await isOut(old.as());
    stage.pass(-days(7) - minutes(0.1));
  });

  await t.test("reading is read-only, in one transaction, and sees one tenant", async () => {
    const insert = db
      .insertInto("tenant_counter")
      .values({ tenant_id: company.id, counter: "sneaked-in", value: 1 });
    await assert.rejects(read(company.job(), insert), { code: "25006" });
    await assert.rejects(read(mara.as(), counterValue, insert), { code: "25006" });
    await assert.rejects(
      read(company.job(), sql`select set_config('transaction_read_only', 'off', true)`, insert),
      /read-only|read-write/,
    );
    await assert.rejects(write(company.job(), insert), /unit of work/);
    const name = prepare((p: { id: string }) =>
      db.selectFrom("tenant").select("tenant_id").where("tenant_id", "=", p.id),
    );
    const [own, foreign, xacts, again] = await read(
      mara.as(),
      name({ id: company.id }),
      name({ id: other.id }),
      sql<{ now: Date }>`select transaction_timestamp() as now, pg_sleep(0.01)`,
      sql<{ now: Date }>`select transaction_timestamp() as now`,
    );
    assert.deepEqual(own, [{ tenant_id: company.id }]);
    assert.deepEqual(foreign, []);
    assert.deepEqual(xacts[0]?.now, again[0]?.now);
    assert.equal(await readOne(company.job(), name({ id: other.id })), undefined);
  });

  await t.test(
    "reading in several round trips is entered once, read-only, and over when it ends",
    async () => {
      await unit(company.job(), (ctx) => setTo(ctx, 7));
      const ctx = mara.as("account.use");
      let kept: Ctx | undefined;
      const twice = (last: typeof read) =>
        reading(ctx, async (inner) => {
          kept = inner;
          const [[first]] = await read(inner, counterValue);
          const [[second]] = await last(inner, counterValue);
          return [first?.value, second?.value];
        });
      for (const last of [read, readLast]) {
        assert.deepEqual(await twice(last), [7, 7]);
        await assert.rejects(read(kept as Ctx, counterValue), /has ended/);
      }
      assert.equal(standingOf(ctx).role, "manager");
      // Whoever lacks the right gets no answer, not even to what was asked beside the question whether they have it.
      const forbidden = mara.as("member.remove");
      const stubborn = reading(forbidden, async (inner) => {
        await assert.rejects(read(inner, counterValue), refused("forbidden"));
        await assert.rejects(read(inner, counterValue), /has ended/);
      });
      await assert.rejects(stubborn, /has ended/);
      await assert.rejects(
        reading(forbidden, async () => "nothing asked"),
        refused("forbidden"),
      );
      await assert.rejects(
        reading(company.job(), (inner) => setTo(inner, 8)),
        /read-only/,
      );
      await assert.rejects(
        reading(company.job(), async (inner) => {
          await readLast(inner, counterValue);
          throw new Error("afterwards");
        }),
        /afterwards/,
      );
      assert.equal(await unit(company.job(), (inner) => reading(inner, async () => value())), 7);
      assert.equal(await value(), 7);
    },
  );

  await t.test("many at once, in one tenant and another, each get their own answer", async (t) => {
    const { system } = onOneConnection(stage, t);
    const stranger = await other.hire("Neighbour", "viewer");
    const whose = sql<{ id: string | null; rows: number }>`
      select kernel.current_tenant() as id, (select count(*)::int from tenant) as rows`;
    const mine = (of: Company) => [{ id: of.id, rows: 1 }];
    for (const through of [stage.system, system]) {
      const asked = Array.from({ length: 60 }, (_, n): [Promise<unknown>, unknown] => {
        const within = (ctx: Ctx): Ctx => ({ ...ctx, system: through });
        const outcome = (work: Promise<unknown>) =>
          work.catch((error: { code?: string }) => error.code ?? String(error));
        switch (n % 6) {
          case 0:
            return [outcome(read(within(mara.as()), whose).then(([rows]) => rows)), mine(company)];
          case 1:
            return [outcome(read(within(stranger.as()), whose).then(([rows]) => rows)), mine(other)];
          case 2:
            return [outcome(read(within(mara.as("member.remove")), whose)), "forbidden"];
          case 3:
            return [outcome(read(within(other.job()), sql`select 1 / ${0}::int`)), "22012"];
          case 4:
            return [outcome(read(within(mara.as("account.use", newId())), whose)), "signed_out"];
          default:
            return [
              outcome(unit(within(other.job()), (ctx) => readOne(ctx, whose)).then((row) => [row])),
              mine(other),
            ];
        }
      });
      assert.deepEqual(
        await Promise.all(asked.map(([answer]) => answer)),
        asked.map(([, expected]) => expected),
      );
    }
  });

  await t.test("no tenant stays on a connection that is used again", async (t) => {
    const { system, pool } = onOneConnection(stage, t);
    const left = async () =>
      (
        await pool.query(
          `select current_setting('vouchsafe.tenant', true) as tenant, current_setting('vouchsafe.session', true) as session,
                  kernel.current_tenant() as id, current_setting('transaction_read_only') as read_only,
                  (select count(*)::int from tenant) as rows`,
        )
      ).rows[0];
    const nothing = { id: null, read_only: "off", rows: 0 };
    const check = async (after: string) => {
      const { tenant, session, ...rest } = await left();
      assert.deepEqual(rest, nothing, after);
      assert.ok(!tenant && !session, after);
    };
    const job = { ...company.job(), system };
    await unit(job, (ctx) => setTo(ctx, 10));
    await check("a commit");
    await unit(job, async () => {
      throw appError("wrong_state");
    }).catch(() => {});
    await check("a rollback");
    await read({ ...mara.as(), system }, counterValue);
    await check("reading");
    await read({ ...mara.as(), system }, sql`select 1 / 0`).catch(() => {});
    await check("reading that failed");
    await enter({ ...mara.as("member.remove"), system }).catch(() => {});
    await check("a refusal");
    // And who came before lends the next one nothing.
    await unit({ ...mara.as(), system }, async () => {});
    await unit({ ...other.visitor(), system }, async (ctx) => {
      note(ctx, "test.visitor");
    });
    const [kind] = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select actor_kind, actor_id, tenant_id from audit.entry where event = 'test.visitor'",
      );
      return rows;
    });
    assert.deepEqual(kind, { actor_kind: "visitor", actor_id: null, tenant_id: other.id });
  });

  await t.test("a lost connection is unavailable, and the next one works", async (t) => {
    const { system, pool } = onOneConnection(stage, t);
    const kill = (pid: number) =>
      asSuperuser(stage.database, (client) => client.query("select pg_terminate_backend($1)", [pid]));
    const pidOf = async (ctx: Ctx) =>
      (await readOne(ctx, sql<{ pid: number }>`select pg_backend_pid() as pid`))?.pid ?? 0;
    const unavailable = (error: unknown) => {
      refused("unavailable")(error);
      const { status, retryAfter } = error as { status: number; retryAfter: number };
      assert.deepEqual([status, retryAfter], [503, 2]);
      return true;
    };
    const told: string[] = [];
    await assert.rejects(
      unit({ ...company.job(), system }, async (ctx) => {
        ctx.tx.afterCommit.push(() => told.push("told"));
        await setTo(ctx, 11);
        await kill(await pidOf(ctx));
        await setTo(ctx, 12);
      }),
      unavailable,
    );
    await assert.rejects(
      unit({ ...company.job(), system }, async (ctx) => {
        await setTo(ctx, 13);
        await kill(await pidOf(ctx));
      }),
      unavailable,
    );
    await assert.rejects(
      read({ ...mara.as(), system }, sql`select pg_terminate_backend(pg_backend_pid())`),
      unavailable,
    );
    // One that broke while it was idle is noticed by the pool, and not by whoever comes next.
    await kill(await pidOf({ ...company.job(), system }));
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.equal((await readOne({ ...mara.as(), system }, counterValue))?.value, 10);
    assert.deepEqual(told, []);
    assert.match(stage.log(), /a database connection broke/);
    assert.equal(pool.totalCount, 1);
    await pool.query("select 1");

    const nowhere = openPool("postgresql://nobody@127.0.0.1:1/none", stage.system.log, { name: "nowhere" });
    t.after(() => nowhere.end());
    const away = { ...stage.system, pool: nowhere };
    await assert.rejects(
      unit({ ...company.job(), system: away }, async () => {}),
      unavailable,
    );
    await assert.rejects(read({ ...mara.as(), system: away }, counterValue), unavailable);
  });

  await t.test("going on in another tenant is one transaction, each with its own record", async () => {
    const work = (fails: boolean) =>
      unit(mara.as("account.use"), async (ctx) => {
        await setTo(ctx, 20);
        note(ctx, "test.crossing");
        await crossInto(ctx, { ...other.job(), actor: { kind: "operator" } }, async (there) => {
          await setTo(there, 21);
          note(there, "test.crossed");
          assert.equal((await readOne(there, counterValue))?.value, 21);
          if (fails) throw appError("slug_taken");
        });
        // The database is in the other tenant from here on.
        assert.equal((await readOne(ctx, counterValue))?.value, 21);
      });
    await assert.rejects(work(true), refused("slug_taken"));
    assert.deepEqual([await value(), await value(other)], [10, null]);
    assert.ok(!(await events()).includes("test.crossing"));
    await work(false);
    assert.deepEqual([await value(), await value(other)], [20, 21]);
    const entries = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select tenant_id, actor_kind, actor_id, event from audit.entry where event like 'test.cross%' order by event",
      );
      return rows;
    });
    assert.deepEqual(entries, [
      { tenant_id: other.id, actor_kind: "operator", actor_id: null, event: "test.crossed" },
      { tenant_id: company.id, actor_kind: "member", actor_id: mara.id, event: "test.crossing" },
    ]);
  });

  await t.test("a row of another tenant cannot be written, nor an entry forged", async () => {
    const foreign = db.insertInto("tenant_counter").values({ tenant_id: other.id, counter: "x", value: 1 });
    await assert.rejects(
      unit(mara.as(), (ctx) => write(ctx, foreign)),
      { code: "42501" },
    );
    const { count } = await unit(mara.as(), (ctx) =>
      write(ctx, db.updateTable("tenant_counter").set({ value: 99 }).where("tenant_id", "=", other.id)),
    );
    assert.equal(count, 0);
    assert.equal(await value(other), 21);
    assert.throws(() => note(company.job(), "test.outside"), /unit of work/);
    await assert.rejects(
      unit(mara.as(), (ctx) => write(ctx, sql`delete from audit.entry`)),
      { code: "42501" },
    );
    await assert.rejects(
      unit(mara.as(), (ctx) =>
        write(ctx, sql`insert into audit.entry select * from audit.entry where event = 'test.crossing'`),
      ),
      { code: "42501" },
    );
  });
});

/** The stage's system, with a pool that has one connection, so that every unit of work uses it. */
function onOneConnection(stage: Stage, t: { after(fn: () => Promise<void>): void }) {
  const pool: pg.Pool = openPool(stage.database.url("vouchsafe_app"), stage.system.log, {
    name: "one",
    max: 1,
  });
  t.after(() => pool.end());
  return { pool, system: { ...stage.system, pool } };
}
