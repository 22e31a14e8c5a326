import { mkdtempSync, rmSync } from "node:fs";
import type { Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { readConfig } from "../../src/kernel/config.ts";
import {
  accountDemand,
  type BuiltInRole,
  type Ctx,
  type Demand,
  noDemand,
  type TenantKind,
} from "../../src/kernel/context.ts";
import { openPool } from "../../src/kernel/database/pool.ts";
import { db } from "../../src/kernel/database/queries.ts";
import { unit, write } from "../../src/kernel/database/unit.ts";
import { newId } from "../../src/kernel/ids.ts";
import { type JobSpec, jobContext } from "../../src/kernel/jobs.ts";
import { openLog } from "../../src/kernel/log.ts";
import { openSystem } from "../../src/kernel/open-system.ts";
import type { System } from "../../src/kernel/system.ts";
import { addressHash } from "../../src/modules/identity/addresses.ts";
import { addressCell, nameCell, passwordCell } from "../../src/modules/identity/members.ts";
import { hashPassword } from "../../src/modules/identity/passwords/hash.ts";
import { type OpenSession, proveFactor, startSession } from "../../src/modules/identity/sessions/service.ts";
import { signIn } from "../../src/modules/identity/sign-in/service.ts";
import "../../src/modules/identity/permissions.ts";
import "../../src/modules/operations/permissions.ts";
import "../../src/modules/tenancy/permissions.ts";
import { insertTenant } from "../../src/modules/tenancy/tenants/service.ts";
import { solution } from "./challenge.ts";
import { type TestDatabase, testDatabase } from "./postgres.ts";
import { until } from "./until.ts";

/** A system on a database of its own, whose clock a test can move and whose log it can read. */
export interface Stage {
  readonly system: System;
  readonly database: TestDatabase;
  /** Where keys and files are. */
  readonly home: string;
  /** Everything logged so far. */
  log(): string;
  /** Moves the clock on, or back. */
  pass(milliseconds: number): void;
  company(slug: string, kind?: TenantKind): Promise<Company>;
}

export interface Company {
  readonly id: string;
  readonly slug: string;
  /** A new request of somebody who is not signed in. */
  visitor(): Ctx;
  job(): Ctx;
  hire(name: string, role: BuiltInRole, more?: More): Promise<Person>;
}

export interface More {
  readonly unverified?: true;
  /** Their session has proved no second factor. */
  readonly withoutFactor?: true;
}

export interface Person {
  readonly id: string;
  readonly name: string;
  readonly address: string;
  readonly sessionId: string;
  /** A new request of this person, for one permission as its route would ask for it. */
  as(permission?: string | null, sessionId?: string, demand?: Partial<Demand>): Ctx;
}

/** Of everyone who is hired. */
export const PASSWORD = "Quiet-harbour-42-lanterns";

interface Lasting {
  after(fn: () => Promise<void>): void;
}

/** `jobs` are taken in, and worked on only when `working`; without any, the queue is not started. */
export async function openStage(
  t: Lasting,
  options: { env?: Record<string, string>; jobs?: readonly JobSpec[]; working?: boolean } = {},
): Promise<Stage> {
  // Dropped below, once nobody is connected any more.
  const database = await testDatabase({ after: () => {} });
  const home = mkdtempSync(join(tmpdir(), "vouchsafe-home-"));
  const read = readConfig(options.env ?? {}, home);
  if (!("config" in read)) throw new Error("the test's configuration is not valid");
  const lines: string[] = [];
  let ahead = 0;
  const system = await openSystem({
    config: read.config,
    log: openLog("debug", { write: (line) => void lines.push(line) }),
    version: "0.0.0",
    urls: { app: database.url("vouchsafe_app"), jobs: database.url("vouchsafe_jobs") },
    soleProcess: true,
    env: {},
    clock: () => new Date(Date.now() + ahead),
  });
  t.after(async () => {
    await system.close();
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });
  const jobs = options.jobs ?? [];
  if (jobs.length > 0)
    await system.jobs.start(
      system,
      options.working ? jobs : jobs.map((spec) => ({ ...spec, concurrency: 0 })),
    );
  return {
    system,
    database,
    home,
    log: () => lines.join(""),
    pass: (milliseconds) => {
      ahead += milliseconds;
    },
    company: (slug, kind = "customer") => openCompany(system, slug, kind),
  };
}

async function openCompany(system: System, slug: string, kind: TenantKind): Promise<Company> {
  const id = newId();
  await system.keyring.create(id);
  const job = () => jobContext(system, { tenantId: id, slug });
  await unit(job(), (ctx) => insertTenant(ctx, kind, `Company ${slug}`));
  const visitor = (): Ctx => ({
    ...job(),
    actor: { kind: "visitor" },
    origin: { ip: "198.51.100.7", userAgent: "test" },
  });
  return { id, slug, job, visitor, hire: (name, role, more) => hire(job(), visitor, name, role, more) };
}

let phc: Promise<string> | null = null;

async function hire(
  job: Ctx,
  visitor: () => Ctx,
  name: string,
  role: BuiltInRole,
  more: More = {},
): Promise<Person> {
  const { tenant } = job;
  if (!tenant) throw new Error("a company has a tenant");
  const keys = await job.system.keyring.tenant(tenant.id);
  const id = newId();
  const address = `${name.toLowerCase()}@${tenant.slug}.example`;
  phc ??= hashPassword(PASSWORD);
  const hash = await phc;
  const add = async (ctx: Ctx) => {
    await write(
      ctx,
      db.insertInto("member").values({
        tenant_id: tenant.id,
        member_id: id,
        address_hash: addressHash(keys, address),
        address: keys.seal(addressCell(id), address),
        name: keys.seal(nameCell(id), name),
        password: keys.seal(passwordCell(id), hash),
        role,
        verified_at: more.unverified ? null : ctx.clock(),
      }),
    );
    return more.unverified ? "" : (await startSession(ctx, id, more.withoutFactor ? null : "totp")).sessionId;
  };
  const first = await unit({ ...job, origin: visitor().origin }, add);
  return {
    id,
    name,
    address,
    sessionId: first,
    as: (permission = "account.use", sessionId = first, demand = {}) => ({
      ...visitor(),
      actor: { kind: "member", memberId: id, sessionId },
      demand: { ...noDemand, permission, ...demand },
    }),
  };
}

/** Signs in whoever has set up no second factor; the session counts as if they had proved one. */
export async function signedIn(visitor: Ctx, address: string, password = PASSWORD): Promise<OpenSession> {
  const slug = visitor.tenant?.slug ?? "";
  const signed = await signIn(visitor, address, password, slug, await solution(visitor, slug));
  if (signed.state !== "open") throw new Error("a second factor is asked for");
  const { memberId, sessionId } = signed.session;
  const member: Ctx = {
    ...visitor,
    actor: { kind: "member", memberId, sessionId },
    demand: accountDemand,
    standing: { current: null },
  };
  await unit(member, (inner) => proveFactor(inner, "totp"));
  return signed.session;
}

/** The events of a tenant's audit log, oldest first, as the superuser sees them. */
export function eventsOf(stage: Stage, tenantId: string): Promise<string[]> {
  return asSuperuser(stage.database, async (client) => {
    const { rows } = await client.query<{ event: string }>(
      "select event from audit.entry where tenant_id = $1 order by at, xmin::text::bigint",
      [tenantId],
    );
    return rows.map((r) => r.event);
  });
}

/** Moves the clock by which the database judges what is old enough to go, which is never the application's. */
export async function moveDatabaseClock(stage: Stage, milliseconds: number): Promise<void> {
  await asSuperuser(stage.database, (client) =>
    client.query(
      `create or replace function kernel.moment() returns timestamptz language sql volatile
         set search_path = pg_catalog, pg_temp
         return clock_timestamp() + interval '${Math.round(milliseconds)} milliseconds'`,
    ),
  );
}

/** Works with a connection that no policy binds. */
export async function asSuperuser<T>(
  database: TestDatabase,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(database.url("postgres"));
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * The stage's system with a database whose connection breaks each time after it has received a COMMIT and before
 * its answer can be read: what was done stays done, and nobody has heard of it.
 */
export function answerOfCommitLost(stage: Stage, t: Lasting): System {
  const pool = openPool(stage.database.url("vouchsafe_app"), stage.system.log, { name: "lossy", max: 1 });
  t.after(() => pool.end());
  pool.on("connect", (client) => {
    const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
    const write = stream.write.bind(stream) as (bytes: Buffer) => boolean;
    stream.write = ((bytes: Buffer) => {
      // A new connection has not prepared the statement yet, so its text goes over the wire.
      if (bytes.includes("\0commit\0")) {
        stream.pause();
        setTimeout(() => stream.destroy(), 300);
      }
      return write(bytes);
    }) as typeof stream.write;
  });
  return { ...stage.system, pool };
}

/**
 * Lets several requests meet at one row, however fast each of them is: holds the row that `lock` selects, begins
 * them, and lets go once every one of them waits.
 */
export async function meetingAt<T>(
  stage: Pick<Stage, "database">,
  lock: string,
  begin: readonly (() => Promise<T>)[],
): Promise<PromiseSettledResult<T>[]> {
  return asSuperuser(stage.database, async (client) => {
    await client.query("begin");
    await client.query(lock);
    const all = Promise.allSettled(begin.map((one) => one()));
    const waiting = async () => {
      // Within a transaction it would show the same again and again.
      await client.query("select pg_stat_clear_snapshot()");
      const { rows } = await client.query(
        "select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return rows[0]?.n === begin.length;
    };
    await until(waiting).finally(() => client.query("commit"));
    return all;
  });
}
