import { createHash } from "node:crypto";
import type pg from "pg";
import type { Checkpoint } from "../audit/log/note.ts";
import { nodesOf } from "../audit/log/sequencer.ts";
import { inclusionPath, remembered } from "../audit/log/tree.ts";
import type { Part } from "../backup/archive-writing.ts";
import { backupFailure } from "../backup/failure.ts";

// What shows that the entries of a workspace on its way are those that its old log has: for each its place, and the path
// to the root of a signed checkpoint. backup/FORMAT.md, "One workspace".

const AT_ONCE = 1000;
/** A thousand lines of at most 64 hashes. */
export const MOST_PROOF_BYTES = 4 * 1024 * 1024;
export const PROOF_NAME = /^audit\/proof-\d{6}$/;

/** In a snapshot: the places of all entries of a tenant, a thousand a file. */
export async function* proofParts(client: pg.Client, tenantId: string, size: number): AsyncGenerator<Part> {
  const tree = remembered(nodesOf(client));
  for (let file = 1, after = 0; ; file += 1) {
    const { rows } = await client.query<{ number: number; index: number }>(
      `select number::float8 as number, leaf_index::float8 as index from audit.place
         where tenant_id = $1 and number > $2 order by number limit ${AT_ONCE}`,
      [tenantId, after],
    );
    const last = rows.at(-1);
    if (!last) return;
    const lines: string[] = [];
    for (const { number, index } of rows) {
      const path = await inclusionPath(tree, index, size);
      lines.push([number, index, ...path.map((hash) => hash.toString("base64"))].join(" "));
    }
    const content = Buffer.from(`${lines.join("\n")}\n`);
    yield {
      file: `audit/proof-${String(file).padStart(6, "0")}`,
      bytes: content.length,
      content: (async function* () {
        yield content;
      })(),
    };
    after = last.number;
  }
}

/** Holds loaded entries against the proofs, file by file. Throws `damaged` for the first that is not as it was signed. */
export function proofReader(client: pg.Client, tenantId: string, { size, root }: Checkpoint) {
  let reached = 0;
  return {
    async read(text: string): Promise<void> {
      const lines = text.split("\n");
      if (lines.pop() !== "" || lines.length === 0 || lines.length > AT_ONCE) throw broken();
      const leaves = await leavesOf(client, tenantId, reached, lines.length);
      for (const [at, line] of lines.entries()) {
        const [number, index, ...path] = line.split(" ");
        const leaf = leaves[at];
        reached += 1;
        if (Number(number) !== reached || leaf?.number !== reached || Number(index) !== leaf.index)
          throw broken();
        const hashes = path.map((hash) => Buffer.from(hash, "base64"));
        if (!rootFrom(leaf.hash, leaf.index, size, hashes)?.equals(root)) throw broken();
      }
    },
    /** Every entry has had its proof, and none is there that has none. Answers how many. */
    async end(): Promise<number> {
      const { rows } = await client.query<{ entries: number; places: number; waiting: number }>(
        `select (select count(*)::float8 from audit.entry) as entries, (select count(*)::float8 from audit.place) as places,
                (select count(*)::float8 from audit.staged) as waiting`,
      );
      const [found] = rows;
      if (found?.entries !== reached || found.places !== reached || found.waiting !== 0) throw broken();
      return reached;
    },
  };
}

async function leavesOf(client: pg.Client, tenantId: string, after: number, most: number) {
  const { rows } = await client.query<{ number: number; index: number; hash: Buffer }>(
    `select p.number::float8 as number, p.leaf_index::float8 as index,
            sha256('\\x00'::bytea || 'vouchsafe-audit-leaf-1'::bytea || uuid_send(e.tenant_id) || int8send(p.number)
                   || audit.entry_hash(e)) as hash
       from audit.place p join audit.entry e on e.tenant_id = p.tenant_id and e.entry_id = p.entry_id
       where p.tenant_id = $1 and p.number > $2 order by p.number limit $3`,
    [tenantId, after, most],
  );
  return rows;
}

/** RFC 9162, section 2.1.3.2; null for a path of another length. */
export function rootFrom(leaf: Buffer, index: number, size: number, path: readonly Buffer[]): Buffer | null {
  if (!(index >= 0 && index < size)) return null;
  const node = (left: Buffer, right: Buffer) =>
    createHash("sha256").update(Buffer.of(1)).update(left).update(right).digest();
  let [at, last, root] = [index, size - 1, leaf];
  for (const hash of path) {
    if (last === 0) return null;
    if (at % 2 === 1 || at === last) {
      root = node(hash, root);
      while (at % 2 === 0 && at !== 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else root = node(root, hash);
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 ? root : null;
}

const broken = () =>
  backupFailure("damaged", "The log of this workspace is not the one that its old installation signed.");
