import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { testDatabase } from "../../../test/support/postgres.ts";
import { exchange, type Statement } from "./exchange.ts";

const st = (sql: string, ...parameters: unknown[]): Statement => ({ sql, parameters });

test("an exchange with PostgreSQL", async (t) => {
  const database = await testDatabase({ after: () => {} });
  const open = async () => {
    const client = new pg.Client(database.url("vouchsafe_app"));
    client.on("error", () => {});
    await client.connect();
    return client as unknown as pg.PoolClient & pg.Client;
  };
  const shared = await open();
  t.after(async () => {
    await shared.end();
    await database.drop();
  });
  const one = async (sql: string, ...parameters: unknown[]) =>
    (await exchange(shared, [st(sql, ...parameters)]))[0]?.rows[0] ?? {};

  await t.test("several statements are one write, one transaction and one answer each", async () => {
    const client = await open();
    const wire = listen(client);
    const outcomes = await exchange(client, [
      st("create temp table note (id int, body text)"),
      st("insert into note values ($1, $2), (2, 'b')", 1, "a"),
      st("select id, body, pg_current_xact_id()::text as xact from note order by id"),
      st("select pg_current_xact_id()::text as xact"),
      st("update note set body = 'c' where id = 9"),
    ]);
    assert.deepEqual(
      outcomes.map(({ tag, count }) => [tag, count]),
      [
        ["CREATE TABLE", 0],
        ["INSERT 0 2", 2],
        ["SELECT 2", 2],
        ["SELECT 1", 1],
        ["UPDATE 0", 0],
      ],
    );
    assert.deepEqual(
      outcomes[2]?.rows.map((r) => [r.id, r.body]),
      [
        [1, "a"],
        [2, "b"],
      ],
    );
    assert.equal(outcomes[2]?.rows[0]?.xact, outcomes[3]?.rows[0]?.xact);
    assert.deepEqual(outcomes[4]?.rows, []);
    assert.equal(wire.writes.length, 1);
    assert.equal(wire.readies(), 1);
    await client.end();
  });

  await t.test("a text is parsed once on its connection, even twice in one exchange", async () => {
    const client = await open();
    const wire = listen(client);
    const text = "select $1::int + 1000 as sum";
    for (const n of [1, 2]) {
      const [a, b] = await exchange(client, [st(text, n), st(text, n + 10)]);
      assert.deepEqual([a?.rows, b?.rows], [[{ sum: n + 1000 }], [{ sum: n + 1010 }]]);
    }
    assert.ok(wire.writes[0]?.includes(text));
    assert.ok(!wire.writes[1]?.includes(text), "the text was sent again");
    const { rows } = await client.query(
      "select count(*)::int from pg_prepared_statements where statement = $1",
      [text],
    );
    assert.deepEqual(rows, [{ count: 1 }]);
    await client.end();
  });

  await t.test(
    "an error skips the rest, undoes what came before, and leaves the connection usable",
    async () => {
      const client = await open();
      await exchange(client, [st("create temp table kept (n int)")]);
      const insert = "insert into kept values ($1)";
      await assert.rejects(
        exchange(client, [
          st(insert, 1),
          st("select 1 / $1::int as q", 0),
          st("insert into kept values (99)"),
        ]),
        { code: "22012" },
      );
      const [none] = await exchange(client, [st("select n from kept")]);
      assert.deepEqual(none?.rows, []);
      // The texts before, at and after the place of the error, again.
      const again = await exchange(client, [
        st(insert, 2),
        st("select 1 / $1::int as q", 1),
        st("insert into kept values (99)"),
        st("select n from kept order by n"),
      ]);
      assert.deepEqual(again[1]?.rows, [{ q: 1 }]);
      assert.deepEqual(again[3]?.rows, [{ n: 2 }, { n: 99 }]);
      await client.end();
    },
  );

  await t.test("a text that could not be parsed works once it can be", async () => {
    const client = await open();
    const text = "select * from comes_later";
    for (let i = 0; i < 2; i++) await assert.rejects(exchange(client, [st(text)]), { code: "42P01" });
    await exchange(client, [st("create temp table comes_later as select 7 as n")]);
    for (let i = 0; i < 2; i++) assert.deepEqual((await exchange(client, [st(text)]))[0]?.rows, [{ n: 7 }]);
    await client.end();
  });

  await t.test("rows fit their columns after the table has changed", async () => {
    const client = await open();
    await exchange(client, [st("create temp table shape as select 'x'::text as first, 1 as second")]);
    const text = "select * from shape";
    assert.deepEqual((await exchange(client, [st(text)]))[0]?.rows, [{ first: "x", second: 1 }]);
    await exchange(client, [st("alter table shape drop column first")]);
    // PostgreSQL refuses the old plan once; from then on the answer must be read by the new columns.
    await exchange(client, [st(text)]).catch((error: { code?: string }) => assert.equal(error.code, "0A000"));
    assert.deepEqual((await exchange(client, [st(text)]))[0]?.rows, [{ second: 1 }]);
    await exchange(client, [st("alter table shape add column third text default 'z'")]);
    await exchange(client, [st(text)]).catch(() => {});
    assert.deepEqual((await exchange(client, [st(text)]))[0]?.rows, [{ second: 1, third: "z" }]);
    await client.end();
  });

  await t.test("more texts than are kept prepared", async () => {
    const client = await open();
    const text = (n: number) => `select $1::int + ${n} as sum`;
    const all = Array.from({ length: 1100 }, (_, n) => st(text(n), 1));
    for (let from = 0; from < all.length; from += 100) {
      const outcomes = await exchange(client, all.slice(from, from + 100));
      assert.deepEqual(
        outcomes.map((o) => o.rows[0]?.sum),
        outcomes.map((_, i) => from + i + 1),
      );
    }
    for (const n of [0, 999, 1000, 1050, 1099, 1050])
      assert.deepEqual((await exchange(client, [st(text(n), 5)]))[0]?.rows, [{ sum: n + 5 }]);
    const { rows } = await client.query("select count(*)::int from pg_prepared_statements where name <> ''");
    assert.deepEqual(rows, [{ count: 1000 }]);
    await client.end();
  });

  await t.test("parameters of every kind arrive as they are", async () => {
    const bytes = Buffer.from([0, 1, 0x5c, 0x27, 255]);
    const at = new Date("2026-03-04T05:06:07.089Z");
    const row = await one(
      `select $1::text is null as nothing, $2::text is null as undefined, $3::bytea as bytes, $4::bytea as view,
              $5::text[] as words, $6::int[] as numbers, $7::bytea[] as parts, $8::jsonb as object, $9::timestamptz as at,
              $10::text as text, $11::boolean as yes, $12::bigint as big, $13::float8 as float, $14::text as empty`,
      null,
      undefined,
      bytes,
      new Uint8Array(new Uint8Array([9, 8, 7, 6]).buffer, 1, 2),
      ['a"b', "c\\d", "e,f", "{g}", "", "NULL", null, "ü 🜁"],
      [1, -2],
      [bytes, Buffer.alloc(0)],
      { a: [1, { b: "“quoted” \\ \u2028" }], c: null },
      at,
      "line\nü 🜁 '\";--",
      true,
      9007199254740991n,
      0.1,
      "",
    );
    assert.deepEqual(row, {
      nothing: true,
      undefined: true,
      bytes,
      view: Buffer.from([8, 7]),
      words: ['a"b', "c\\d", "e,f", "{g}", "", "NULL", null, "ü 🜁"],
      numbers: [1, -2],
      parts: [bytes, Buffer.alloc(0)],
      object: { a: [1, { b: "“quoted” \\ \u2028" }], c: null },
      at,
      text: "line\nü 🜁 '\";--",
      yes: true,
      big: Number.MAX_SAFE_INTEGER,
      float: 0.1,
      empty: "",
    });
  });

  await t.test("results have the types that the code counts on", async () => {
    const id = "01890a5d-ac96-774b-bcce-b302099a8057";
    const row = await one(
      `select 1::int2 as small, 2::int8 as big, count(*) as counted, 1.50::numeric as exact, '${id}'::uuid as id,
              null::int8 as no_number, null::timestamptz as never, false as no, '{}'::jsonb as empty,
              '{1,2}'::int8[] as bigs, 'x'::bytea as bytes, 'name'::name as name`,
    );
    assert.deepEqual(row, {
      small: 1,
      big: 2,
      counted: 1,
      exact: "1.50",
      id,
      no_number: null,
      never: null,
      no: false,
      empty: {},
      bigs: ["1", "2"],
      bytes: Buffer.from("x"),
      name: "name",
    });
  });

  await t.test("times are read alike in every time zone of the session", async () => {
    for (const zone of ["UTC", "Asia/Kolkata", "America/New_York"]) {
      await one("select set_config('timezone', $1, false)", zone);
      const row = await one(
        `select '2026-11-21 23:11:44.123456+00'::timestamptz as micro, '2026-11-21 23:11:44+00'::timestamptz as second,
                '1999-12-31 23:59:59.9+00'::timestamptz as tenth, '0999-02-28 01:02:03.04+00'::timestamptz as old, '0044-03-15 12:00:00+00'::timestamptz as ides,
                '0044-03-15 12:00:00+00 BC'::timestamptz as bc, '12345-01-01 00:00:00+00'::timestamptz as far,
                'infinity'::timestamptz as ever`,
      );
      assert.equal((row.micro as Date).toISOString(), "2026-11-21T23:11:44.123Z", zone);
      assert.equal((row.second as Date).toISOString(), "2026-11-21T23:11:44.000Z", zone);
      assert.equal((row.tenth as Date).toISOString(), "1999-12-31T23:59:59.900Z", zone);
      assert.equal((row.old as Date).toISOString(), "0999-02-28T01:02:03.040Z", zone);
      assert.equal((row.ides as Date).toISOString(), "0044-03-15T12:00:00.000Z", zone);
      assert.equal((row.bc as Date).getUTCFullYear(), -43, zone);
      assert.equal((row.far as Date).toISOString(), "+012345-01-01T00:00:00.000Z", zone);
      assert.equal(row.ever, Number.POSITIVE_INFINITY, zone);
    }
    await one("select set_config('timezone', 'UTC', false)");
  });

  await t.test("nothing to do, and a text without a statement", async () => {
    assert.deepEqual(await exchange(shared, []), []);
    for (let i = 0; i < 2; i++) {
      const outcomes = await exchange(shared, [st("-- nothing"), st("select 1 as n")]);
      assert.deepEqual(
        outcomes.map((o) => o.rows),
        [[], [{ n: 1 }]],
      );
    }
  });

  await t.test("what cannot be sent is refused, and the connection is as before", async () => {
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    const before = "select $1::int as before_it";
    await assert.rejects(exchange(shared, [st(before, 1), st("select $1::jsonb as j", circular)]), TypeError);
    await assert.rejects(exchange(shared, [st(before, 1), st("select 1\0; drop table tenant")]), /NUL/);
    const many = Array.from({ length: 70_000 }, () => 1);
    await assert.rejects(exchange(shared, [st(before, 1), st("select 1", ...many)]), RangeError);
    await assert.rejects(exchange(shared, [st("select $1::text as t", "a\0b")]), { code: "22021" });
    assert.deepEqual(await one(before, 2), { before_it: 2 });
    assert.deepEqual(await one("select $1::text as t", "ab"), { t: "ab" });
  });

  await t.test("large and wide values cross the buffer's edges whole", async () => {
    for (const length of [16_300, 16_384, 16_385, 40_000, 3_000_000]) {
      const text = "aü🜁".repeat(length / 4);
      const bytes = Buffer.alloc(length, "0123456789");
      const row = await one(
        "select $1::text as text, $2::bytea as bytes, $3::int as last",
        text,
        bytes,
        length,
      );
      assert.equal(row.text, text);
      assert.ok(bytes.equals(row.bytes as Buffer));
      assert.equal(row.last, length);
    }
  });

  await t.test("exchanges that are asked for at once are answered each on its own", async () => {
    const asked = Array.from({ length: 30 }, (_, n) =>
      n % 3 === 1
        ? exchange(shared, [st("select $1::int / 0 as q", n)]).catch((e: { code: string }) => e.code)
        : n % 3 === 2
          ? shared.query("select $1::int as n", [n]).then((r) => r.rows[0].n)
          : exchange(shared, [st("select $1::int as n", n)]).then(([o]) => o?.rows[0]?.n),
    );
    assert.deepEqual(
      await Promise.all(asked),
      asked.map((_, n) => (n % 3 === 1 ? "22012" : n)),
    );
  });

  await t.test("a connection that dies in the middle fails what waits on it", async () => {
    const client = await open();
    const [{ pid } = {}] = (await exchange(client, [st("select pg_backend_pid() as pid")]))[0]?.rows ?? [];
    const waiting = Promise.allSettled([
      exchange(client, [st("select pg_sleep(20)")]),
      exchange(client, [st("select 1 as n")]),
    ]);
    const admin = new pg.Client(database.url("postgres"));
    await admin.connect();
    await admin.query("select pg_terminate_backend($1)", [pid]);
    await admin.end();
    for (const { status } of await waiting) assert.equal(status, "rejected");
    await assert.rejects(exchange(client, [st("select 2 as n")]));
    await client.end().catch(() => {});
  });
});

/** What a connection writes, and how often the server says that it is ready. */
function listen(client: pg.Client): { writes: Buffer[]; readies(): number } {
  const { connection } = client as unknown as {
    connection: NodeJS.EventEmitter & { stream: { write(bytes: Buffer, ...rest: unknown[]): boolean } };
  };
  const writes: Buffer[] = [];
  let readies = 0;
  const { stream } = connection;
  const write = stream.write.bind(stream);
  stream.write = (bytes, ...rest) => {
    writes.push(Buffer.from(bytes));
    return write(bytes, ...rest);
  };
  connection.on("readyForQuery", () => {
    readies++;
  });
  return { writes, readies: () => readies };
}
