import pg from "pg";
import { keysOf } from "../../../../kernel/context.ts";
import { type Finding, type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import type { Cell } from "../../../../kernel/crypto/tenant-keys.ts";
import { jobContext } from "../../../../kernel/jobs.ts";
import { exceptedColumns } from "../../../trust/controls/exceptions.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { ask, upload, waitUntilReady } from "../../../trust/stage/workspace.ts";
import {
  isUnchangeable,
  type SealedColumn,
  type SealedValue,
  type Sealer,
  sealedValues,
  sealerOf,
} from "../sealed.ts";

/** Of a column so many values are opened, the first ones by key. */
const LOOKED_AT = 200;

/** Every column of bytes in the database: sealed, and bound to its place, or a hash that is published by name. */
export async function checkFields(stage: Stage): Promise<Outcome> {
  await fill(stage);
  const columns = await byteColumns(stage);
  const named = new Set(exceptedColumns());
  const findings: Finding[] = [];
  const sealed: string[] = [];
  let values = 0;
  for (const column of columns) {
    if (named.has(nameOf(column))) {
      findings.push(
        finding(
          column.sealed === 0,
          nameOf(column),
          "published as a hash",
          column.sealed === 0 ? "holds nothing sealed" : "holds sealed values",
        ),
      );
      continue;
    }
    if (column.filled > column.sealed) {
      findings.push(
        finding(
          false,
          nameOf(column),
          "whoever copies the database",
          `${column.filled - column.sealed} values are neither sealed nor a published hash`,
        ),
      );
      continue;
    }
    if (!column.ofTenant) {
      // The installation's own, under its own key: sealed as well, and opened at each start.
      findings.push(
        finding(true, nameOf(column), "of the installation", `${column.sealed} values, all sealed`),
      );
      continue;
    }
    if (!isUnchangeable(column)) {
      findings.push(
        finding(
          column.renewable,
          nameOf(column),
          "a new data key",
          column.renewable ? "can be sealed again" : "the application may not seal it again",
        ),
      );
    }
    const looked = await lookAt(stage, column);
    values += looked.opened;
    findings.push(...looked.findings);
    if (looked.opened > 0) sealed.push(nameOf(column));
  }
  findings.push(
    finding(
      sealed.length >= 15 && values >= 50,
      "columns that hold something sealed",
      "both companies and the operator",
      `${sealed.length} of ${columns.length}, ${values} values opened`,
    ),
  );
  return outcomeOf(
    findings,
    `${columns.length} columns of bytes read from the database's own catalog, ${values} values opened and moved`,
    findings.length + values,
  );
}

interface ByteColumn extends SealedColumn {
  readonly filled: number;
  readonly sealed: number;
  readonly ofTenant: boolean;
  readonly renewable: boolean;
}

const nameOf = ({ place, column }: SealedColumn): string => `${place.replace(/^public\./, "")}.${column}`;

/** Something in the columns that a company fills by working. */
async function fill(stage: Stage): Promise<void> {
  const { client } = stage.a.owner;
  const [document] = await upload(client, [
    { name: "Mooring.txt", bytes: Buffer.from("The mooring is let to Idris.\n") },
  ]);
  await waitUntilReady(client, [document?.id ?? ""]);
  await ask(client, "Who is the mooring let to?");
  await client.call("POST", "folders", { body: { name: "Moorings", parent: null } });
  await client.call("POST", "groups", { body: { name: `Berths ${Date.now()}` } });
}

async function byteColumns({ server }: Stage): Promise<ByteColumn[]> {
  const client = new pg.Client(server.databaseUrl("postgres"));
  await client.connect();
  try {
    const { rows } = await client.query<ByteColumn>(
      `select format('%I.%I', n.nspname, c.relname) as place, a.attname as column,
              (x.counts)[1]::int as filled, (x.counts)[2]::int as sealed,
              exists (select from pg_attribute t where t.attrelid = c.oid and t.attname = 'tenant_id' and not t.attisdropped)
                and n.nspname in ('public', 'audit') as "ofTenant",
              has_column_privilege('vouchsafe_app', c.oid, a.attnum, 'update') as renewable
         from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
         cross join lateral (
           select array[(xpath('//filled/text()', r.x))[1]::text, (xpath('//sealed/text()', r.x))[1]::text] as counts
             from (select query_to_xml(format(
               'select count(%1$I) as filled, count(*) filter (where octet_length(%1$I) >= 33 and get_byte(%1$I, 0) = 1) as sealed from %2$I.%3$I',
               a.attname, n.nspname, c.relname), false, true, '') as x) r) x
         where c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped and a.atttypid = 'bytea'::regtype
           and n.nspname in ('public', 'audit', 'directory', 'platform')
         order by 1, 2`,
    );
    return rows;
  } finally {
    await client.end();
  }
}

/** Opens the values of one column in every workspace, and tries each in places where it does not belong. */
async function lookAt(stage: Stage, column: SealedColumn): Promise<{ opened: number; findings: Finding[] }> {
  const { system } = stage.server;
  const operator = (await system.directory.tenantBySlug("operator")) ?? "";
  const [a, b] = [stage.a.id, stage.b.id];
  let opened = 0;
  const wrong = new Set<string>();
  for (const tenantId of [a, b, operator]) {
    const ctx = jobContext(system, { tenantId, slug: "" });
    const values = await sealedValues(ctx, column, null, LOOKED_AT);
    if (values.length === 0) continue;
    const sealer = await sealerOf(ctx, await keysOf(ctx), column);
    const otherId = tenantId === a ? b : a;
    const foreign = await sealerOf(ctx, await system.keyring.tenant(otherId), column);
    for (const value of values) {
      for (const what of misplaced(value, sealer, foreign)) wrong.add(what);
      opened++;
    }
  }
  const got =
    wrong.size === 0 ? `${opened} open in their own place, and nowhere else` : [...wrong].join("; ");
  return {
    opened,
    findings: opened > 0 ? [finding(wrong.size === 0, nameOf(column), "the server", got)] : [],
  };
}

/** What is wrong with one value: it must open in its cell, and in no other row, column, table or workspace. */
function misplaced({ key, sealed }: SealedValue, own: Sealer, foreign: Sealer): string[] {
  const cell = own.cell(key);
  const opens = (sealer: Sealer, where: Cell) => {
    try {
      sealer.open(where, sealed).fill(0);
      return true;
    } catch {
      return false;
    }
  };
  return [
    ...(opens(own, cell) ? [] : ["does not open in its own cell"]),
    ...(opens(own, { ...cell, row: `${cell.row}0` }) ? ["opens in another row"] : []),
    ...(opens(own, { ...cell, column: "other" }) ? ["opens in another column"] : []),
    ...(opens(own, { ...cell, table: "other" }) ? ["opens in another table"] : []),
    ...(opens(foreign, cell) ? ["opens for another workspace"] : []),
  ];
}
