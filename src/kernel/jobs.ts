import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type JobWithMetadata, PgBoss } from "pg-boss";
import { type Ctx, noDemand, tenantOf } from "./context.ts";
import { sendPending } from "./database/unit.ts";
import { isAppError } from "./errors.ts";
import { newId } from "./ids.ts";
import type { System } from "./system.ts";

/** What a job carries: identifiers only, since the queue's tables have no row security and are not encrypted. */
export interface JobData {
  readonly tenantId: string;
  readonly slug: string;
  readonly id: string;
}

export interface JobSpec {
  /** `module.verb`. */
  readonly name: string;
  /** How many run at once in one process. */
  readonly concurrency: number;
  /** How many of them, in all processes, for one tenant: what others wait for is not all one customer's. */
  readonly perTenant?: number;
  /** How often it is tried again after an error, with growing pauses. */
  readonly retries: number;
  /** Of several waiting jobs with the same tenant and id only one is kept. */
  readonly once?: boolean;
  /** Why this is done in a workspace that is closing, too. Others end there without doing anything. */
  readonly whileClosing?: string;
  /** Runs with the job's tenant and no open unit of work. `last` says that no try follows this one. */
  readonly run: (ctx: Ctx, id: string, last: boolean) => Promise<void>;
}

export interface Jobs {
  /**
   * Adds a job in the open unit of work: it exists when, and only when, that one commits. `behind` says how many of
   * the same kind the tenant has waiting already: the tenth of one customer comes after the first of every other.
   */
  enqueue(ctx: Ctx, name: string, id: string, behind?: number): Promise<void>;
  start(system: System, specs: readonly JobSpec[]): Promise<void>;
  /** Forgets every job of a tenant, whatever came of it; answers how many. */
  drop(tenantId: string): Promise<number>;
  /** Forgets jobs that ended before a moment; answers how many. */
  forget(before: Date): Promise<number>;
  /** Takes no more; what is not done after five seconds is given back, and begun anew by another process. */
  stop(within?: number): Promise<void>;
  /** How many are being worked on in this process. */
  running(): number;
}

export function openJobs(url: string, options: { soleProcess: boolean }): Jobs {
  const boss = new PgBoss({
    connectionString: url,
    schema: "pgboss",
    application_name: "vouchsafe jobs",
    max: 4,
    migrate: false,
    createSchema: false,
    schedule: false,
    useListenNotify: true,
    superviseIntervalSeconds: 10,
    monitorIntervalSeconds: 10,
  });
  const known = new Map<string, JobSpec>();
  let started = false;
  const working = new Map<string, number>();
  return {
    running: () => working.size,
    async enqueue(ctx, name, id, behind = 0) {
      if (!ctx.tx) throw new Error("a job is added in a unit of work");
      const spec = known.get(name);
      if (!spec) throw new Error(`no job is called ${name}`);
      const client = await sendPending(ctx.tx);
      const { id: tenantId, slug } = tenantOf(ctx);
      const data: JobData = { tenantId, slug, id };
      await boss.send(name, data, {
        group: { id: tenantId },
        priority: -behind,
        ...(spec.once ? { singletonKey: `${tenantId}/${id}` } : {}),
        db: { executeSql: (text, values) => client.query(text, values) },
      });
    },

    async start(system, specs) {
      boss.on("error", (error) => system.log.warn({ err: error }, "the job queue has a problem"));
      await boss.start();
      started = true;
      if (options.soleProcess) await reclaim(boss);
      for (const spec of specs) {
        known.set(spec.name, spec);
        const settings = {
          retryLimit: spec.retries,
          retryDelay: 1,
          retryBackoff: true,
          retryDelayMax: 60,
          expireInSeconds: 600,
          heartbeatSeconds: 10,
          notify: true,
        };
        const there = await boss.getQueue(spec.name);
        if (there) await boss.updateQueue(spec.name, settings);
        else await boss.createQueue(spec.name, { ...settings, policy: spec.once ? "short" : "standard" });
        for (let i = 0; i < spec.concurrency; i++) {
          let worker = "";
          worker = await boss.work(
            spec.name,
            {
              includeMetadata: true,
              batchSize: 1,
              pollingIntervalSeconds: 2,
              notifyPollingIntervalSeconds: 5,
              ...(spec.perTenant === undefined ? {} : { groupConcurrency: spec.perTenant }),
            } as const,
            async ([job]: JobWithMetadata<JobData>[]) => {
              if (!job) return;
              working.set(job.id, job.retryCount);
              try {
                await perform(system, spec, job.data, job.retryCount >= job.retryLimit);
              } finally {
                working.delete(job.id);
                // More may have come while this one ran: look again now rather than at the next poll.
                setImmediate(() => boss.notifyWorker(worker));
              }
            },
          );
        }
      }
    },

    async drop(tenantId) {
      const { rows } = await boss.getDb().executeSql(
        `with gone as (delete from pgboss.job where data->>'tenantId' = $1 returning 1)
           select count(*)::int as n from gone`,
        [tenantId],
      );
      return countOf(rows);
    },
    async forget(before) {
      if (!started) return 0;
      const { rows } = await boss.getDb().executeSql(
        `with gone as (delete from pgboss.job where completed_on < $1 returning 1)
           select count(*)::int as n from gone`,
        [before.toISOString()],
      );
      return countOf(rows);
    },

    async stop(within = 5000) {
      if (!started) return;
      started = false;
      await boss.stop({ graceful: true, timeout: within, close: true });
      await giveBack(url, working);
    },
  };
}

async function perform(system: System, spec: JobSpec, data: JobData, last: boolean): Promise<void> {
  const requestId = newId();
  const log = system.log.child({ job: spec.name, requestId });
  system.decoys.current?.working(spec.name, data);
  const measured = system.telemetry?.job(requestId, spec.name);
  let failed = true;
  try {
    const ctx = jobContext(system, data, requestId, log);
    const demand = { ...noDemand, changes: spec.whileClosing === undefined };
    await runThroughOutage(system, () => spec.run({ ...ctx, demand }, data.id, last));
    failed = false;
  } catch (error) {
    // Whoever keeps the workspace asks for it again.
    if (isAppError(error) && error.code === "closing")
      return log.info("a job was left: its workspace is closing");
    log.error({ err: error }, "a job failed");
    // The queue keeps this in clear, so it gets a code and nothing of the error itself.
    const failure = new Error(isAppError(error) ? error.code : "internal");
    failure.stack = "";
    throw failure;
  } finally {
    measured?.(failed);
  }
}

const OUTAGES = 5;
const LONGEST_OUTAGE_MS = 120_000;
const OUTAGE_LOOK_MS = 200;

/**
 * A database that is away for a moment is no fault of the job: it is begun again once the database is back, at no
 * cost in tries. To fail it instead would take the same database, and the queue would miss it only when its heartbeat
 * has been silent for long. Jobs may run twice anyway.
 */
async function runThroughOutage(system: System, run: () => Promise<void>): Promise<void> {
  for (let outages = 0; ; outages++) {
    try {
      return await run();
    } catch (error) {
      const away = isAppError(error) && error.code === "unavailable";
      if (!away || outages === OUTAGES || !(await isBack(system.pool))) throw error;
    }
  }
}

async function isBack(pool: pg.Pool): Promise<boolean> {
  const until = Date.now() + LONGEST_OUTAGE_MS;
  while (!pool.ending && Date.now() < until) {
    await sleep(OUTAGE_LOOK_MS);
    const back = await pool.query("select 1").then(
      () => true,
      () => false,
    );
    if (back) return true;
  }
  return false;
}

export function jobContext(
  system: System,
  tenant: { tenantId: string; slug: string },
  requestId: string = newId(),
  log: Ctx["log"] = system.log,
): Ctx {
  return {
    system,
    tenant: { id: tenant.tenantId, slug: tenant.slug },
    actor: { kind: "job" },
    demand: noDemand,
    requestId,
    origin: null,
    clock: system.clock,
    log,
    tx: null,
    standing: { current: null },
  };
}

const countOf = (rows: unknown[]): number => (rows as { n: number }[])[0]?.n ?? 0;

// One process owns an embedded database: what is still active at its start was cut off by a crash.
async function reclaim(boss: PgBoss): Promise<void> {
  await boss.getDb().executeSql(
    `update pgboss.job set state = 'retry', started_on = null, start_after = now(), heartbeat_on = null
      where state = 'active'`,
    [],
  );
}

/**
 * What was cut off by the end of its process is no failure of its own: it costs no try, and waits for nothing. The queue
 * itself has counted it as failed a moment before.
 */
async function giveBack(url: string, working: ReadonlyMap<string, number>): Promise<void> {
  if (working.size === 0) return;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000, query_timeout: 2000 });
  try {
    await client.connect();
    await client.query(
      `update pgboss.job set state = 'retry', retry_count = given.tries, started_on = null, completed_on = null,
              start_after = now(), heartbeat_on = null, output = null
         from unnest($1::uuid[], $2::int[]) as given (id, tries)
         where job.id = given.id and state in ('active', 'retry', 'failed')`,
      [[...working.keys()], [...working.values()]],
    );
  } catch {
    // Their heartbeat will be missed.
  } finally {
    await client.end().catch(() => {});
  }
}
