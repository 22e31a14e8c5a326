import { record } from "../src/kernel/audit.ts";
import type { Ctx } from "../src/kernel/context.ts";
import { db, prepare } from "../src/kernel/database/queries.ts";
import { unit, write } from "../src/kernel/database/unit.ts";
import { newId } from "../src/kernel/ids.ts";
import { contextOf, openInstallation } from "./installation.ts";
import { ownSeconds, secondsOfChildren } from "./processes.ts";
import { type Report, report, rounded, spread } from "./report.ts";

// As many at once as a few busy people; each changes a row of its own, so that none waits for another's lock.
const WRITERS = 4;

/**
 * `audit`: a unit of work that changes one row, with an entry in the audit log and without, in turn. On the database
 * alone, without HTTP; the database waits for the disk at each commit.
 */
export async function run({ rounds, seconds }: { rounds: number; seconds: number }): Promise<Report> {
  const installation = await openInstallation({ durable: true });
  try {
    const { system, postgres, founder } = installation;
    const company = await founder.found("harrow-finch", "Harrow & Finch", "Mara Osei");
    const ctx = await contextOf(system, company.owner, "document.change");
    const counters = Array.from({ length: WRITERS }, () => newId());
    await unit(ctx, async (inner) => {
      for (const counter of counters) {
        await write(
          inner,
          db.insertInto("tenant_counter").values({ tenant_id: company.id, counter, value: 0 }),
        );
      }
    });
    const measure = async (audited: boolean, length: number): Promise<Measured> => {
      const before = [ownSeconds(), await secondsOfChildren(postgres.pid)] as const;
      const { writes, perSecond } = await writeFor(ctx, counters, audited, length);
      const after = [ownSeconds(), await secondsOfChildren(postgres.pid)] as const;
      const each = (i: 0 | 1) => rounded((((after[i] ?? 0) - (before[i] ?? 0)) / writes) * 1e6, 1);
      return { perSecond, server: each(0), postgres: each(1) };
    };
    await measure(false, 1);
    await measure(true, 1);
    const pairs: { without: Measured; audited: Measured }[] = [];
    for (let i = 0; i < rounds; i++) {
      const without = await measure(false, seconds);
      pairs.push({ without, audited: await measure(true, seconds) });
    }
    const ratio = spread(
      pairs.map((p) => p.audited.perSecond / p.without.perSecond),
      3,
    );
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
    return report("audit", { at: "least", value: 0.75 }, ratio.median, BASELINE, {
      aim: 0.9,
      spread: ratio,
      audited: of("audited"),
      without: of("without"),
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
  "the same unit of work by the same member (begin, enter, change one row, commit) without the entry; the same " +
  "connections, synchronous commit on in both. Rounds alternate.";

const count = prepare(({ counter }: { counter: string }) =>
  db
    .updateTable("tenant_counter")
    .set((row) => ({ value: row("value", "+", 1) }))
    .where("counter", "=", counter),
);

async function writeFor(ctx: Ctx, counters: readonly string[], audited: boolean, seconds: number) {
  let writes = 0;
  const began = performance.now();
  const end = began + seconds * 1000;
  await Promise.all(
    counters.map(async (counter) => {
      while (performance.now() < end) {
        await unit(ctx, async (inner) => {
          await write(inner, count({ counter }));
          if (audited) {
            record(inner, {
              event: "document.changed",
              resource: { type: "document", id: counter },
              changes: { visibility: ["private", "tenant"] },
            });
          }
        });
        writes++;
      }
    }),
  );
  return { writes, perSecond: rounded(writes / ((performance.now() - began) / 1000), 1) };
}
