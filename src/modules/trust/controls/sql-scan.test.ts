import assert from "node:assert/strict";
import { test } from "node:test";
import { scanSql } from "./sql-scan.ts";

const hole = "${";
const built: Record<string, string> = {
  "a template with a value": `client.query(\`select * from member where name = '${hole}name}'\`)`,
  "a template in a statement object": `return { sql: \`select ${hole}a} from member\`, parameters: [] };`,
  "a sum": `const q = "select * from member where name = '" + name + "'";`,
  "a sum that begins with something else": `const q = prefix + " where name = 'x'";`,
  "a variable": `await pool.query(text);`,
  "a variable with type arguments": `await pool.query<{ id: string }>(text, [id]);`,
  "a literal and more": `await pool.query("select 1" .concat(x));`,
  "raw text": `await read(ctx, sql\`select * from member order by ${hole}sql.raw(order)}\`);`,
  "a quoted name": `const t = sql.table(name);`,
  escaping: "const t = client.escapeLiteral(name);",
  "an update": `const t = \`update member set name = '${hole}name}'\`;`,
  "capital letters": `const t = \`SELECT * FROM member WHERE name = '${hole}name}'\`;`,
  "inside another template": `const t = \`a ${hole}run(\`delete from member where id = '${hole}id}'\`)} b\`;`,
  "a statement that is handed in": "return { sql: text, parameters };",
};
for (const [what, source] of Object.entries(built)) {
  test(`found: ${what}`, () => assert.ok(scanSql(source).problems.length > 0, source));
}

const sound: Record<string, string> = {
  "parameters of the builder": `await read(ctx, sql\`select * from member where id = ${hole}id}\`);`,
  "with type arguments": `await read(ctx, sql<{ a: Map<string, string> }>\`select * from member where id = ${hole}id}\`);`,
  "a literal with parameters": `await pool.query<{ id: string }>("select $1 as id", [id]);`,
  "a literal template": "await pool.query(`select\n 1`);",
  "a sentence": `throw new Error(\`Select one of ${hole}count} files with care\`);`,
  "a comment": "// client.query(text)\n/* `select ${x} from y` */",
  "a regular expression with quotes": "const r = /select '\"` from/; const n = a / b / c;",
  "the shape of a statement": "interface Statement { readonly sql: string; }",
};
for (const [what, source] of Object.entries(sound)) {
  test(`sound: ${what}`, () => assert.deepEqual(scanSql(source).problems, [], source));
}
