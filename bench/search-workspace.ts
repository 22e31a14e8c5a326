import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type { Ctx } from "../src/kernel/context.ts";
import { noDemand } from "../src/kernel/context.ts";
import { db } from "../src/kernel/database/queries.ts";
import { read, unit, write } from "../src/kernel/database/unit.ts";
import { newId } from "../src/kernel/ids.ts";
import { jobContext } from "../src/kernel/jobs.ts";
import type { System } from "../src/kernel/system.ts";
import { addressCell, nameCell } from "../src/modules/identity/members.ts";
import { startSession } from "../src/modules/identity/sessions/service.ts";
import { tidyIndex } from "../src/modules/knowledge/index/tidying.ts";
import { insertTenant } from "../src/modules/tenancy/tenants/service.ts";
import { addTexts, type Text } from "../test/support/library.ts";

/** A workspace with one member who owns everything in it, filled past HTTP and the reading of files. */
export interface SearchWorkspace {
  readonly tenantId: string;
  readonly memberId: string;
  /** A request of the member's. */
  ctx(): Ctx;
  /** Answers the documents' ids. */
  add(texts: readonly Text[]): Promise<string[]>;
  /** Waits for the product's own jobs to index and tidy all of it; `between` is called every few seconds. */
  index(between?: () => Promise<void>): Promise<void>;
}

const BETWEEN = 5_000;

export async function openSearchWorkspace(system: System, slug: string): Promise<SearchWorkspace> {
  const [tenantId, memberId] = [newId(), newId()];
  await system.keyring.create(tenantId);
  const keys = await system.keyring.tenant(tenantId);
  const job = () => jobContext(system, { tenantId, slug });
  await unit(job(), (ctx) => insertTenant(ctx, "customer", slug));
  const { sessionId } = await unit(job(), async (ctx) => {
    const address = `mara@${slug}.example`;
    await write(
      ctx,
      db.insertInto("member").values({
        tenant_id: tenantId,
        member_id: memberId,
        address_hash: keys.lookup("member.address", address),
        address: keys.seal(addressCell(memberId), address),
        name: keys.seal(nameCell(memberId), "Mara"),
        role: "owner",
        verified_at: new Date(),
      }),
    );
    return startSession(ctx, memberId, "totp");
  });
  const waits = async () =>
    (
      await read(
        job(),
        sql`select from document where tenant_id = ${tenantId} and state = 'indexing' limit 1`,
      )
    )[0].length > 0;
  return {
    tenantId,
    memberId,
    ctx: () => ({
      ...job(),
      actor: { kind: "member", memberId, sessionId },
      demand: { ...noDemand, permission: "search.use" },
      origin: { ip: "127.0.0.1", userAgent: "bench" },
    }),
    add: (texts) => addTexts(job(), memberId, texts),
    async index(between = async () => {}) {
      await unit(job(), (ctx) => ctx.system.jobs.enqueue(ctx, "knowledge.index", tenantId));
      let last = performance.now();
      while (await waits()) {
        await sleep(20);
        if (performance.now() - last < BETWEEN) continue;
        await between();
        last = performance.now();
      }
      await tidyIndex.run(job(), tenantId, false);
    },
  };
}
