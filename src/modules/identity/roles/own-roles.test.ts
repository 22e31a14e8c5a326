import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { asSuperuser, meetingAt, openStage, PASSWORD, type Person } from "../../../../test/support/stage.ts";
import { auditCell } from "../../../kernel/audit.ts";
import { enter } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { changeRole, listMembers, removeMember } from "../../tenancy/members/service.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { acceptInvitation, invite, openInvitation } from "../invitations/service.ts";
import { RoleName } from "../shapes.ts";
import { changeOwnRole, createRole, deleteRole, listOwnRoles } from "./own-roles.ts";

test("roles of a workspace's own", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const owner = await company.hire("Owner", "owner");
  const admin = await company.hire("Admin", "admin");
  const stranger = await other.hire("Stranger", "owner");
  const making = (person: Person) => person.as("role.create");
  const changing = (person: Person) => person.as("role.change");
  const rightsNow = async (person: Person) => {
    const ctx = person.as();
    await enter(ctx);
    return ctx.standing.current?.permissions ?? new Set<string>();
  };
  let made = 0;
  const own = async (permissions: string[], by = owner) =>
    (await createRole(making(by), `Role ${++made}`, permissions)).id;
  const hired = async (role: string) => {
    const person = await company.hire(`Person${++made}`, "viewer");
    await changeRole(owner.as("member.change-role"), person.id, role);
    return person;
  };

  await t.test("a role gives what it names, what every role has, and nothing else", async () => {
    const person = await hired(await own(["tenant.change"]));
    const rights = await rightsNow(person);
    assert.ok(rights.has("tenant.change") && rights.has("account.use"));
    assert.ok([...rights].every((key) => key === "tenant.change" || /^(account|notice)\./.test(key)));
  });

  await t.test("nobody makes a role of more than they hold, or of what does not exist here", async () => {
    await assert.rejects(createRole(making(admin), "Above", ["policy.change"]), refused("forbidden"));
    for (const key of ["tenant.destroy", "", "__proto__", "operator.tenants.read", "tenant.change "])
      await assert.rejects(
        createRole(making(owner), "Strange", ["tenant.read", key]),
        refused("invalid_input"),
      );
    const limited = await hired(await own(["role.create", "role.change", "tenant.read"]));
    await assert.rejects(createRole(making(limited), "More", ["tenant.change"]), refused("forbidden"));
    await createRole(making(limited), "As much", ["tenant.read"]);
  });

  await t.test("nobody raises themself, or changes a role that holds more than they do", async () => {
    const mine = await own(["role.change", "role.delete", "member.change-role"]);
    const above = await own(["role.change", "tenant.change"]);
    const person = await hired(mine);
    await assert.rejects(
      changeOwnRole(changing(person), mine, { permissions: ["role.change", "tenant.change"] }),
      refused("forbidden"),
    );
    for (const to of [{ permissions: [] }, { name: "Mine now" }])
      await assert.rejects(changeOwnRole(changing(person), above, to), refused("forbidden"));
    await assert.rejects(deleteRole(person.as("role.delete"), above), refused("forbidden"));
    await assert.rejects(changeRole(person.as("member.change-role"), person.id, above), refused("forbidden"));
    await assert.rejects(
      changeRole(person.as("member.change-role"), person.id, "viewer"),
      refused("forbidden"),
    );
    assert.ok(!(await rightsNow(person)).has("tenant.change"));
  });

  await t.test("a change holds from the next request on, and is recorded with both lists", async () => {
    const id = await own(["tenant.read", "tenant.change"]);
    const person = await hired(id);
    const asking = person.as("tenant.change");
    await enter(asking);
    await changeOwnRole(changing(owner), id, { permissions: ["tenant.read"] });
    await assert.rejects(enter(person.as("tenant.change")), refused("forbidden"));
    const changes = await newestChanges("role.changed");
    assert.deepEqual(changes, { permissions: [["tenant.change", "tenant.read"], ["tenant.read"]] });
    await changeOwnRole(changing(owner), id, { name: "Porter" });
    assert.deepEqual(Object.keys((await newestChanges("role.changed")) ?? {}), ["name"]);
  });

  await t.test("of two changes at once, the second sees what the first has left of its maker", async () => {
    const target = await own(["tenant.read"]);
    const mine = await own(["role.change", "tenant.read", "tenant.change"]);
    const person = await hired(mine);
    const race = await meetingAt(stage, `select 1 from tenant where tenant_id = '${company.id}' for update`, [
      () => changeOwnRole(changing(owner), mine, { permissions: ["role.change"] }),
      () => changeOwnRole(changing(person), target, { permissions: ["tenant.read", "tenant.change"] }),
    ]);
    const [taken, given] = race;
    assert.equal(taken?.status, "fulfilled");
    // Whichever came first; never given after it was taken.
    if (given?.status === "rejected")
      assert.ok(refused("wrong_state")(given.reason) || refused("forbidden")(given.reason));
    assert.ok(!(await rightsNow(person)).has("tenant.change"));
  });

  await t.test("a name is one in any case and form, and those of the built-in roles are taken", async () => {
    await createRole(making(owner), "Café Team", []);
    for (const name of ["CAFÉ TEAM", "cafe\u0301  team", "ｃafé team", "Owner", "support", "ADMIN", "Custom"])
      await assert.rejects(createRole(making(owner), name, []), refused("name_taken"), name);
    const id = await own([]);
    await assert.rejects(changeOwnRole(changing(owner), id, { name: "café team" }), refused("name_taken"));
    await changeOwnRole(changing(owner), id, { name: "Role Of Many" });
    await changeOwnRole(changing(owner), id, { name: "role of many" });
    await createRole(stranger.as("role.create"), "Café Team", []);
  });

  await t.test("another workspace's role is not there", async () => {
    const id = await own([]);
    for (const there of [id, newId()]) {
      await assert.rejects(changeOwnRole(changing(stranger), there, { name: "Mine" }), refused("not_found"));
      await assert.rejects(deleteRole(stranger.as("role.delete"), there), refused("not_found"));
      await assert.rejects(
        changeRole(stranger.as("member.change-role"), stranger.id, there),
        refused("not_found"),
      );
      await assert.rejects(
        invite(stranger.as("member.invite"), "x@bexley.example", there),
        refused("not_found"),
      );
    }
    assert.equal((await listOwnRoles(stranger.as("role.read"))).length, 1);
  });

  await t.test("only an unused role is deleted, whatever else once named it", async () => {
    const id = await own(["tenant.read"]);
    const person = await hired(id);
    const deleting = () => deleteRole(owner.as("role.delete"), id);
    await assert.rejects(deleting(), refused("in_use"));
    await removeMember(owner.as("member.remove"), person.id);
    await invite(owner.as("member.invite"), "late@harrow.example", id);
    await assert.rejects(deleting(), refused("in_use"));
    const token = await mailedToken(stage.system, "late@harrow.example", "join");
    assert.equal((await openInvitation(company.visitor(), token)).role, id);
    const race = await meetingAt(stage, `select 1 from role where role_id = '${id}' for update`, [
      () => acceptInvitation(company.visitor(), token, "Late", PASSWORD),
      deleting,
    ]);
    assert.deepEqual(
      race.map((r) => r.status),
      ["fulfilled", "rejected"],
    );
    const late = (await listMembers(owner.as("member.read"))).find((m) => m.role === id);
    assert.ok(late);
    await removeMember(owner.as("member.remove"), late.id);
    await deleting();
    await assert.rejects(deleting(), refused("not_found"));
    await assert.rejects(invite(owner.as("member.invite"), "later@harrow.example", id), refused("not_found"));
  });

  await t.test("an invitation whose maker's role has shrunk is worth nothing", async () => {
    const mine = await own(["member.invite", "tenant.read"]);
    const given = await own(["tenant.read"]);
    const person = await hired(mine);
    await invite(person.as("member.invite"), "guest@harrow.example", given);
    const token = await mailedToken(stage.system, "guest@harrow.example", "join");
    await openInvitation(company.visitor(), token);
    await changeOwnRole(changing(owner), mine, { permissions: ["member.invite"] });
    await assert.rejects(openInvitation(company.visitor(), token), refused("link_invalid"));
    await changeOwnRole(changing(owner), mine, { permissions: ["tenant.read"] });
    await assert.rejects(
      acceptInvitation(company.visitor(), token, "Guest", PASSWORD),
      refused("link_invalid"),
    );
  });

  await t.test("a role is asked for by its name or its id, never by a word of ours", () => {
    for (const name of ["custom", "support", "operator", "Owner", ""])
      assert.equal(RoleName.safeParse(name).success, false, name);
    for (const name of ["viewer", "owner", newId()]) assert.ok(RoleName.safeParse(name).success, name);
  });

  async function newestChanges(event: string) {
    const keys = await stage.system.keyring.tenant(company.id);
    const entry = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query<{ entry_id: string; content: Buffer }>(
        "select entry_id, content from audit.entry where tenant_id = $1 and event = $2 order by at desc limit 1",
        [company.id, event],
      );
      return rows[0];
    });
    assert.ok(entry);
    return JSON.parse(keys.openText(auditCell(entry.entry_id), entry.content)).changes as
      | Record<string, unknown>
      | undefined;
  }
});
