import assert from "node:assert/strict";
import { test } from "node:test";
import { openStage } from "../../../../test/support/stage.ts";
import { minutes } from "../../../kernel/clock.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { alertOperator } from "./service.ts";

const alert = { kind: "backup.late", subject: "A backup is late", text: "Look at the disk." };

test("the operator's owners and admins are told once an hour of one kind, and a failure stays inside", async (t) => {
  const stage = await openStage(t);
  const { system } = stage;
  const told = async () => (await readOutbox(system)).map(({ to, subject }) => `${to}: ${subject}`).sort();

  // Before there is an operator nobody is told, and nothing is used up.
  await alertOperator(system, alert);
  const operator = await stage.company("operator", "operator");
  await operator.hire("Owner", "owner");
  await operator.hire("Admin", "admin");
  await operator.hire("Manager", "manager");
  await operator.hire("Newcomer", "admin", { unverified: true });
  assert.deepEqual(await told(), []);

  await Promise.all([alertOperator(system, alert), alertOperator(system, alert)]);
  const once = ["admin@operator.example: A backup is late", "owner@operator.example: A backup is late"];
  assert.deepEqual(await told(), once);

  await alertOperator(system, { ...alert, kind: "backup.failed", subject: "A backup failed" });
  assert.equal((await told()).length, 4, "another kind");
  stage.pass(minutes(59));
  await alertOperator(system, alert);
  assert.equal((await told()).length, 4, "within the hour");
  stage.pass(minutes(2));
  await alertOperator(system, alert);
  assert.equal((await told()).length, 6, "after it");

  const broken = { ...system, pool: { connect: () => Promise.reject(new Error("away")) } as never };
  await alertOperator(broken, alert);
  assert.match(stage.log(), /the operator could not be told/);
});
