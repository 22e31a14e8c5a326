import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { readConfig } from "../../src/kernel/config.ts";
import { type Ctx, noDemand, type Role } from "../../src/kernel/context.ts";
import { db } from "../../src/kernel/database/queries.ts";
import { unit, write } from "../../src/kernel/database/unit.ts";
import { newId } from "../../src/kernel/ids.ts";
import { type JobSpec, jobContext } from "../../src/kernel/jobs.ts";
import { openLog } from "../../src/kernel/log.ts";
import { openSystem } from "../../src/kernel/open-system.ts";
import type { System } from "../../src/kernel/system.ts";
import { assistantJobs } from "../../src/modules/assistant/jobs.ts";
import "../../src/modules/assistant/permissions.ts";
import { addressCell, nameCell } from "../../src/modules/identity/members.ts";
import { startSession } from "../../src/modules/identity/sessions/service.ts";
import { type Uploaded, uploadDocuments } from "../../src/modules/knowledge/documents/upload.ts";
import { knowledgeJobs } from "../../src/modules/knowledge/jobs.ts";
import { whoCanSee } from "../../src/modules/knowledge/sharing/access-list.ts";
import type { Kind } from "../../src/modules/knowledge/sharing/reach.ts";
import { endShare, share } from "../../src/modules/knowledge/sharing/shares.ts";
import "../../src/modules/knowledge/permissions.ts";
import { insertTenant } from "../../src/modules/tenancy/tenants/service.ts";
import { type TestDatabase, testDatabase } from "./postgres.ts";

export interface Workspace {
  readonly tenant: { readonly id: string; readonly slug: string };
  /** A member with a session; each call of the answer is a request of theirs. */
  hire(name: string, role: Role): Promise<Member>;
  /** As the queue would run it. */
  run(name: string, id: string, last?: boolean): Promise<void>;
  /** Reads and indexes everything that waits. */
  settle(...uploaded: { readonly id: string }[]): Promise<void>;
  readonly job: () => Ctx;
}

export interface Member {
  readonly id: string;
  readonly sessionId: string;
  /** A new request of this member, for one permission as its route would ask for it. */
  as(permission?: string): Ctx;
}

export interface Stand {
  readonly system: System;
  readonly database: TestDatabase;
  workspace(slug: string): Promise<Workspace>;
}

interface Lasting {
  after(fn: () => Promise<void>): void;
}

/** A system on a database of its own. Its queue takes jobs in, and works on them only when `working`. */
export async function openStand(
  t: Lasting,
  options: { working?: boolean; log?: string } = {},
): Promise<Stand> {
  // Dropped below, once nobody is connected any more.
  const database = await testDatabase({ after: () => {} });
  const home = mkdtempSync(join(tmpdir(), "vouchsafe-home-"));
  const read = readConfig({}, home);
  if (!("config" in read)) throw new Error("the test's configuration is not valid");
  const system = await openSystem({
    config: read.config,
    log: openLog(options.log ?? "silent"),
    version: "0.0.0",
    urls: { app: database.url("vouchsafe_app"), jobs: database.url("vouchsafe_jobs") },
    soleProcess: true,
    env: {},
  });
  t.after(async () => {
    await system.close();
    await database.drop();
    rmSync(home, { recursive: true, force: true });
  });
  const specs = [...knowledgeJobs, ...assistantJobs];
  await system.jobs.start(
    system,
    options.working ? specs : specs.map((spec) => ({ ...spec, concurrency: 0 })),
  );
  return { system, database, workspace: (slug) => openWorkspace(system, specs, slug) };
}

async function openWorkspace(system: System, specs: readonly JobSpec[], slug: string): Promise<Workspace> {
  const tenant = { id: newId(), slug };
  await system.keyring.create(tenant.id);
  const job = () => jobContext(system, { tenantId: tenant.id, slug });
  await unit(job(), (ctx) => insertTenant(ctx, "customer", slug));
  const run: Workspace["run"] = async (name, id, last = false) => {
    const spec = specs.find((s) => s.name === name);
    if (!spec) throw new Error(`no job is called ${name}`);
    await spec.run(job(), id, last);
  };
  return {
    tenant,
    job,
    run,
    hire: (name, role) => hire(system, tenant, job(), name, role),
    async settle(...uploaded) {
      for (const { id } of uploaded) await run("knowledge.read-document", id);
      await run("knowledge.index", tenant.id);
    },
  };
}

async function hire(
  system: System,
  tenant: Workspace["tenant"],
  job: Ctx,
  name: string,
  role: Role,
): Promise<Member> {
  const keys = await system.keyring.tenant(tenant.id);
  const id = newId();
  const address = `${name.toLowerCase()}@${tenant.slug}.example`;
  const sessionId = await unit(job, async (ctx) => {
    await write(
      ctx,
      db.insertInto("member").values({
        tenant_id: tenant.id,
        member_id: id,
        address_hash: keys.lookup("member.address", address),
        address: keys.seal(addressCell(id), address),
        name: keys.seal(nameCell(id), name),
        role,
        verified_at: new Date(),
      }),
    );
    return (await startSession(ctx, id, "totp")).sessionId;
  });
  const as = (permission = "document.read"): Ctx => ({
    ...jobContext(system, { tenantId: tenant.id, slug: tenant.slug }),
    actor: { kind: "member", memberId: id, sessionId },
    demand: { ...noDemand, permission },
    origin: { ip: "127.0.0.1", userAgent: "test" },
  });
  return { id, sessionId, as };
}

export type TestFile = { name: string; content: string | Uint8Array | Readable };

/** Uploads as the route does, in small pieces. */
export function upload(member: Member, ...files: TestFile[]): Promise<Uploaded> {
  async function* parts() {
    for (const { name, content } of files) {
      yield {
        name,
        stream: content instanceof Readable ? content : Readable.from(pieces(Buffer.from(content))),
      };
    }
  }
  return uploadDocuments(member.as("document.upload"), parts());
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

/** One document of a member, ready to be searched. */
export async function addReady(
  workspace: Workspace,
  member: Member,
  name: string,
  content: string,
): Promise<string> {
  const { items, refused } = await upload(member, { name, content });
  const [document] = items;
  if (!document) throw new Error(`refused: ${JSON.stringify(refused)}`);
  await workspace.settle(document);
  return document.id;
}

/** Shares something of a member's own with the whole workspace, to read. */
export async function openToAll(member: Member, kind: Kind, id: string): Promise<void> {
  const given = { with: { kind: "tenant", id: null }, access: "read" } as const;
  await share(member.as(`${kind}.share`), { kind, id }, given);
}

/** Takes back from the whole workspace what `openToAll` gave. */
export async function closeToAll(member: Member, kind: Kind, id: string): Promise<void> {
  const { shares } = await whoCanSee(member.as(`${kind}.see-access`), { kind, id });
  for (const one of shares) if (one.with.kind === "tenant") await endShare(member.as("share.end"), one.id);
}

/** Asks until it is so, for what a queue or a stream does in its own time. */
export async function until<T>(ask: () => Promise<T | null | undefined | false>, seconds = 20): Promise<T> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; ) {
    const answer = await ask();
    if (answer) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not happen in time");
}
