import type pg from "pg";

/**
 * Prints the schema of a migrated database, read from its catalog: tables with their keys, row security and
 * policies, functions and grants. Made for reviewers, and compared with db/schema.sql in bin/ci.
 */
export async function dumpSchema(client: pg.ClientBase): Promise<string> {
  const parts = [
    "-- The schema as it is after every migration, read from the catalog of PostgreSQL 18.\n-- Written by `node src/main.ts check schema --write`; do not edit.\n",
  ];
  parts.push(...(await roles(client)));
  for (const schema of SCHEMAS) {
    const tables = await tablesOf(client, schema);
    const functions = await functionsOf(client, schema);
    if (tables.length + functions.length === 0) continue;
    parts.push(`\n-- ${"=".repeat(20)} ${schema} ${"=".repeat(20)}\n`, ...tables, ...functions);
  }
  return `${parts.join("\n").trimEnd()}\n`;
}

export const SCHEMAS = ["public", "audit", "platform", "directory", "kernel"] as const;

type Row = Record<string, string>;

async function rows(client: pg.ClientBase, sql: string, values: unknown[] = []): Promise<Row[]> {
  return (await client.query<Row>(sql, values)).rows;
}

async function roles(client: pg.ClientBase): Promise<string[]> {
  const found = await rows(
    client,
    `select rolname, rolsuper::text, rolbypassrls::text from pg_roles where rolname like 'vouchsafe\\_%' order by 1`,
  );
  return found.map(
    (r) =>
      `-- role ${r.rolname}: ${r.rolsuper === "true" ? "SUPERUSER" : "no superuser"}, ${r.rolbypassrls === "true" ? "BYPASSRLS" : "row security applies"}`,
  );
}

async function tablesOf(client: pg.ClientBase, schema: string): Promise<string[]> {
  const tables = await rows(
    client,
    `select c.oid::text, c.relname, c.relrowsecurity::text as secured, c.relforcerowsecurity::text as forced,
            pg_get_userbyid(c.relowner) as owner
       from pg_class c where c.relnamespace = $1::regnamespace and c.relkind in ('r', 'p') order by c.relname`,
    [schema],
  );
  const printed: string[] = [];
  for (const t of tables) printed.push(await tableText(client, schema, t));
  return printed;
}

async function tableText(client: pg.ClientBase, schema: string, t: Row): Promise<string> {
  const name = schema === "public" ? t.relname : `${schema}.${t.relname}`;
  const columns = await rows(
    client,
    `select format('%s %s%s%s', quote_ident(a.attname), format_type(a.atttypid, a.atttypmod),
                   case when a.attnotnull then ' not null' else '' end,
                   coalesce(' default ' || pg_get_expr(d.adbin, d.adrelid), '')) as line
       from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = $1::oid and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    [t.oid],
  );
  const constraints = await rows(
    client,
    `select pg_get_constraintdef(oid) as line from pg_constraint
       where conrelid = $1::oid and contype in ('p', 'u', 'f', 'c')
       order by array_position(array['p', 'u', 'f', 'c'], contype::text), pg_get_constraintdef(oid)`,
    [t.oid],
  );
  const lines = [...columns, ...constraints].map((r) => `  ${r.line}`);
  const after = [
    ...(await rows(
      client,
      `select pg_get_indexdef(i.indexrelid) || ';' as line from pg_index i
         where i.indrelid = $1::oid and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid)
         order by 1`,
      [t.oid],
    )),
    ...(t.secured === "true" ? [{ line: `alter table ${name} enable row level security;` }] : []),
    ...(t.forced === "true" ? [{ line: `alter table ${name} force row level security;` }] : []),
    ...(await rows(
      client,
      `select format('create policy %s on %s for %s to %s using (%s) with check (%s);', policyname, $2::text,
                     lower(cmd), array_to_string(roles, ', '), qual, with_check) as line
         from pg_policies where schemaname = $1 and tablename = $3 order by policyname`,
      [schema, name, t.relname],
    )),
    ...(await rows(
      client,
      `select pg_get_triggerdef(oid) || ';' as line from pg_trigger where tgrelid = $1::regclass and not tgisinternal
         order by tgname`,
      [`${schema}.${t.relname}`],
    )),
    ...(await rows(
      client,
      `select format('grant %s on %s to %s;', string_agg(lower(privilege_type), ', ' order by privilege_type), $2::text, grantee) as line
         from information_schema.role_table_grants
         where table_schema = $1 and table_name = $3 and grantee <> $4 group by grantee order by grantee`,
      [schema, name, t.relname, t.owner],
    )),
    ...(await rows(
      client,
      `select format('grant %s (%s) on %s to %s;', lower(privilege_type), string_agg(column_name, ', ' order by column_name), $2::text, grantee) as line
         from information_schema.role_column_grants g
         where table_schema = $1 and table_name = $3 and grantee <> $4
           and not exists (select 1 from information_schema.role_table_grants t
             where t.table_schema = g.table_schema and t.table_name = g.table_name and t.grantee = g.grantee
               and t.privilege_type = g.privilege_type)
         group by grantee, privilege_type order by grantee, privilege_type`,
      [schema, name, t.relname, t.owner],
    )),
  ].map((r) => r.line);
  return `create table ${name} (  -- owner: ${t.owner}\n${lines.join(",\n")}\n);\n${after.join("\n")}\n`;
}

async function functionsOf(client: pg.ClientBase, schema: string): Promise<string[]> {
  const found = await rows(
    client,
    `select pg_get_functiondef(p.oid) as body, p.oid::regprocedure::text as signature, pg_get_userbyid(p.proowner) as owner,
            array_to_string(array(select grantee::regrole::text from aclexplode(p.proacl)
              where privilege_type = 'EXECUTE' and grantee <> 0 and grantee <> p.proowner order by 1), ', ') as granted,
            (p.proacl is null or exists (select 1 from aclexplode(p.proacl) where grantee = 0))::text as everyone
       from pg_proc p where p.pronamespace = $1::regnamespace order by p.proname, p.oid::regprocedure::text`,
    [schema],
  );
  return found.map((f) => {
    const who = f.everyone === "true" ? "everyone" : f.granted || "its owner only";
    return `-- owner: ${f.owner}; may be called by: ${who}\n${f.body?.trimEnd()};\n`;
  });
}

const TYPES: Record<string, string> = {
  uuid: "string",
  text: "string",
  "text[]": "string[]",
  "uuid[]": "string[]",
  "cidr[]": "string[]",
  bytea: "Buffer",
  boolean: "boolean",
  integer: "number",
  bigint: "number",
  "timestamp with time zone": "Date",
  smallint: "number",
  json: "unknown",
  jsonb: "unknown",
};

const LINE = 110;

/** Prints the types of rows for Kysely, from the same catalog. */
export async function dumpTypes(client: pg.ClientBase): Promise<string> {
  const found = await rows(
    client,
    `select n.nspname as schema, c.relname as table, a.attname as column, format_type(a.atttypid, null) as type,
            a.attnotnull::text as needed, (d.oid is not null)::text as defaulted,
            (select array_to_string(array(select (regexp_matches(pg_get_constraintdef(k.oid), '''([^'']+)''::text', 'g'))[1]), '|')
               from pg_constraint k where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
                 and pg_get_constraintdef(k.oid) like '%ANY (ARRAY[%' limit 1) as choices
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
       left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
       where n.nspname in ('public', 'audit', 'platform') and c.relkind in ('r', 'p')
       order by n.nspname <> 'public', n.nspname, c.relname, a.attnum`,
  );
  const tables = new Map<string, string[]>();
  for (const r of found) {
    const table = r.schema === "public" ? (r.table as string) : `${r.schema}.${r.table}`;
    const base = r.choices
      ? r.choices
          .split("|")
          .map((c) => `"${c}"`)
          .join(" | ")
      : (TYPES[(r.type ?? "").replace(/\(\d+\)/, "")] ?? "unknown");
    const type = r.needed === "true" ? base : `${base} | null`;
    const line = `    ${r.column}: ${r.defaulted === "true" ? `Generated<${type}>` : type};`;
    // As the formatter writes what is longer than its lines.
    const column =
      line.length > LINE && r.defaulted !== "true"
        ? `    ${r.column}:${type
            .split(" | ")
            .map((one) => `\n      | ${one}`)
            .join("")};`
        : line;
    tables.set(table, [...(tables.get(table) ?? []), column]);
  }
  const body = [...tables].map(
    ([name, columns]) => `  ${/^\w+$/.test(name) ? name : `"${name}"`}: {\n${columns.join("\n")}\n  };`,
  );
  return `// Written from the catalog by \`node src/main.ts check schema --write\`; do not edit.\nimport type { Generated } from "kysely";\n\nexport interface Tables {\n${body.join("\n")}\n}\n`;
}
