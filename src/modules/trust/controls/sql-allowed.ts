/** Lines that send something else than a literal, each with the reason why nothing from outside can be in it. */
export const ALLOWED: readonly { readonly file: string; readonly text: string; readonly reason: string }[] = [
  {
    file: "src/kernel/database/queries.ts",
    text: "sql: compiled.sql",
    reason:
      "what Kysely compiled: it sends values as parameters, and its ways around that are found by this sweep",
  },
  {
    file: "src/kernel/database/exchange.ts",
    text: "client.query(new Exchange(",
    reason:
      "the driver's way to send statements that were built elsewhere, with their parameters beside them",
  },
  {
    file: "src/kernel/database/exchange.ts",
    text: "client.query(next as unknown as pg.Submittable)",
    reason:
      "the driver's way to send statements that were built elsewhere, with their parameters beside them",
  },
  {
    file: "src/kernel/jobs.ts",
    text: "executeSql: (text, values) => client.query(text, values)",
    reason: "hands the queue's own statements, with their parameters, to the open transaction",
  },
  {
    file: "src/modules/trust/public-page/reader.ts",
    text: "(await client.query(text, values)).rows",
    reason:
      "hands the page's own statements, with their parameters, to a role without a right on any customer's table",
  },
  {
    file: "src/kernel/postgres/embedded.ts",
    text: "create database ${DATABASE}",
    reason: "a constant of the code; a name cannot be a parameter",
  },
  {
    file: "src/kernel/database/migrate.ts",
    text: "create role ${role}",
    reason: "constants of the code, run by the migrate step only; a name cannot be a parameter",
  },
  {
    file: "src/kernel/database/migrate.ts",
    text: "alter role ${role} password",
    reason: "a role of the code, and a password that the platform made; neither can be a parameter",
  },
  {
    file: "src/kernel/database/migrate.ts",
    text: "client.escapeIdentifier(",
    reason: "the database's own answer to what it is called, quoted; a name cannot be a parameter",
  },
  {
    file: "src/kernel/database/migrate.ts",
    text: "revoke temporary on database ${database} from public",
    reason: "the name quoted above",
  },
  {
    file: "src/kernel/database/migrate.ts",
    text: "on database ${database} to",
    reason: "the name quoted in the line above",
  },
  {
    file: "src/kernel/database/migrate.ts",
    text: "client.query(file.sql)",
    reason: "a migration, from a file of the project",
  },
  {
    file: "src/kernel/database/migrate.ts",
    text: "getConstructionPlans(",
    reason: "the queue's own schema, from its package",
  },
  {
    file: "src/modules/privacy/export/data.ts",
    text: "sql.ref(",
    reason: "columns of the database's own catalog, which Kysely quotes; a name cannot be a parameter",
  },
  {
    file: "src/modules/privacy/export/data.ts",
    text: "sql.table(",
    reason: "tables of the database's own catalog, which Kysely quotes; a name cannot be a parameter",
  },
  {
    file: "src/modules/privacy/export/tables.ts",
    text: "sql.ref(",
    reason: "names that stand in this file, which Kysely quotes; a name cannot be a parameter",
  },
  {
    file: "src/modules/operations/backup/runs.ts",
    text: "select ${COLUMNS} from platform.backup_run",
    reason: "constants of the code",
  },
  {
    file: "src/modules/operations/backup/snapshot.ts",
    text: "client.query(READ_IN_ORDER)",
    reason: "constants of the code",
  },
  {
    file: "src/modules/operations/backup/snapshot.ts",
    text: "quoted(",
    reason:
      "tables and columns of the database's own catalog, quoted; a name cannot be a parameter; the tenant beside them is an identifier that the directory gave",
  },
  {
    file: "src/modules/operations/backup/snapshot.ts",
    text: "declare stored_files",
    reason: "the statements that are put together a few lines above, which this sweep looks at",
  },
  {
    file: "src/modules/operations/backup/snapshot.ts",
    text: "fetch ${NAMES_AT_ONCE} from",
    reason: "constants of the code",
  },
  {
    file: "src/modules/operations/backup/tables.ts",
    text: "as name, json_agg(json_build_object(",
    reason: "constants of the code",
  },
  {
    file: "src/modules/operations/backup/tables.ts",
    text: "${quoted(name)}",
    reason: "tables and columns of the database's own catalog, quoted; a name cannot be a parameter",
  },
  {
    file: "src/modules/operations/backup/copy.ts",
    text: "on.query(sql);",
    reason: "hands over statements that were built elsewhere, where this sweep looks at them",
  },
  {
    file: "src/modules/operations/backup/copy.ts",
    text: "submit: (connection) => connection.query(sql)",
    reason: "hands over statements that were built elsewhere, where this sweep looks at them",
  },
  {
    file: "src/modules/operations/backup/copy.ts",
    text: "client.query(query as unknown as pg.Submittable)",
    reason: "the driver's way to copy rows as a stream",
  },
  {
    file: "src/modules/operations/backup/restore-test.ts",
    text: "ask: Ask = async (text) => (await system.pool.query(text)).rows",
    reason: "hands over the statement in the next line",
  },
  {
    file: "src/modules/operations/backup/restoring.ts",
    text: "ask: Ask = async (text) => (await system.pool.query(text)).rows",
    reason: "hands over the statement in the next line",
  },
  {
    file: "src/modules/operations/backup/rights.ts",
    text: "of ENDING)",
    reason: "constants of the code",
  },
  {
    file: "src/modules/operations/backup/rights.ts",
    text: "delete from ${table}",
    reason: "constants of the code",
  },
  {
    file: "src/modules/operations/backup/rights.ts",
    text: "interval '${GRACE}'",
    reason: "constants of the code",
  },
  {
    file: "src/modules/operations/backup/rights.ts",
    text: "was_${table}",
    reason:
      "constants of the code, and an identifier that the directory gave; what makes a table takes no parameters",
  },
  {
    file: "src/modules/operations/backup/rights.ts",
    text: "client.query(sql, [tenantId])",
    reason: "hands over the statements below, with their parameter",
  },
  {
    file: "src/modules/operations/backup/loading.ts",
    text: "client.query(READ_IN_ORDER)",
    reason: "constants of the code",
  },
  {
    file: "src/modules/operations/backup/loading.ts",
    text: ".map(quoted)",
    reason: "tables and columns of the database's own catalog, quoted; a name cannot be a parameter",
  },
  {
    file: "src/modules/operations/backup/keys-needed.ts",
    text: "quoted(",
    reason: "tables and columns of the database's own catalog, quoted; a name cannot be a parameter",
  },
  {
    file: "src/modules/operations/backup/keys-needed.ts",
    text: "get_byte(${c}",
    reason: "tables and columns of the database's own catalog, quoted; a name cannot be a parameter",
  },
];
