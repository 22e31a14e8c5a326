import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import {
  asSuperuser,
  eventsOf,
  meetingAt,
  openStage,
  PASSWORD,
  signedIn,
} from "../../../../test/support/stage.ts";
import { enter } from "../../../kernel/database/unit.ts";
import { newId } from "../../../kernel/ids.ts";
import { createChat, deleteChat } from "../../assistant/chats.ts";
import { acceptInvitation, invite } from "../../identity/invitations/service.ts";
import { createRole } from "../../identity/roles/own-roles.ts";
import { signIn } from "../../identity/sign-in/service.ts";
import { share } from "../../knowledge/sharing/shares.ts";
import "../../assistant/permissions.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { changeMembers, createGroup } from "../groups/service.ts";
import { handOver } from "../hand-over/service.ts";
import { changeRole, listMembers, reinstateMember, removeMember, suspendMember } from "./service.ts";

test("members", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const owner = await company.hire("Owner", "owner");
  const admin = await company.hire("Admin", "admin");
  const viewer = await company.hire("Viewer", "viewer");
  const stranger = await other.hire("Stranger", "owner");
  const roleOf = async (id: string) =>
    (await listMembers(owner.as("member.read"))).find((m) => m.id === id)?.role;

  await t.test("addresses and last sign-ins are for those who manage members", async () => {
    const seenBy = async (person: typeof owner) => listMembers(person.as("member.read"));
    const full = await seenBy(admin);
    assert.deepEqual(
      full.map((m) => [m.name, m.address, m.role, m.status]),
      [
        ["Owner", "owner@harrow.example", "owner", "active"],
        ["Admin", "admin@harrow.example", "admin", "active"],
        ["Viewer", "viewer@harrow.example", "viewer", "active"],
      ],
    );
    assert.ok(full.every((m) => m.lastSignInAt !== null));
    const manager = await company.hire("Manager", "manager");
    for (const person of [viewer, manager]) {
      const seen = await seenBy(person);
      assert.equal(seen.length, 4);
      // Of themself, a member sees the address; of others, the name.
      for (const m of seen) {
        assert.equal(m.address, m.id === person.id ? person.address : "", m.name);
        assert.equal(m.lastSignInAt, null);
        assert.ok(m.name);
      }
    }
  });

  await t.test("who left something stays on the list of those who may hand it over", async () => {
    const leaver = await company.hire("Lea", "manager");
    const tidy = await company.hire("Tia", "manager");
    const helper = await company.hire("Hal", "manager");
    const chat = (await createChat(leaver.as("chat.create"))).id;
    for (const one of [leaver, tidy]) await removeMember(admin.as("member.remove"), one.id);
    const statusOf = async (person: typeof owner, whom = leaver) =>
      (await listMembers(person.as("member.read"))).find((m) => m.id === whom.id)?.status;
    for (const person of [admin, owner]) {
      assert.equal(await statusOf(person), "removed");
      assert.equal(await statusOf(person, tidy), undefined, "who left nothing");
    }
    for (const person of [viewer, helper, stranger]) assert.equal(await statusOf(person), undefined);
    const role = await createRole(owner.as("role.create"), "Doorkeeper", ["member.read", "member.invite"]);
    await changeRole(owner.as("member.change-role"), helper.id, role.id);
    assert.equal(await statusOf(helper), undefined);
    // Nothing can be given to them, or made of them, as before.
    const group = await createGroup(owner.as("group.create"), "Helpers");
    await assert.rejects(
      changeMembers(owner.as("group.members"), group.id, { add: [leaver.id], remove: [] }),
      refused("not_found"),
    );
    const grantee = { kind: "member", id: leaver.id } as const;
    const own = { kind: "chat", id: (await createChat(owner.as("chat.create"))).id } as const;
    await assert.rejects(
      share(owner.as("chat.share"), own, { with: grantee, access: "read" }),
      refused("not_found"),
    );
    await assert.rejects(handOver(owner.as("member.hand-over"), leaver.id, tidy.id), refused("not_found"));
    for (const act of [suspendMember, reinstateMember, removeMember])
      await assert.rejects(act(owner.as("member.remove"), leaver.id), refused("not_found"));
    await handOver(admin.as("member.hand-over"), leaver.id, admin.id);
    assert.equal(await statusOf(admin), undefined, "nothing is left");
    await deleteChat(admin.as("chat.delete"), chat);
    await removeMember(owner.as("member.remove"), helper.id);
  });

  await t.test("nobody manages someone who holds more, or gives more than they hold", async () => {
    for (const act of [
      () => changeRole(admin.as("member.change-role"), owner.id, "viewer"),
      () => changeRole(admin.as("member.change-role"), viewer.id, "owner"),
      () => changeRole(admin.as("member.change-role"), admin.id, "owner"),
      () => suspendMember(admin.as("member.suspend"), owner.id),
      () => removeMember(admin.as("member.remove"), owner.id),
      () => changeRole(viewer.as("member.change-role"), viewer.id, "admin"),
    ])
      await assert.rejects(act(), refused("forbidden"));
    for (const id of [stranger.id, newId()]) {
      await assert.rejects(changeRole(owner.as("member.change-role"), id, "viewer"), refused("not_found"));
      await assert.rejects(removeMember(owner.as("member.remove"), id), refused("not_found"));
    }
    assert.deepEqual([await roleOf(owner.id), await roleOf(viewer.id)], ["owner", "viewer"]);
  });

  await t.test("a role holds from the next request on", async () => {
    await changeRole(admin.as("member.change-role"), viewer.id, "manager");
    const ctx = viewer.as();
    await enter(ctx);
    assert.equal(ctx.standing.current?.role, "manager");
    assert.equal((await eventsOf(stage, company.id)).at(-1), "member.role-changed");
    await changeRole(admin.as("member.change-role"), viewer.id, "viewer");
  });

  await t.test("the last owner stays, however it is tried", async () => {
    await assert.rejects(
      changeRole(owner.as("member.change-role"), owner.id, "admin"),
      refused("last_owner"),
    );
    await assert.rejects(suspendMember(owner.as("member.suspend"), owner.id), refused("last_owner"));
    await assert.rejects(removeMember(owner.as("member.remove"), owner.id), refused("last_owner"));
    // A suspended second owner does not count.
    const second = await company.hire("Second", "owner");
    await suspendMember(owner.as("member.suspend"), second.id);
    await assert.rejects(
      changeRole(owner.as("member.change-role"), owner.id, "admin"),
      refused("last_owner"),
    );
    await reinstateMember(owner.as("member.reinstate"), second.id);
    const { sessionId } = await signedIn(company.visitor(), second.address, PASSWORD);
    const race = await meetingAt(stage, `select 1 from tenant where tenant_id = '${company.id}' for update`, [
      () => changeRole(owner.as("member.change-role"), second.id, "viewer"),
      () => changeRole(second.as("member.change-role", sessionId), owner.id, "viewer"),
      () => removeMember(owner.as("member.remove"), owner.id),
      () => suspendMember(second.as("member.suspend", sessionId), second.id),
    ]);
    assert.ok(race.some((r) => r.status === "fulfilled"));
    const owners = await asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query(
        "select member_id from member where tenant_id = $1 and role = 'owner' and status = 'active'",
        [company.id],
      );
      return rows.length;
    });
    assert.equal(owners, 1);
  });

  await t.test("suspending ends what is open, and reinstating revives none of it", async () => {
    const firm = await stage.company("lund");
    const boss = await firm.hire("Boss", "owner");
    const person = await firm.hire("Person", "manager");
    await suspendMember(boss.as("member.suspend"), person.id);
    await assert.rejects(enter(person.as()), refused("signed_out"));
    await assert.rejects(suspendMember(boss.as("member.suspend"), person.id), refused("wrong_state"));
    await reinstateMember(boss.as("member.reinstate"), person.id);
    await assert.rejects(enter(person.as()), refused("signed_out"));
    await assert.rejects(reinstateMember(boss.as("member.reinstate"), person.id), refused("wrong_state"));
    await signIn(firm.visitor(), person.address, PASSWORD);
    assert.deepEqual((await eventsOf(stage, firm.id)).slice(-3), [
      "member.suspended",
      "member.reinstated",
      "session.started",
    ]);
  });

  await t.test("a removed member is gone, and the address begins anew", async () => {
    const firm = await stage.company("solano");
    const boss = await firm.hire("Boss", "owner");
    const person = await firm.hire("Person", "admin");
    await removeMember(boss.as("member.remove"), person.id);
    await assert.rejects(enter(person.as()), refused("signed_out"));
    await assert.rejects(signIn(firm.visitor(), person.address, PASSWORD), refused("sign_in_failed"));
    assert.deepEqual(
      (await listMembers(boss.as("member.read"))).map((m) => m.id),
      [boss.id],
    );
    for (const act of [removeMember, suspendMember, reinstateMember])
      await assert.rejects(act(boss.as("member.remove"), person.id), refused("not_found"));
    await invite(boss.as("member.invite"), person.address, "viewer");
    const token = await mailedToken(stage.system, person.address, "join");
    await acceptInvitation(firm.visitor(), token, "Person again", PASSWORD);
    const { memberId } = await signedIn(firm.visitor(), person.address, PASSWORD);
    assert.notEqual(memberId, person.id);
  });
});
