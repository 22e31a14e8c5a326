import assert from "node:assert/strict";
import { test } from "node:test";
import pg from "pg";
import { checkAppendOnly } from "../../src/modules/operations/audit/checks/append-only.ts";
import { checkEntries } from "../../src/modules/operations/audit/checks/entries.ts";
import { instanceWithout, red, withHandler } from "./without.ts";

// One route changes nothing and records nothing, one is not in the script of the check.
const { stage } = await instanceWithout((routes) => {
  const silent = withHandler(routes, "PATCH /account", () => async (_ctx, { body }) => ({
    name: (body as unknown as { name: string }).name,
    language: "en",
    timeZone: "Europe/London",
  }));
  const [one] = routes.filter((r) => r.method === "DELETE" && r.path === "/session");
  if (!one) throw new Error("there is no DELETE /session");
  return [...silent, { ...one, path: "/session/unknown", url: "/api/t/:slug/session/unknown" }];
});

test("a route that records nothing, and one that nobody calls, are noticed", async () => {
  const found = red(await checkEntries(stage));
  assert.deepEqual(
    found.map((line) => line.split(" |")[0]),
    ["PATCH /api/t/:slug/account", "DELETE /api/t/:slug/session/unknown"],
    found.join("\n"),
  );
  assert.match(found[0] ?? "", /0 entries of its workspace/);
});

test("nothing is red before the database's defences are removed", async () => {
  assert.deepEqual(red(await checkAppendOnly(stage)), []);
});

const removals: [words: string, remove: string, restore: string, noticed: RegExp][] = [
  [
    "the application may update entries",
    "grant update on audit.entry to vouchsafe_app",
    "revoke update on audit.entry from vouchsafe_app",
    /^update audit\.entry set content = null .*\| the application/,
  ],
  [
    "the application may delete entries",
    "grant delete on audit.entry to vouchsafe_app",
    "revoke delete on audit.entry from vouchsafe_app",
    /^delete from audit\.entry .*\| the application/,
  ],
  [
    "the application may become the role that erases",
    "grant vouchsafe_audit_eraser to vouchsafe_app",
    "revoke vouchsafe_audit_eraser from vouchsafe_app",
    /^set role vouchsafe_audit_eraser/,
  ],
  [
    "the eraser may put other content in place",
    "alter table audit.entry disable trigger only_erase",
    "alter table audit.entry enable trigger only_erase",
    /^update audit\.entry set content = '\\x00' .*\| the role that erases/,
  ],
  [
    "the writer may read and change",
    "grant update, delete, select on audit.entry to vouchsafe_audit_writer",
    "revoke update, delete, select on audit.entry from vouchsafe_audit_writer",
    /^delete from audit\.entry .*\| the role that writes/,
  ],
  [
    "row security is off",
    "alter table audit.entry disable row level security",
    "alter table audit.entry enable row level security",
    /^insert into audit\.entry .*\| the role that writes/,
  ],
];

for (const [words, remove, restore, noticed] of removals) {
  test(`noticed: ${words}`, async () => {
    await asSuperuser(remove);
    const found = red(await checkAppendOnly(stage));
    await asSuperuser(restore);
    assert.ok(
      found.some((line) => noticed.test(line)),
      found.join("\n") || "nothing turned red",
    );
  });
}

test("noticed: the way in takes the caller's word for who it is", async () => {
  const { body } = (await asSuperuser("select pg_get_functiondef('audit.append'::regproc) as body")) as {
    body: string;
  };
  const trusting = body
    .replace("raise exception 'no such session' using errcode = 'VS401'", "v.actor_kind := 'visitor'")
    .replace("raise exception 'a member needs a session' using errcode = 'VS401'", "null");
  assert.notEqual(trusting, body);
  await asSuperuser(trusting);
  const found = red(await checkAppendOnly(stage));
  await asSuperuser(body);
  for (const forged of [
    "a session that is made up",
    "a session of another workspace",
    "a session that has ended",
    "a member without a session",
  ]) {
    assert.ok(
      found.some((line) => line.startsWith(`append: ${forged}`)),
      `${forged}\n${found.join("\n")}`,
    );
  }
});

async function asSuperuser(sql: string): Promise<unknown> {
  const client = new pg.Client(stage.server.databaseUrl("postgres"));
  await client.connect();
  try {
    return (await client.query(sql)).rows?.[0];
  } finally {
    await client.end();
  }
}
