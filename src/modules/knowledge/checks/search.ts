import { createHash, randomBytes } from "node:crypto";
import { minutes } from "../../../kernel/clock.ts";
import type { Finding } from "../../../kernel/controls.ts";
import { jobContext } from "../../../kernel/jobs.ts";
import { finderOf } from "../../trust/controls/canaries.ts";
import { type Client, expectStatus } from "../../trust/stage/client.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Person } from "../../trust/stage/people.ts";
import { inPieces, total } from "../../trust/stage/pieces.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { shareWithAll, takeBackAll, upload, waitUntilReady } from "../../trust/stage/workspace.ts";
import { indexKeys } from "../index/keys.ts";
import { tidy } from "../index/tidying.ts";
import { tidyWhatWaits } from "../index/timer.ts";
import { GONE_WITHIN_HOURS } from "../index/tombstones.ts";
import { analyse } from "../search/analysis.ts";
import { depths, type IndexKeys, postingCell, rowsOf } from "../search/keys.ts";
import { openSegment } from "../search/segment.ts";

/** The index holds keyed hashes and ciphertext, bound to their place; and a search finds what its reader may see. */
export const searchCheck = inPieces(
  fill,
  {
    database: whatTheDatabaseSees,
    moved,
    readers: everyPairing,
    "at-once": (_, shelf) => atOnce(shelf),
    gone: goneInTime,
  },
  (counts, { documents, readers }) => ({
    summary: `${documents.length} documents, ${readers.length} readers, ${total(counts)} checks`,
  }),
);

// Words that no other check uses; the same in every document, so that each search could find all of them.
const COMMON = word();
const WORDS = [COMMON, word(), word(), word()];

function word(): string {
  const letters = "bcdfghjklmnprtvwz";
  return [...randomBytes(14)].map((b) => letters[b % letters.length]).join("");
}

interface Shelf {
  readonly readers: readonly { readonly person: Person; readonly company: string }[];
  readonly documents: readonly {
    readonly id: string;
    readonly owner: Person;
    readonly company: string;
    readonly shared: boolean;
  }[];
}

/** In both companies: three people's private documents and one that is shared, all of the same words. */
async function fill(stage: Stage): Promise<Shelf> {
  const text = Buffer.from(`The ${WORDS.join(" and the ")} stand by the door.\n`);
  const documents: Shelf["documents"][number][] = [];
  await Promise.all(
    [stage.a, stage.b].map(async ({ slug, people }) => {
      const owners = [people.owner[0], people.admin[0], people.manager[0], people.manager[1]];
      await Promise.all(
        owners.map(async (owner, i) => {
          const shared = i === 2;
          const files = [
            { name: "Private.txt", bytes: text },
            ...(shared ? [{ name: "Shared.txt", bytes: text }] : []),
          ];
          const [own, ours] = await upload(owner.client, files);
          if (own) documents.push({ id: own.id, owner, company: slug, shared: false });
          if (ours) {
            await shareWithAll(owner.client, "document", ours.id);
            documents.push({ id: ours.id, owner, company: slug, shared: true });
          }
          await waitUntilReady(
            owner.client,
            [own, ours].flatMap((d) => (d ? [d.id] : [])),
          );
        }),
      );
    }),
  );
  const readers = [stage.a, stage.b].flatMap(({ slug, people }) =>
    Object.values(people)
      .flat()
      .map((person) => ({ person, company: slug })),
  );
  return { readers, documents };
}

async function whatTheDatabaseSees(stage: Stage): Promise<Finding[]> {
  const terms = WORDS.flatMap((w) => analyse(w).map((token) => token.term));
  const find = finderOf([...WORDS, ...terms]);
  const findings: Finding[] = [];
  const hashes = new Map<string, Set<string>>();
  await stage.sql("postgres", async (client) => {
    for (const table of [
      "index_posting",
      "index_segment",
      "index_tombstone",
      "passage",
      "document",
    ] as const) {
      const { rows } = await client.query<{ row: string }>(ROWS[table]);
      const found = find(Buffer.from(rows.map((r) => r.row).join("\n")));
      findings.push(
        finding(
          found.length === 0 && (rows.length > 0 || table === "index_tombstone"),
          `rows of ${table}`,
          "whoever copies the database",
          found.join("; ") || `${rows.length} rows, none of the words`,
        ),
      );
    }
    for (const company of [stage.a, stage.b]) {
      const { rows } = await client.query<{ hash: string }>(
        "select distinct encode(term_hash, 'hex') as hash from index_posting where tenant_id = $1",
        [company.id],
      );
      hashes.set(company.id, new Set(rows.map((r) => r.hash)));
    }
    // Words that are rare share a row, under the first bits of their hashes: those say nothing, and may be equal.
    const { rows: both } = await client.query<{ n: string }>(
      `select count(*) as n from index_posting x join index_posting y on x.term_hash = y.term_hash and x.tenant_id < y.tenant_id
        where right(encode(x.term_hash, 'hex'), 16) <> repeat('0', 16)`,
    );
    findings.push(
      finding(
        both[0]?.n === "0",
        "the same words in two companies",
        "whoever copies the database",
        `${both[0]?.n} equal hashes`,
      ),
    );
  });
  // The positive control: both companies' indexes do hold the words, under the hashes that their own keys give.
  for (const company of [stage.a, stage.b]) {
    const keys = indexKeys(await stage.server.system.keyring.tenant(company.id));
    const own = hashes.get(company.id) ?? new Set();
    const hashOf = (term: string) => keys.hash(term).toString("hex");
    const there = terms.filter((term) => rowsOf(hashOf(term), depths).some((row) => own.has(row))).length;
    findings.push(
      finding(
        there === terms.length,
        "the words' keyed hashes",
        `the index of ${company.name}`,
        `${there} of ${terms.length} there`,
      ),
    );
    const theirs = indexKeys(await stage.server.system.keyring.tenant(otherOf(stage, company.id)));
    findings.push(
      finding(
        terms.every((term) => hashOf(term) !== theirs.hash(term).toString("hex")),
        "the keyed hash of a word",
        `${company.name} and the other company`,
        "not equal",
      ),
    );
    const guessed = terms.flatMap((term) =>
      ["sha256", "sha1", "md5"].map((name) => createHash(name).update(term).digest("hex").slice(0, 24)),
    );
    const unkeyed = guessed.filter((hash) => own.has(hash)).length;
    findings.push(
      finding(
        unkeyed === 0,
        "hashes that a dictionary would find",
        `the index of ${company.name}`,
        `${unkeyed} there`,
      ),
    );
  }
  return findings;
}

const otherOf = (stage: Stage, id: string): string => (stage.a.id === id ? stage.b.id : stage.a.id);

const ROWS = {
  index_posting: "select t::text as row from index_posting t",
  index_segment: "select t::text as row from index_segment t",
  index_tombstone: "select t::text as row from index_tombstone t",
  passage: "select t::text as row from passage t",
  document: "select t::text as row from document t",
} as const;

/** A posting opens in its own place, and in no other: workspace, segment, word. */
async function moved(stage: Stage): Promise<Finding[]> {
  const { keyring } = stage.server.system;
  const a = indexKeys(await keyring.tenant(stage.a.id));
  const b = indexKeys(await keyring.tenant(stage.b.id));
  const rows: { segment: string; hash: string; body: Buffer }[] = [];
  await stage.sql("postgres", async (client) => {
    const found = await client.query<{ segment: string; hash: string; body: Buffer }>(
      `select s.segment_id as segment, encode(p.term_hash, 'hex') as hash, p.body from index_posting p
          join index_segment s on s.tenant_id = p.tenant_id and s.segment_no = p.segment_no
         where p.tenant_id = $1 and s.state = 'live' limit 5`,
      [stage.a.id],
    );
    rows.push(...found.rows);
  });
  return rows.flatMap(({ segment, hash, body }) => {
    const otherHash = `${hash.slice(0, -1)}${hash.endsWith("0") ? "1" : "0"}`;
    const cases: [string, IndexKeys, ReturnType<typeof postingCell>, boolean][] = [
      ["in its place", a, postingCell(segment, hash), true],
      ["in another workspace", b, postingCell(segment, hash), false],
      ["in another segment", a, postingCell(stage.b.owner.id, hash), false],
      ["under another word", a, postingCell(segment, otherHash), false],
    ];
    return cases.map(([what, keys, cell, right]) => {
      const opens = canOpen(keys, cell, body);
      return finding(
        opens === right,
        `a posting, ${what}`,
        "the keys of the workspace it is in",
        opens ? "opens" : "does not open",
      );
    });
  });
}

function canOpen(keys: IndexKeys, cell: ReturnType<typeof postingCell>, body: Buffer): boolean {
  try {
    keys.open(cell, body);
    return true;
  } catch {
    return false;
  }
}

async function everyPairing(stage: Stage, { readers, documents }: Shelf): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const { person, company } of readers) {
    const allowed = documents
      .filter((d) => d.company === company && (d.shared || d.owner.id === person.id))
      .map((d) => d.id);
    for (const q of [COMMON, `"${WORDS[0]} and the ${WORDS[1]}"`, `${WORDS.join(" ")} door`]) {
      const found = await search(person, q);
      const extra = found.filter((id) => !allowed.includes(id)).length;
      const missing = allowed.filter((id) => !found.includes(id)).length;
      findings.push(
        finding(
          extra === 0 && missing === 0,
          q.startsWith('"') ? "GET /search, a phrase" : "GET /search",
          `${person.role} of ${company}`,
          `${found.length} found, ${extra} too many, ${missing} missing`,
        ),
      );
    }
  }
  const { status } = await stage.founder.operator.client.call("GET", `search?q=${COMMON}`);
  findings.push(finding(status === 403, "GET /search", "the operator", String(status)));
  return findings;
}

async function search(person: Person, q: string): Promise<string[]> {
  const { json } = await person.client.call("GET", `search?limit=50&q=${encodeURIComponent(q)}`);
  const items = (json?.items ?? []) as { document: { id: string }; text: string }[];
  return [...new Set(items.filter(({ text }) => text.includes(COMMON)).map(({ document }) => document.id))];
}

/** How many documents a search of this person goes through. */
async function searched(person: Person): Promise<number> {
  const { json } = await person.client.call("GET", `search?q=${COMMON}`);
  return Number(json?.documents);
}

/** Something private is shared with a colleague who has just searched, and taken back: each counts at once. */
async function counted(owned: Shelf["documents"][number], colleague: Person): Promise<Finding[]> {
  const before = await searched(colleague);
  await shareWithAll(owned.owner.client, "document", owned.id);
  const [during, found] = [await searched(colleague), (await search(colleague, COMMON)).includes(owned.id)];
  await takeBackAll(owned.owner.client, "document", owned.id);
  const after = await searched(colleague);
  return [
    finding(
      found && during === before + 1 && after === before,
      "how many documents are searched, before and while and after one more is shared",
      `${colleague.role} of ${owned.company}`,
      `${before}, ${during}, ${after}; it is ${found ? "found" : "not found"} meanwhile`,
    ),
  ];
}

/** What is taken back is gone from the very next search, long before the index is rewritten. */
async function atOnce({ readers, documents }: Shelf): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const company of new Set(documents.map((d) => d.company))) {
    const owned = documents.find((d) => d.company === company && !d.shared);
    const viewer = readers.find((r) => r.company === company && r.person.role === "viewer")?.person;
    if (owned && viewer) findings.push(...(await counted(owned, viewer)));
  }
  for (const shared of documents.filter((d) => d.shared)) {
    const colleague = readers.find((r) => r.company === shared.company && r.person.role === "viewer")?.person;
    if (!colleague) throw new Error("nobody to search");
    const step = async (
      what: string,
      who: Person,
      expected: boolean,
      change: () => Promise<{ status: number }>,
    ) => {
      const { status } = await change();
      const found = (await search(who, COMMON)).includes(shared.id);
      findings.push(
        finding(
          found === expected && status < 300,
          what,
          `${who.role} of ${shared.company}`,
          found ? "found" : "not found",
        ),
      );
    };
    const { client } = shared.owner;
    const path = `documents/${shared.id}`;
    const give = () => shareWithAll(client, "document", shared.id);
    const takeBack = () => takeBackAll(client, "document", shared.id);
    await step("a document that is shared", colleague, true, give);
    await step("a document that was taken back", colleague, false, takeBack);
    await step("a document that was taken back", shared.owner, true, give);
    await step("a document that is shared again", colleague, true, give);
    await step("a document that was deleted", colleague, false, () => client.call("DELETE", path));
    await step("a document that was deleted", shared.owner, false, () => client.call("GET", "session"));
  }
  return findings;
}

/**
 * What was deleted is gone from every segment within the bound: the product's own timer and jobs, at a clock that is the
 * bound ahead. What was not deleted is there still, and found.
 */
async function goneInTime(stage: Stage, { documents }: Shelf): Promise<Finding[]> {
  const { system } = stage.server;
  const ahead = minutes(GONE_WITHIN_HOURS * 60);
  const later = { ...system, clock: () => new Date(system.clock().getTime() + ahead) };
  await Promise.all([stage.a, stage.b].map(({ people }) => intoTheBin(people.manager[0].client)));
  const before = await spokenOf(stage);
  await tidyWhatWaits(later);
  for (const { id, slug } of [stage.a, stage.b]) {
    await tidy(
      { ...jobContext(later, { tenantId: id, slug }), clock: later.clock },
      Number.POSITIVE_INFINITY,
    );
  }
  const after = await spokenOf(stage);
  const findings: Finding[] = [];
  for (const { name, id } of [stage.a, stage.b]) {
    const dead = (seen: typeof after) => seen.get(id)?.dead ?? Number.NaN;
    findings.push(
      finding(
        // Where nothing was spoken of, nothing could go.
        dead(before) > 0 && dead(after) === 0 && (after.get(id)?.living ?? 0) > 0,
        `a deleted document, ${GONE_WITHIN_HOURS} hours later`,
        `all segments of ${name}`,
        `${dead(before)} were spoken of before, ${dead(after)} after, beside ${after.get(id)?.living} that are there`,
      ),
    );
  }
  const kept = documents.find((d) => !d.shared);
  if (!kept) throw new Error("nothing was kept");
  const found = (await search(kept.owner, COMMON)).includes(kept.id);
  findings.push(
    finding(found, "a document that was not deleted", kept.company, found ? "found" : "not found"),
  );
  return findings;
}

async function intoTheBin(client: Client): Promise<void> {
  const bytes = Buffer.from(`The ${WORDS.join(" and the ")} stood by the door.\n`);
  const [gone] = await upload(client, [{ name: "Gone.txt", bytes }]);
  if (!gone) throw new Error("nothing was uploaded");
  await waitUntilReady(client, [gone.id]);
  expectStatus(await client.call("DELETE", `documents/${gone.id}`), 204, "deleting a document");
}

/** How many documents the rows of a company's index speak of: such as are there, and such as are gone. */
async function spokenOf(stage: Stage): Promise<Map<string, { living: number; dead: number }>> {
  const counts = new Map<string, { living: number; dead: number }>();
  await stage.sql("postgres", async (client) => {
    for (const { id } of [stage.a, stage.b]) {
      const segments = await client.query<{ segment_id: string; stats: Buffer }>(
        "select segment_id, stats from index_segment where tenant_id = $1 and octet_length(stats) > 0",
        [id],
      );
      const there = await client.query<{ document_no: number }>(
        "select document_no from document where tenant_id = $1 and deleted_at is null",
        [id],
      );
      const alive = new Set(there.rows.map((row) => row.document_no));
      const keys = indexKeys(await stage.server.system.keyring.tenant(id));
      const numbers = new Set(
        segments.rows.flatMap((s) => [...openSegment(s.segment_id, s.stats, keys).documents]),
      );
      const living = [...numbers].filter((no) => alive.has(no)).length;
      counts.set(id, { living, dead: numbers.size - living });
    }
  });
  return counts;
}
