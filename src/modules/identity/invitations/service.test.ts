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
import { minutes } from "../../../kernel/clock.ts";
import { newId } from "../../../kernel/ids.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { changeRole, removeMember, suspendMember } from "../../tenancy/members/service.ts";
import { mailedToken } from "../../trust/stage/people.ts";
import { newToken } from "../links/tokens.ts";
import { signIn } from "../sign-in/service.ts";
import { listInvitations } from "./listing.ts";
import { acceptInvitation, invite, openInvitation, VALID_FOR, withdrawInvitation } from "./service.ts";

test("invitations", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const other = await stage.company("bexley");
  const owner = await company.hire("Owner", "owner");
  const admin = await company.hire("Admin", "admin");
  const invalid = refused("link_invalid");
  const inviting = (person = owner) => person.as("member.invite");
  const tokenFor = (address: string) => mailedToken(stage.system, address, "join");
  const accept = (token: string, password = PASSWORD, ctx = company.visitor()) =>
    acceptInvitation(ctx, token, "New Person", password);
  const membersWith = (role: string) =>
    asSuperuser(stage.database, async (client) => {
      const { rows } = await client.query("select count(*)::int from member where role = $1", [role]);
      return rows[0].count as number;
    });

  await t.test("an address is invited, mailed and joins with the role that was given", async () => {
    const { id, expiresAt } = await invite(inviting(), "Bo@Harrow.example", "manager");
    assert.equal(expiresAt.getTime() - stage.system.clock().getTime() > VALID_FOR - minutes(1), true);
    const token = await tokenFor("Bo@Harrow.example");
    const [mail] = await readOutbox(stage.system);
    assert.match(mail?.text ?? "", /Owner invites you to the workspace “Company harrow”/);
    assert.doesNotMatch(mail?.subject ?? "", /Owner|harrow|Bo/);
    const { expiresAt: _, ...opened } = await openInvitation(company.visitor(), token);
    assert.deepEqual(opened, {
      id,
      address: "Bo@Harrow.example",
      role: "manager",
      given: { role: "manager", roleId: null, granted: null },
      tenantName: "Company harrow",
      invitedBy: "Owner",
      inviterId: owner.id,
      passwords: "composed",
    });
    await assert.rejects(accept(token, "short"), refused("password_policy"));
    await assert.rejects(accept(token, "Company-harrow-42!"), refused("password_policy"));
    await accept(token);
    // The address is confirmed by the link, in whatever spelling it signs in.
    await signIn(company.visitor(), "bo@harrow.EXAMPLE", PASSWORD);
    await assert.rejects(accept(token), invalid);
    await assert.rejects(openInvitation(company.visitor(), token), invalid);
    assert.deepEqual(
      (await listInvitations(inviting())).map((i) => i.address),
      [],
    );
    assert.ok((await eventsOf(stage, company.id)).includes("invitation.accepted"));
    await assert.rejects(invite(inviting(), "BO@harrow.example", "viewer"), refused("already_member"));
  });

  await t.test("nobody gives more than they hold", async () => {
    await assert.rejects(invite(inviting(admin), "boss@harrow.example", "owner"), refused("forbidden"));
    await invite(inviting(admin), "peer@harrow.example", "admin");
    const { id } = await invite(inviting(owner), "boss@harrow.example", "owner");
    await assert.rejects(withdrawInvitation(inviting(admin), id), refused("forbidden"));
    await withdrawInvitation(inviting(owner), id);
    await assert.rejects(withdrawInvitation(inviting(owner), id), refused("not_found"));
    await assert.rejects(withdrawInvitation(inviting(owner), newId()), refused("not_found"));
    await assert.rejects(accept(await tokenFor("boss@harrow.example")), invalid);
    const viewer = await company.hire("Viewer", "viewer");
    await assert.rejects(invite(inviting(viewer), "x@harrow.example", "viewer"), refused("forbidden"));
  });

  await t.test(
    "one open invitation for an address, however it is spelled and however many ask at once",
    async () => {
      const twins = await Promise.allSettled(
        ["Twin@harrow.example", "twin@HARROW.example", " twin@harrow.example"].map((address) =>
          invite(inviting(), address, "viewer"),
        ),
      );
      assert.equal(twins.filter((x) => x.status === "fulfilled").length, 1);
      for (const x of twins) if (x.status === "rejected") refused("already_invited")(x.reason);
      assert.equal((await readOutbox(stage.system)).filter((m) => /twin@/i.test(m.to)).length, 1);
      const [open] = (await listInvitations(inviting())).filter((i) => /twin/i.test(i.address));
      assert.equal(open?.state, "open");
      await withdrawInvitation(inviting(), open?.id ?? "");
      await invite(inviting(), "twin@harrow.example", "viewer");
    },
  );

  await t.test("of racing acceptances one wins", async () => {
    await invite(inviting(), "racer@harrow.example", "manager");
    const token = await tokenFor("racer@harrow.example");
    const before = await membersWith("manager");
    const all = await meetingAt(
      stage,
      "select 1 from invitation where accepted_at is null for update",
      [1, 2, 3].map(() => () => accept(token)),
    );
    assert.equal(all.filter((a) => a.status === "fulfilled").length, 1);
    for (const a of all) if (a.status === "rejected") invalid(a.reason);
    assert.equal(await membersWith("manager"), before + 1);
  });

  await t.test("an expired one opens nothing and makes room for a new one", async () => {
    await invite(inviting(), "late@harrow.example", "viewer");
    const token = await tokenFor("late@harrow.example");
    stage.pass(VALID_FOR - minutes(10));
    const { id } = await openInvitation(company.visitor(), token);
    stage.pass(minutes(10.1));
    await assert.rejects(openInvitation(company.visitor(), token), invalid);
    await assert.rejects(accept(token), invalid);
    const again = await signedIn(company.visitor(), owner.address, PASSWORD);
    const now = owner.as("member.invite", again.sessionId);
    const state = async () =>
      (await listInvitations(owner.as("member.invite", again.sessionId))).find((i) => i.id === id)?.state;
    assert.equal(await state(), "expired");
    await invite(now, "late@harrow.example", "viewer");
    assert.equal(await state(), undefined);
    const renewed = await tokenFor("late@harrow.example");
    assert.notEqual(renewed, token);
    await accept(renewed);
    await assert.rejects(accept(token), invalid);
    stage.pass(-VALID_FOR);
  });

  await t.test("whoever could not invite any more did not", async () => {
    const cases = [
      ["removed", (id: string) => removeMember(owner.as("member.remove"), id)],
      ["suspended", (id: string) => suspendMember(owner.as("member.suspend"), id)],
      ["demoted", (id: string) => changeRole(owner.as("member.change-role"), id, "viewer")],
    ] as const;
    for (const [name, act] of cases) {
      const inviter = await company.hire(`Inviter-${name}`, "admin");
      const address = `${name}@harrow.example`;
      await invite(inviting(inviter), address, "manager");
      const token = await tokenFor(address);
      await openInvitation(company.visitor(), token);
      await act(inviter.id);
      await assert.rejects(openInvitation(company.visitor(), token), invalid, name);
      await assert.rejects(accept(token), invalid, name);
    }
  });

  await t.test("a link opens in its own workspace only", async () => {
    await invite(inviting(), "placed@harrow.example", "viewer");
    const token = await tokenFor("placed@harrow.example");
    for (const ctx of [other.visitor(), { ...company.visitor(), tenant: null }]) {
      await assert.rejects(openInvitation(ctx, token), invalid);
      await assert.rejects(acceptInvitation(ctx, token, "Eve", PASSWORD), invalid);
    }
    await assert.rejects(openInvitation(company.visitor(), newToken().token), invalid);
    await asSuperuser(stage.database, (client) =>
      client.query("update tenant set state = 'closed' where tenant_id = $1", [company.id]),
    );
    // Nobody gets into a workspace that is gone, link or not.
    await assert.rejects(openInvitation(company.visitor(), token), refused("closing"));
  });
});
