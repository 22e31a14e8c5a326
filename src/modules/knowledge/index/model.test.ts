/**
 * The index against a plain list in memory: adds, deletes, renames, new versions, shares, merges, crashes and two
 * processes at once, in an order that a seed decides. A few hundred steps in every run of the tests; for more:
 *
 *     STEPS=10000 SEED=7 node bin/test.ts knowledge/index/model
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sql } from "kysely";
import { dyingSystem } from "../../../../test/support/faults.ts";
import { type Member, openStand, type Workspace } from "../../../../test/support/knowledge.ts";
import { addTexts, replaceText } from "../../../../test/support/library.ts";
import { minutes } from "../../../kernel/clock.ts";
import { type Ctx, keysOf, tenantOf } from "../../../kernel/context.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import { renameDocument } from "../documents/service.ts";
import { openSegment } from "../search/segment.ts";
import { findPassages } from "../service.ts";
import { indexDocuments } from "./indexing.ts";
import { indexKeys } from "./keys.ts";
import { tidyIndex } from "./tidying.ts";
import { tidyWhatWaits } from "./timer.ts";
import { GONE_WITHIN_HOURS } from "./tombstones.ts";

const STEPS = Number(process.env.STEPS ?? 250);
const SEED = Number(process.env.SEED ?? 20261122);

/** What ought to be found. */
interface Doc {
  readonly owner: Member;
  name: string;
  passages: string[];
  binned: boolean;
  readonly sharedWith: Set<string>;
}

test(`the index is what a list in memory is: ${STEPS} steps, seed ${SEED}`, async (t) => {
  const stand = await openStand(t);
  const world = await openWorld(stand.system, await stand.workspace("harrow"));
  const other = await openWorld(stand.system, await stand.workspace("bexley"));
  await other.step();
  for (let done = 0; done < STEPS; done++) {
    await (random() < 0.05 ? other : world).step();
    if (process.env.STEPS && done % 500 === 499)
      t.diagnostic(`${done + 1} steps, ${world.count()} documents`);
  }
  assert.ok(seen.hits > STEPS / 2 && seen.crashes > STEPS / 50, JSON.stringify(seen));
  t.diagnostic(JSON.stringify(seen));
  for (const one of [world, other]) {
    await one.settle();
    await one.checkAll();
    await one.checkRows();
  }
});

// So that a run which found nothing, or in which nobody crashed, is seen.
const seen = { hits: 0, crashes: 0 };

let state = SEED >>> 0;
// mulberry32
function random(): number {
  state = (state + 0x6d2b79f5) >>> 0;
  let z = state;
  z = Math.imul(z ^ (z >>> 15), z | 1);
  z ^= z + Math.imul(z ^ (z >>> 7), z | 61);
  return ((z ^ (z >>> 14)) >>> 0) / 2 ** 32;
}
const below = (n: number): number => Math.floor(random() * n);
const one = <T>(of: readonly T[]): T => of[below(of.length)] as T;

// Words that nothing stems and that no two of are spelled alike.
const WORDS = Array.from({ length: 60 }, () =>
  Array.from({ length: 10 }, () => "bcdfghjkmnpqrtvwxz"[below(18)]).join(""),
);
// A few are everywhere.
const aWord = (): string => one(random() < 0.3 ? WORDS.slice(0, 4) : WORDS);
const words = (count: number): string => Array.from({ length: count }, aWord).join(" ");

async function openWorld(real: System, workspace: Workspace) {
  const members = [
    await workspace.hire("Mara", "manager"),
    await workspace.hire("Omar", "manager"),
    await workspace.hire("Vera", "manager"),
  ];
  const docs = new Map<string, Doc>();
  let ahead = 0;
  const now = () => new Date(Date.now() + ahead);
  // Everything below happens at the time that this world has.
  const at = (ctx: Ctx, system: System = real): Ctx => ({
    ...ctx,
    clock: now,
    system: { ...system, clock: now },
  });
  const job = (system?: System) => at(workspace.job(), system);
  const change = (work: (ctx: Ctx) => Promise<unknown>) => unit(job(), work);
  const tenantId = workspace.tenant.id;
  const aDoc = (binned = false) => {
    const some = [...docs].filter(([, doc]) => doc.binned === binned);
    return some.length > 0 ? one(some) : null;
  };

  const add = async () => {
    // Not more and more of them: each has to be looked for.
    if (docs.size > 150) return remove();
    const owner = one(members);
    const texts = Array.from({ length: 1 + below(3) }, () => ({
      name: aWord(),
      passages: Array.from({ length: 1 + below(4) }, () => words(3 + below(20))),
    }));
    const ids = await addTexts(job(), owner.id, texts);
    for (const [i, id] of ids.entries()) {
      const { name = "", passages = [] } = texts[i] ?? {};
      docs.set(id, { owner, name, passages, binned: false, sharedWith: new Set() });
    }
  };
  const remove = async () => {
    const [id] = aDoc() ?? [];
    if (!id) return;
    await change((ctx) =>
      write(ctx, sql`delete from document where tenant_id = ${tenantId} and document_id = ${id}`),
    );
    docs.delete(id);
  };
  const bin = async () => {
    const [id, doc] = aDoc() ?? [];
    if (!id || !doc) return;
    await change(async (ctx) => {
      await write(
        ctx,
        sql`insert into binned (tenant_id, binned_id, kind, owner_id, deleted_by, deleted_at)
              values (${tenantId}, ${id}, 'document', ${doc.owner.id}, ${doc.owner.id}, ${now()})`,
      );
      await write(
        ctx,
        sql`update document set deleted_at = ${now()}, binned_id = ${id} where tenant_id = ${tenantId} and document_id = ${id}`,
      );
    });
    doc.binned = true;
  };
  const restore = async () => {
    const [id, doc] = aDoc(true) ?? [];
    if (!id || !doc) return;
    await change(async (ctx) => {
      await write(
        ctx,
        sql`update document set deleted_at = null, binned_id = null where tenant_id = ${tenantId} and document_id = ${id}`,
      );
      await write(ctx, sql`delete from binned where tenant_id = ${tenantId} and binned_id = ${id}`);
    });
    doc.binned = false;
  };
  const rename = async () => {
    const [id, doc] = aDoc() ?? [];
    if (!id || !doc) return;
    const name = aWord();
    await renameDocument(doc.owner.as("document.change"), id, name);
    doc.name = name;
  };
  const replace = async () => {
    const [id, doc] = aDoc() ?? [];
    if (!id || !doc) return;
    doc.passages = Array.from({ length: 1 + below(4) }, () => words(3 + below(20)));
    await replaceText(job(), id, doc.owner.id, { name: doc.name, passages: doc.passages });
  };
  const share = async () => {
    const [id, doc] = aDoc() ?? [];
    const whom = one(members).id;
    if (!id || !doc || doc.sharedWith.has(whom)) return;
    await change((ctx) =>
      write(
        ctx,
        sql`insert into share (tenant_id, share_id, document_id, member_id, access, created_by, created_at)
              values (${tenantId}, ${newId()}, ${id}, ${whom}, 'read', ${doc.owner.id}, ${now()})`,
      ),
    );
    doc.sharedWith.add(whom);
  };
  const unshare = async () => {
    const shared = [...docs].filter(([, doc]) => doc.sharedWith.size > 0);
    if (shared.length === 0) return;
    const [id, doc] = one(shared);
    const whom = one([...doc.sharedWith]);
    await change((ctx) =>
      write(
        ctx,
        sql`delete from share where tenant_id = ${tenantId} and document_id = ${id} and member_id = ${whom}`,
      ),
    );
    doc.sharedWith.delete(whom);
  };

  const index = (system?: System) => indexDocuments.run(job(system), tenantId, false);
  const tidy = (system?: System) => tidyIndex.run(job(system), tenantId, false);
  /** A process that dies somewhere on its way, and sometimes one beside it that does not. */
  const crash = async () => {
    const dying = dyingSystem(real, { at: 1 + below(40), when: one(["before", "after"]) });
    const work = one([index, tidy])(dying).catch(() => {
      seen.crashes += 1;
    });
    await Promise.all([work, random() < 0.3 ? one([index, tidy])() : undefined]);
  };
  const together = () => Promise.all([index(), index(), tidy(), check()].map((p) => p.catch(rethrow)));
  const wait = async () => {
    ahead += random() < 0.2 ? minutes(60 * 7) : minutes(6);
  };

  /** Which passages the list in memory says, of documents that the index has been told of. */
  const expected = async (reader: Member, of: (name: string, passage: string) => boolean) => {
    const [rows] = await read(
      job(),
      sql<{ id: string }>`select document_id as id from document
        where tenant_id = ${tenantId} and state = 'ready' and deleted_at is null`,
    );
    const found: string[] = [];
    for (const { id } of rows) {
      const doc = docs.get(id);
      if (!doc || (doc.owner !== reader && !doc.sharedWith.has(reader.id))) continue;
      doc.passages.forEach((passage, i) => {
        if (of(doc.name, passage)) found.push(`${id}/${i}`);
      });
    }
    return found.sort();
  };
  const found = async (reader: Member, q: string) => {
    const { items } = await findPassages(job(), reader.id, q, 1000);
    seen.hits += items.length;
    return items.map(({ document, passage }) => `${document.id}/${passage}`).sort();
  };
  const check = async () => {
    const reader = one(members);
    const word = aWord();
    const has = (text: string) => text.split(" ").includes(word);
    // What changes between the two looks is seen by a later step.
    const before = await expected(reader, (name, passage) => has(name) || has(passage));
    const answer = await found(reader, word);
    const after = await expected(reader, (name, passage) => has(name) || has(passage));
    if (before.join() === after.join()) assert.deepEqual(answer, after, `${word} for ${reader.id}`);
  };
  const phrase = async () => {
    const [, doc] = aDoc() ?? [];
    if (!doc) return;
    const said = one(doc.passages).split(" ").slice(0, 3).join(" ");
    const reader = one(members);
    const has = (text: string) => ` ${text} `.includes(` ${said} `);
    assert.deepEqual(await found(reader, `"${said}"`), await expected(reader, (_, passage) => has(passage)));
  };

  const steps: [number, () => Promise<unknown>][] = [
    [12, add],
    [4, remove],
    [4, bin],
    [4, restore],
    [5, rename],
    [5, replace],
    [6, share],
    [6, unshare],
    [12, () => index()],
    [4, () => tidy()],
    [10, crash],
    [4, together],
    [3, wait],
    [20, check],
    [3, phrase],
  ];
  const total = steps.reduce((sum, [weight]) => sum + weight, 0);

  return {
    count: () => docs.size,
    async step() {
      let at = below(total);
      for (const [weight, run] of steps) {
        at -= weight;
        if (at >= 0) continue;
        await run();
        return;
      }
    },
    /** A day passes, with the timer and no crashes. */
    async settle() {
      const waits = async () =>
        (
          await read(
            job(),
            sql`select from document where tenant_id = ${tenantId} and state = 'indexing' and deleted_at is null`,
          )
        )[0].length > 0;
      while (await waits()) await index();
      ahead += minutes(GONE_WITHIN_HOURS * 60);
      assert.ok((await tidyWhatWaits(job().system)) >= 0);
      await tidy();
    },
    async checkAll() {
      for (const reader of members) {
        for (const word of WORDS) {
          const has = (text: string) => text.split(" ").includes(word);
          const right = await expected(reader, (name, passage) => has(name) || has(passage));
          assert.deepEqual(await found(reader, word), right, word);
        }
      }
    },
    /** Every living passage is in one segment, and nothing else is anywhere. */
    async checkRows() {
      const [segments, tombs, strays, living] = await read(
        job(),
        sql<{ segment_id: string; state: string; stats: Buffer }>`
          select segment_id, state, stats from index_segment where tenant_id = ${tenantId}`,
        sql`select from index_tombstone where tenant_id = ${tenantId}`,
        sql`select from index_posting p where tenant_id = ${tenantId} and not exists (
              select from index_segment s where s.tenant_id = p.tenant_id and s.segment_no = p.segment_no and s.state = 'live')`,
        sql<{ document: number; passage: number }>`
          select d.document_no as document, p.index_no as passage from document d
            join passage p on p.tenant_id = d.tenant_id and p.version_id = d.version_id
            where d.tenant_id = ${tenantId} and d.deleted_at is null order by p.index_no`,
      );
      assert.deepEqual([...new Set(segments.map((s) => s.state))], living.length > 0 ? ["live"] : []);
      const keys = indexKeys(await keysOf(job()));
      const inside = segments.flatMap(({ segment_id, stats }) => {
        const { documents, passages } = openSegment(segment_id, stats, keys);
        return [...passages].map((passage, i) => ({ document: documents[i] ?? 0, passage }));
      });
      inside.sort((a, b) => a.passage - b.passage);
      assert.deepEqual(inside, living);
      assert.deepEqual([tombs.length, strays.length], [0, 0]);
      assert.equal(tenantOf(job()).id, tenantId);
    },
  };
}

function rethrow(error: unknown): void {
  // Of two that do the same at once, one may find that it was done.
  if (!(error instanceof Error) || error.name !== "Error") throw error;
}
