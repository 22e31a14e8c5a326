import { readdir, readFile, truncate } from "node:fs/promises";
import { join } from "node:path";
import { type Outcome, outcomeOf } from "../../../../kernel/controls.ts";
import { reveal } from "../../../../kernel/secret.ts";
import { finding } from "../../../trust/stage/finding.ts";
import type { Stage } from "../../../trust/stage/stage.ts";
import { newIdentity } from "../age.ts";
import { readArchive } from "../archive-reading.ts";
import { folderPlace } from "../places.ts";
import { latestRestoreTest, NO_CANARIES, passed, testRestore } from "../restore-test.ts";
import { backUp } from "../service.ts";
import { publicBackups } from "../view.ts";
import { refused } from "./backups.ts";
import { withBackups } from "./backups-of-stage.ts";

/** What the server does each night, once: with a good archive, and with one that was cut off after it was stored. */
export function checkRestoreTest(stage: Stage): Promise<Outcome> {
  return withBackups(stage, async ({ system, folder }) => {
    const quiet = { ...system, log: { ...system.log, error: () => {} } as unknown as typeof system.log };
    const made = await backUp(system, "operator");
    if (!made) throw new Error("another process makes backups of this installation");
    const { result } = await testRestore(quiet, made);
    const published = async () =>
      (await publicBackups(system, async (text) => (await system.pool.query(text)).rows)).test;
    const shown = await published();
    const rows = made.data.manifest.tables.reduce((all, table) => all + table.rows, 0);
    const where = await whereIs(reveal(made.data.identity), [system.config.home, folder], stage.server.log());
    const findings = [
      finding(
        result.problem === null &&
          result.sumsEqual &&
          result.rows === rows &&
          result.files === made.data.manifest.files.count,
        "the newest backup, restored on a database of its own",
        "every night",
        result.problem ??
          `${result.rows} rows of ${rows}, ${result.files} files, checksums ${result.sumsEqual ? "equal" : "not equal"}`,
      ),
      finding(
        result.catalog.looked > 50 && result.catalog.broken === 0,
        "row security and references in the copy",
        "catalog",
        `${result.catalog.broken} of ${result.catalog.looked} broken`,
      ),
      finding(
        result.audit.verified && result.audit.entries > 0,
        "the audit log in the copy",
        "verify/",
        `${result.audit.entries} entries ${result.audit.verified ? "verified" : "NOT verified"}`,
      ),
      // Nothing tried is nothing held: where there are no canaries this is not counted.
      ...(result.attack === null && result.attackSaid === NO_CANARIES
        ? []
        : [
            finding(
              result.attack !== null && result.attack.attempts > 0 && result.attack.breached === 0,
              "attacks on the copy",
              "the canaries",
              result.attack
                ? `${result.attack.attempts} tried, ${result.attack.breached} got through`
                : result.attackSaid,
            ),
          ]),
      finding(
        shown?.rows === result.rows && shown.passed === passed(result),
        "what is published of it",
        "anybody",
        shown ? `${shown.rows} rows` : "nothing",
      ),
      finding(
        where.length === 0,
        "the key that the test opened it with",
        "somebody with the machine's disk",
        where.join(", ") || "in no file and no log",
      ),
    ];
    // What lies there is cut off after it was verified: the next test must say so.
    await truncate(join(folder, made.data.archive.name), made.data.archive.bytes >> 1);
    const second = await testRestore(quiet, made);
    findings.push(
      finding(
        second.result.problem !== null && !passed(second.result),
        "a backup that was cut off later",
        "every night",
        second.result.problem ? "does not pass" : "passes",
      ),
    );
    await system.pool.query(
      "insert into platform.restore_test (run_id, at, version, result, note) select gen_random_uuid(), at + interval '1 s', version, $1, note from platform.restore_test order by at desc limit 1",
      [JSON.stringify(result)],
    );
    const forged = await latestRestoreTest(system);
    findings.push(
      finding(
        forged === "forged" && (await published()) === null,
        "a result that nobody signed",
        "somebody with the database",
        forged === "forged" ? "not shown" : "shown",
      ),
    );
    return outcomeOf(
      findings,
      `${result.rows} rows and ${result.files} files restored and compared in ${Math.round(result.seconds)} s`,
    );
  });
}

/** Who was given a backup keeps it; who comes later gets only what comes later. */
export function checkRecipients(stage: Stage): Promise<Outcome> {
  return withBackups(stage, async (on) => {
    const [second, guest] = [await newIdentity([]), await newIdentity([])];
    const first = await backUp(on.with({ recipients: [on.recipient, guest.recipient] }), "operator");
    const later = await backUp(on.with({ recipients: [second.recipient] }), "operator");
    if (!first || !later) throw new Error("another process makes backups of this installation");
    const place = folderPlace(on.folder);
    const opens = async (what: string, name: string, identity: typeof on.identity) => {
      const got = await readArchive(await place.get(name), [identity]).then(
        () => "opened",
        (error: unknown) => String(error),
      );
      return finding(got === "opened", what, "the holder of an identity", got);
    };
    const [old, renewed] = [first.data.archive.name, later.data.archive.name];
    return outcomeOf(
      [
        await opens("an old backup, after the recipients were replaced", old, on.identity),
        await opens("the same, by its second recipient", old, guest.identity),
        await opens("a new backup, by the new recipient", renewed, second.identity),
        await opens("the keys of the new one", later.keys.archive.name, second.identity),
        await refused("a new backup, by the one who was replaced", "the holder of an identity", async () =>
          readArchive(await place.get(renewed), [on.identity]),
        ),
        await refused("an old backup, by the new recipient", "the holder of an identity", async () =>
          readArchive(await place.get(old), [second.identity]),
        ),
      ],
      "two sets of recipients, one after the other",
    );
  });
}

/** Files below these folders, and the log, in which a text stands. */
async function whereIs(text: string, folders: readonly string[], log: string): Promise<string[]> {
  const found = log.includes(text) ? ["the log"] : [];
  for (const folder of folders)
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const bytes = await readFile(join(entry.parentPath, entry.name)).catch(() => Buffer.alloc(0));
      if (bytes.includes(text)) found.push(entry.name);
    }
  return found;
}
