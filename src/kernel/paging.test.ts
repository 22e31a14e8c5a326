import assert from "node:assert/strict";
import { test } from "node:test";
import { z } from "zod";
import { newId } from "./ids.ts";
import { pageOf, paging } from "./paging.ts";

const Query = z.object(paging(10, 3));
const row = (at: number) => ({ at: new Date(at), id: newId() });
const place = (r: { at: Date; id: string }) => r;

test("a page tells where the next begins, and the last one nothing", () => {
  const rows = [row(30), row(20), row(10), row(0)];
  const page = pageOf(rows, 3, place, (r) => r.at.getTime());
  assert.deepEqual(page.items, [30, 20, 10]);
  const { cursor, limit } = Query.parse({ cursor: page.next });
  assert.deepEqual(cursor, { at: rows[2]?.at, id: rows[2]?.id });
  assert.equal(limit, 3);
  for (const few of [rows.slice(0, 3), rows.slice(0, 1), []])
    assert.equal(pageOf(few, 3, place, (r) => r.id).next, null);
});

test("a cursor is one of ours, or nothing", () => {
  assert.equal(Query.parse({}).cursor, undefined);
  assert.equal(Query.parse({ cursor: "" }).cursor, undefined);
  const id = newId();
  for (const cursor of [
    "x",
    id,
    `.${id}`,
    `-1.${id}`,
    `1.${id.toUpperCase()}`,
    `1.${id} `,
    `1.5.${id}`,
    `1e3.${id}`,
  ])
    assert.equal(Query.safeParse({ cursor }).success, false, cursor);
});

test("a cursor names a time that PostgreSQL can compare", () => {
  const id = newId();
  for (const at of ["0", "99999999999999"]) {
    const place = Query.parse({ cursor: `${at}.${id}` }).cursor;
    assert.match(place?.at.toISOString() ?? "", /^\d{4}-/);
  }
  for (const at of ["100000000000000", "253402300800000", "999999999999999"])
    assert.equal(Query.safeParse({ cursor: `${at}.${id}` }).success, false, at);
});

test("a limit is whole and within bounds", () => {
  assert.equal(Query.parse({ limit: "10" }).limit, 10);
  for (const limit of ["0", "11", "-1", "1.5", "x", ""])
    assert.equal(Query.safeParse({ limit }).success, false, limit);
});
