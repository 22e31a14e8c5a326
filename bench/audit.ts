import { record } from "../src/kernel/audit.ts";
import type { Ctx } from "../src/kernel/context.ts";
import { db, prepare } from "../src/kernel/database/queries.ts";
import { type Transaction, unit, write } from "../src/kernel/database/unit.ts";
import { newId } from "../src/kernel/ids.ts";
import { changeShare, share } from "../src/modules/knowledge/sharing/shares.ts";
import { upload, waitUntilReady } from "../src/modules/trust/stage/workspace.ts";
import { contextOf, openInstallation } from "./installation.ts";
import { ownSeconds, secondsOfChildren } from "./processes.ts";
import { type Report, report, rounded, spread } from "./report.ts";

// As many at once as a few busy people; each changes a row of its own, so that none waits for another's lock.
const WRITERS = 4;

/**
 * `audit`: a unit of work with its entry in the audit log and without, in turn; on the database alone, without HTTP.
 * Two writes: one of the product's own (a share gives more or less: look, lock, change), to which the bound applies,
 * and the smallest there is (one number counted up), to tell what an entry costs at worst.
 */
export async function run({ rounds, seconds }: { rounds: number; seconds: number }): Promise<Report> {
  const installation = await openInstallation({ durable: true });
  try {
    const { system, postgres, founder } = installation;
    const company = await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
    const { client } = company.owner;
    const ctx = await contextOf(system, company.owner, "document.change");
    const files = Array.from({ length: WRITERS }, (_, i) => ({
      name: `Dues ${i}.md`,
      bytes: Buffer.from("# Dues\n"),
    }));
    const documents = await waitUntilReady(
      client,
      (await upload(client, files)).map((d) => d.id),
    );
    const counters = await makeCounters(ctx, company.id);
    const given = { with: { kind: "tenant", id: null }, access: "read" } as const;
    const shares = await Promise.all(documents.map(({ id }) => share(ctx, { kind: "document", id }, given)));
    const sharing = shares.map(({ id }) => changeInTurn(id));
    const counting = counters.map((counter) => countUp(counter));
    const measure = (writes: readonly Write[], audited: boolean, length: number) =>
      measureWrites(ctx, postgres.pid, writes, audited, length);
    for (const writes of [sharing, counting]) {
      await measure(writes, false, 1);
      await measure(writes, true, 1);
    }
    const compare = async (writes: readonly Write[], times: number) => {
      const pairs: { without: Measured; audited: Measured }[] = [];
      for (let i = 0; i < times; i++) {
        const without = await measure(writes, false, seconds);
        pairs.push({ without, audited: await measure(writes, true, seconds) });
      }
      const of = (side: "without" | "audited") => ({
        perSecond: spread(
          pairs.map((p) => p[side].perSecond),
          0,
        ),
        serverMicroseconds: spread(
          pairs.map((p) => p[side].server),
          1,
        ),
        postgresMicroseconds: spread(
          pairs.map((p) => p[side].postgres),
          1,
        ),
      });
      return {
        ratio: spread(
          pairs.map((p) => p.audited.perSecond / p.without.perSecond),
          3,
        ),
        audited: of("audited"),
        without: of("without"),
      };
    };
    const { ratio, ...shared } = await compare(sharing, rounds);
    return report("audit", { at: "least", value: 0.75 }, ratio.median, BASELINE, {
      aim: 0.9,
      spread: ratio,
      ...shared,
      smallestWrite: await compare(counting, Math.ceil(rounds / 2)),
      rounds,
      writers: WRITERS,
    });
  } finally {
    await installation.close();
  }
}

interface Measured {
  readonly perSecond: number;
  /** Microseconds of processor time for each write. */
  readonly server: number;
  readonly postgres: number;
}

const BASELINE =
  "the same unit of work by the same member (begin, enter, the same statements, commit) without the entry; the same " +
  "connections, synchronous commit on in both. Rounds alternate.";

type Open = Ctx & { tx: Transaction };
type Write = (ctx: Open) => Promise<unknown>;

function changeInTurn(id: string): Write {
  let more = false;
  return (ctx) => {
    more = !more;
    return changeShare(ctx, id, more ? "write" : "read");
  };
}

function countUp(counter: string): Write {
  return async (ctx) => {
    await write(ctx, count({ counter }));
    record(ctx, {
      event: "document.changed",
      resource: { type: "document", id: counter },
      changes: { visibility: ["private", "tenant"] },
    });
  };
}

const count = prepare(({ counter }: { counter: string }) =>
  db
    .updateTable("tenant_counter")
    .set((row) => ({ value: row("value", "+", 1) }))
    .where("counter", "=", counter),
);

async function makeCounters(ctx: Ctx, tenantId: string): Promise<string[]> {
  const counters = Array.from({ length: WRITERS }, () => newId());
  await unit(ctx, async (inner) => {
    for (const counter of counters) {
      await write(inner, db.insertInto("tenant_counter").values({ tenant_id: tenantId, counter, value: 0 }));
    }
  });
  return counters;
}

async function measureWrites(
  ctx: Ctx,
  postgres: number,
  writes: readonly Write[],
  audited: boolean,
  seconds: number,
): Promise<Measured> {
  const used = async () => [ownSeconds(), (await secondsOfChildren(postgres)) ?? 0] as const;
  const before = await used();
  let done = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  await Promise.all(
    writes.map(async (work) => {
      for (; performance.now() < end; done++) {
        await unit(ctx, async (inner) => {
          await work(inner);
          // Recorded like any, and then not written.
          if (!audited) inner.tx.entries.length = 0;
        });
      }
    }),
  );
  const elapsed = (performance.now() - began) / 1000;
  const after = await used();
  const each = (i: 0 | 1) => rounded(((after[i] - before[i]) / done) * 1e6, 1);
  return { perSecond: rounded(done / elapsed, 1), server: each(0), postgres: each(1) };
}
