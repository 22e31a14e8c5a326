import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, eventsOf, openStage, PASSWORD } from "../../../../test/support/stage.ts";
import { newId } from "../../../kernel/ids.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { addressHash } from "../../identity/addresses.ts";
import { acceptInvitation } from "../../identity/invitations/service.ts";
import { passwordCell } from "../../identity/members.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { createTenant, foreignContext } from "../tenants/service.ts";
import { checkRows, readCsv } from "./rows.ts";
import { importUsers } from "./service.ts";

const BCRYPT = "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i";
const DJANGO = "pbkdf2_sha256$10000$seasalt$CWWFdHOWwPnki7HvkcqN9iA2T3KLW1cf2uZ5kvArtVY=";
const person = (address: string, more: object = {}) => ({ address, name: "Ada", role: "viewer", ...more });

test("bringing people along", async (t) => {
  const stage = await openStage(t);
  const operator = await stage.company("operator", "operator");
  const staff = await operator.hire("Staff", "admin");
  const as = () => staff.as("operator.users.import", staff.sessionId, { fresh: true });
  const create = (slug: string) =>
    createTenant(staff.as("operator.tenants.create"), {
      slug,
      name: slug,
      ownerAddress: `o@${slug}.example`,
    });
  const { id } = await create("harrow");

  await t.test("nobody comes before the owner who is told of it", async () => {
    const rows = [person("early@x.example", { passwordHash: BCRYPT }), person("early2@x.example")];
    const early = () => importUsers(as(), id, rows);
    const told = () =>
      asSuperuser(stage.database, async (client) => {
        const { rows: found } = await client.query(
          `select (select count(*)::int from member where tenant_id = $1 and role <> 'owner') as members,
                  (select count(*)::int from invitation where tenant_id = $1) as invitations,
                  (select count(*)::int from notice where tenant_id = $1) as notices`,
          [id],
        );
        return found[0];
      });
    const change = (set: string) =>
      asSuperuser(stage.database, (client) =>
        client.query(`update member set ${set} where tenant_id = $1 and role = 'owner'`, [id]),
      );
    const before = await told();
    await assert.rejects(early(), (error: unknown) => {
      assert.ok(refused("wrong_state")(error));
      assert.match((error as Error).message, /first owner has not joined/);
      return true;
    });
    const token = await mailedToken(stage.system, "o@harrow.example", "join");
    const visitor = { ...foreignContext(staff.as(), id, "harrow"), actor: { kind: "visitor" as const } };
    await acceptInvitation(visitor, token, "Owner", PASSWORD);
    for (const state of ["verified_at = null", "verified_at = created_at, status = 'suspended'"]) {
      await change(state);
      await assert.rejects(early(), refused("wrong_state"), state);
    }
    await change("status = 'active'");
    assert.deepEqual(await told(), before);
    assert.deepEqual((await eventsOf(stage, id)).slice(1), ["invitation.accepted"]);
  });
  const members = () =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select member_id, address_hash, password, role, status, verified_at from member where tenant_id = $1 and role <> 'owner' order by created_at, member_id",
        [id],
      );
      return rows as {
        member_id: string;
        address_hash: Buffer;
        password: Buffer;
        role: string;
        status: string;
        verified_at: Date | null;
      }[];
    });

  await t.test(
    "with a hash they are members who have not confirmed their address, without they are invited",
    async () => {
      const answer = await importUsers(as(), id, [
        person("b@x.example", { passwordHash: BCRYPT, role: "manager" }),
        person("d@x.example", { passwordHash: DJANGO }),
        person("none@x.example"),
      ]);
      assert.deepEqual(answer, { added: 3, refused: [] });
      const rows = await members();
      assert.deepEqual(rows.map((r) => [r.role, r.status, r.verified_at]).sort(), [
        ["manager", "active", null],
        ["viewer", "active", null],
      ]);
      const keys = await stage.system.keyring.tenant(id);
      const stored = rows.map((r) => keys.openText(passwordCell(r.member_id), r.password)).sort();
      assert.deepEqual(stored, [BCRYPT.replace("$2a$", "$2y$"), DJANGO].sort());
      assert.deepEqual(
        rows.map((r) => r.address_hash.toString("hex")).sort(),
        ["b@x.example", "d@x.example"].map((a) => addressHash(keys, a).toString("hex")).sort(),
      );
      const mails = (await readOutbox(stage.system)).filter((m) => m.to.endsWith("@x.example"));
      assert.deepEqual(
        mails.map((m) => m.to),
        ["none@x.example"],
      );
      assert.deepEqual((await eventsOf(stage, id)).slice(-4), [
        "member.imported",
        "member.imported",
        "invitation.created",
        "tenant.users-imported",
      ]);
      assert.equal((await eventsOf(stage, operator.id)).at(-1), "tenant.users-imported");
      const costs = await asSuperuser(stage.database, (client) =>
        client.query("select cost from platform.hash_cost order by 1"),
      );
      assert.deepEqual(
        costs.rows.map((r) => r.cost),
        ["bcrypt-6", "pbkdf2-100000"],
      );
    },
  );

  await t.test(
    "who is there already, or twice in the list in another spelling, is refused alone",
    async () => {
      const { added, refused: no } = await importUsers(as(), id, [
        person("B@X.example", { passwordHash: BCRYPT }),
        person("new@x.example", { passwordHash: BCRYPT }),
        person("ＮＥＷ@x.example", { passwordHash: DJANGO }),
        person("none@x.example"),
        person("d@x.example"),
      ]);
      assert.equal(added, 1);
      assert.deepEqual(
        no.map((r) => [r.row, r.code]),
        [
          [1, "already_member"],
          [3, "already_member"],
          [4, "already_invited"],
          [5, "already_member"],
        ],
      );
      assert.equal((await members()).length, 3);
    },
  );

  await t.test("two lists at once bring each person once", async () => {
    const list = Array.from({ length: 20 }, (_, i) =>
      person(`same.${i}@x.example`, { passwordHash: BCRYPT }),
    );
    const answers = await Promise.all([importUsers(as(), id, list), importUsers(as(), id, list)]);
    assert.equal(
      answers.reduce((sum, a) => sum + a.added, 0),
      20,
    );
    assert.equal(
      answers.reduce((sum, a) => sum + a.refused.length, 0),
      20,
    );
  });

  await t.test("only workspaces that this operator made, and never its own", async () => {
    const other = await stage.company("bexley");
    for (const target of [other.id, operator.id, newId()])
      await assert.rejects(importUsers(as(), target, [person("x@y.example")]), refused("not_found"), target);
    const stranger = await other.hire("Stranger", "owner");
    await assert.rejects(
      importUsers(stranger.as("operator.users.import"), id, [person("x@y.example")]),
      refused("forbidden"),
    );
    const stale = staff.as("operator.users.import", staff.sessionId, { fresh: true });
    stage.pass(6 * 60_000);
    await assert.rejects(importUsers(stale, id, [person("x@y.example")]), refused("step_up_required"));
  });
});

test("what a row may say", () => {
  const { good, refused: no } = checkRows([
    person("a@x.example", { name: '"Ada", the =1+1' }),
    person("not an address"),
    person("b@x.example", { name: " " }),
    person("c@x.example", { name: "a\u202eb" }),
    person("d@x.example", { role: "admin" }),
    person("e@x.example", { role: "owner" }),
    person("f@x.example", { role: newId() }),
    person("g@x.example", { passwordHash: "md5$abc" }),
    person("h@x.example", { passwordHash: BCRYPT.replace("$06$", "$31$") }),
    person("i@x.example", { passwordHash: DJANGO.replace("10000", "9999999") }),
    person("j@x.example", {
      passwordHash:
        "$argon2id$v=19$m=19456,t=2,p=1$AAECAwQFBgcICQoLDA0ODw$//79/Pv6+fj39vX08/Lx8O/u7ezr6uno5+bl5OPi4eA",
    }),
    person("A@X.EXAMPLE"),
  ]);
  assert.deepEqual(
    good.map((row) => row.number),
    [1],
  );
  assert.deepEqual(
    no.map((row) => row.row),
    [2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12],
  );
  assert.equal(no[0]?.address, "", "what is no address is not repeated");
});

test("CSV", () => {
  const rows = readCsv(
    `\ufeffname,address,password_hash,role\r\n"Ada ""the"" first, Countess",a@x.example,${BCRYPT},viewer\r\n\r\n"two\nlines",b@x.example,,manager\r\n=cmd|' /C calc'!A0,c@x.example,"${DJANGO}",viewer\r\n`,
  );
  assert.deepEqual(rows, [
    { address: "a@x.example", name: 'Ada "the" first, Countess', role: "viewer", passwordHash: BCRYPT },
    { address: "b@x.example", name: "two\nlines", role: "manager", passwordHash: "" },
    { address: "c@x.example", name: "=cmd|' /C calc'!A0", role: "viewer", passwordHash: DJANGO },
  ]);
  assert.equal(readCsv("address,name,role\n").length, 0);
  const many = (n: number) => `address,name,role\n${"a@x.example,A,viewer\n".repeat(n)}`;
  assert.equal(readCsv(many(1000)).length, 1000);
  for (const bad of [
    "",
    "address,name\na,b",
    "address,name,role,address\na,b,c,d",
    "address,name,role,owner\na,b,c,d",
    "address,name,role\na,b",
    "address,name,role\na,b,c,d",
    'address,name,role\n"a,b,c',
    'address,name,role\na"b,c,d',
    `address,name,role\n${"a".repeat(5000)},b,c`,
    many(1001),
  ])
    assert.throws(() => readCsv(bad), refused("invalid_input"), bad.slice(0, 60));
});
