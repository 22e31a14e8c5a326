import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { test } from "node:test";
import { openBackupStand, query } from "../../../../test/support/backup.ts";
import { upload } from "../../../../test/support/knowledge.ts";
import { days, later, minutes } from "../../../kernel/clock.ts";
import { readOutbox } from "../../../kernel/mail.ts";
import { sequenceAudit } from "../audit/log/sequencer.ts";
import { latestRestoreTest, NO_CANARIES, passed, testRestore } from "./restore-test.ts";
import { listRuns } from "./runs.ts";
import { backUpIfDue, isDue } from "./schedule.ts";
import { chooseRoom } from "./scratch.ts";
import { backUp } from "./service.ts";

test("each day's backup is made at its time and restored on a scratch database", async (t) => {
  const stand = await openBackupStand(t);
  const harrow = await stand.workspace("operator");
  const mara = await harrow.hire("Mara", "owner");
  await upload(mara, { name: "a.md", content: "A text." });
  await sequenceAudit(stand.system);
  let now = new Date("2030-05-06T02:59:00Z");
  const system = stand.with({ at: 180 }, () => now);
  const scratch = async () =>
    (await readdir(tmpdir())).filter((name) => name.startsWith("vouchsafe-restore-"));
  const before = await scratch();

  assert.equal(await backUpIfDue(system, now), "made");
  const stored = await latestRestoreTest(system);
  assert.ok(stored && stored !== "forged");
  const { result } = stored;
  assert.deepEqual(
    [result.problem, result.sumsEqual, result.audit.verified],
    [null, true, true],
    JSON.stringify(result),
  );
  assert.equal(passed(result), result.catalog.broken === 0);
  assert.equal(result.files, 3);
  assert.ok(result.rows > 20 && result.tables > 50 && result.catalog.looked > 50);
  assert.ok(result.audit.entries > 0);
  assert.match(result.attackSaid, /no canaries/);
  assert.deepEqual(await scratch(), before);

  assert.equal(await backUpIfDue(system, now), "not due");
  assert.equal((await listRuns(system)).length, 2);

  await t.test(
    "where there is no room for a copy it is not tried out, and the operator is told why",
    async () => {
      const made = await backUp(system, "operator");
      assert.ok(made);
      const quiet = { ...system, log: { ...system.log, error: () => {}, info: () => {} } } as typeof system;
      const none = await testRestore(quiet, made, async (_, needed) => chooseRoom([], needed));
      assert.match(none.result.problem ?? "", /no room for a second copy of everything, which takes \d+ MB/);
      assert.equal(none.result.sumsEqual, false);
      assert.equal(passed(none.result), false);
      const mail = (await readOutbox(system)).find(({ subject }) =>
        /did not pass its restore test/.test(subject),
      );
      assert.match(mail?.text ?? "", /not tried out\. There is no room/);
      now = later(now, minutes(1));
    },
  );

  await t.test("a result that nobody here signed is said to be forged", async () => {
    await query(
      stand.database.url("postgres"),
      "update platform.restore_test set result = replace(result::text, '\"breached\":', '\"breached\": ')::json, at = at + interval '1 s'",
    );
    assert.equal(await latestRestoreTest(system), "forged");
  });

  await t.test(
    "a backup that fails is tried again in an hour, and told when there was none for 26 hours",
    async () => {
      const broken = { ...system, backupUrl: null, log: { ...system.log, error: () => {}, info: () => {} } };
      now = later(now, minutes(2));
      assert.equal(await backUpIfDue(broken as typeof system, now), "failed");
      assert.equal(await backUpIfDue(broken as typeof system, now), "not due");
      now = later(now, minutes(61));
      assert.equal(await backUpIfDue(broken as typeof system, now), "failed");
      now = later(now, days(1) + minutes(60));
      assert.equal(await backUpIfDue(broken as typeof system, now), "failed");
      const alerts = await query(
        stand.database.url("postgres"),
        "select kind from platform.alert_sent order by 1",
      );
      assert.ok(
        ["backup.failed", "backup.late"].every((kind) => alerts.flat().includes(kind)),
        `${alerts}`,
      );
    },
  );
});

test("an attack on the copy that could not be run is no pass", () => {
  const result = {
    ...{ archive: "", takenAt: "", problem: null, tables: 1, rows: 1, files: 1, bytes: 1, sumsEqual: true },
    ...{ catalog: { looked: 1, broken: 0 }, audit: { entries: 1, verified: true }, seconds: 1 },
  };
  const attack = { attempts: 4, held: 4, breached: 0, inconclusive: 0 };
  assert.equal(passed({ ...result, attack, attackSaid: "run on the copy" }), true);
  assert.equal(passed({ ...result, attack: null, attackSaid: NO_CANARIES }), true);
  assert.equal(passed({ ...result, attack: null, attackSaid: "not run: it threw" }), false);
  assert.equal(
    passed({ ...result, attack: { ...attack, attempts: 0 }, attackSaid: "run on the copy" }),
    false,
  );
});

test("a backup is due once a day, at its time", () => {
  const good = (at: string) => ({ kind: "data" as const, state: "good" as const, startedAt: new Date(at) });
  const now = new Date("2030-05-06T03:00:10Z");
  assert.equal(isDue([], 180, now), true);
  assert.equal(isDue([good("2030-05-06T03:00:01Z")], 180, now), false);
  assert.equal(isDue([good("2030-05-06T02:59:00Z")], 180, now), true);
  assert.equal(isDue([good("2031-05-06T03:00:01Z")], 180, now), true, "a clock was a year ahead");
  assert.equal(isDue([good("2030-05-05T03:20:01Z")], 200, now), false);
  assert.equal(isDue([{ ...good("2030-05-06T03:00:01Z"), state: "failed" }], 180, now), false);
});
