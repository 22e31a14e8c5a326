import assert from "node:assert/strict";
import { test } from "node:test";
import type { Defence } from "../../../defences/defence.ts";
import { replacement } from "./sql-function.ts";

const defence: Defence = {
  words: "a guard",
  claim: "identity.sessions",
  file: "db/migrations/0001_first.sql",
  text: "and not ended",
  without: "",
};
const GUARD =
  "create function kernel.enter(p_id uuid) returns boolean\n  language plpgsql as $$\nbegin\n  return p_id > 0 and not ended;\nend $$;\n";
const SHORT =
  "create or replace function kernel.stands(p_id uuid) returns boolean\n  language sql\n  return p_id > 0 and not ended;\n";
const ATOMIC =
  "create function kernel.stands(p_id uuid) returns setof uuid\n  language sql\n  begin atomic\n    select p_id where p_id > 0 and not ended;\n    select p_id;\n  end;\n";
const TABLE = "create table session (ended boolean);\n";
const on = (...texts: string[]) =>
  replacement(
    defence,
    texts.map((text, i) => ({ name: i === 0 ? "0001_first.sql" : `000${i + 1}_later.sql`, text })),
  );

test("a function is put in place of the one with the defence", () => {
  for (const source of [GUARD, SHORT, ATOMIC, `${TABLE}${GUARD}${TABLE}`]) {
    const sql = on(source, TABLE);
    assert.match(sql ?? "", /^create or replace function kernel\.(enter|stands)\(p_id uuid\)/);
    assert.ok(!sql?.includes("not ended") && !sql?.includes("create table"), sql ?? "nothing");
    assert.match(sql ?? "", /p_id > 0 ;/);
    assert.equal(sql?.includes("begin atomic"), sql?.trimEnd().endsWith("  end;"));
  }
});

test("every function that has it is replaced", () => {
  const sql = on(GUARD + SHORT) ?? "";
  assert.equal(sql.split("create or replace function").length - 1, 2);
  assert.ok(!sql.includes("not ended"));
});

test("what a replaced function would not remove is left to a database that is set up anew", () => {
  for (const [why, ...texts] of [
    ["it stands nowhere", TABLE],
    ["it stands outside of a function", "create index one on session (id) where id > 0 and not ended;\n"],
    ["it stands outside as well", `${GUARD}create index one on session (id) where id > 0 and not ended;\n`],
    ["a later migration defines the function again", GUARD, GUARD.replace("create", "create or replace")],
    ["so does the same one, further on", GUARD + GUARD.replace(" and not ended", "")],
    ["migrations call it", `${GUARD}\nselect kernel.enter('1');\n`],
  ] as const)
    assert.equal(on(...texts), null, why);
});
