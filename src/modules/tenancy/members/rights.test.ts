import assert from "node:assert/strict";
import { test } from "node:test";
import { refused } from "../../../../test/support/refused.ts";
import { openStage } from "../../../../test/support/stage.ts";
import { newId } from "../../../kernel/ids.ts";
import { createRole } from "../../identity/roles/own-roles.ts";
import { memberRights } from "./rights.ts";
import { changeRole } from "./service.ts";

test("what a member may do, and why", async (t) => {
  const stage = await openStage(t);
  const company = await stage.company("harrow");
  const owner = await company.hire("Owner", "owner");
  const viewer = await company.hire("Viewer", "viewer");
  const stranger = await (await stage.company("bexley")).hire("Stranger", "owner");
  const seenBy = (person: typeof owner, id: string) => memberRights(person.as("member.see-rights"), id);
  const of = async (key: string) =>
    (await seenBy(owner, viewer.id)).items.find((item) => item.key === key) ?? null;

  await t.test("with a reason for each that is held, and for each that is not", async () => {
    const { role, items } = await seenBy(viewer, viewer.id);
    assert.deepEqual(role, { name: "Viewer", id: null });
    assert.deepEqual(
      ["account.use", "member.read", "tenant.change", "operator.tenants.read"].map((key) => {
        const item = items.find((i) => i.key === key);
        return item ? [item.held, item.because] : null;
      }),
      [[true, "every member"], [true, "role “Viewer”"], [false, "not in role “Viewer”"], null],
    );
  });

  await t.test("a custom role is called by its name", async () => {
    const { id } = await createRole(owner.as("role.create"), "Porter", ["tenant.change"]);
    await changeRole(owner.as("member.change-role"), viewer.id, id);
    assert.deepEqual((await seenBy(owner, viewer.id)).role, { name: "Porter", id });
    assert.equal((await of("tenant.change"))?.because, "role “Porter”");
    assert.equal((await of("member.read"))?.because, "not in role “Porter”");
    await changeRole(owner.as("member.change-role"), viewer.id, "viewer");
  });

  await t.test("one's own for everybody, others' for who may change roles", async () => {
    await assert.rejects(seenBy(viewer, owner.id), refused("forbidden"));
    for (const id of [stranger.id, newId()]) await assert.rejects(seenBy(owner, id), refused("not_found"));
  });
});
