import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import type { Finding } from "../../../kernel/controls.ts";
import { withDatabase } from "../../../kernel/database/migrate.ts";
import { withBackups } from "../../operations/backup/checks/backups-of-stage.ts";
import { choose } from "../../operations/backup/choosing.ts";
import { folderPlace } from "../../operations/backup/places.ts";
import { backUp } from "../../operations/backup/service.ts";
import { restoreTenant } from "../../operations/backup/tenant-restore.ts";
import { finding } from "../../trust/stage/finding.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { upload, waitUntilReady } from "../../trust/stage/workspace.ts";
import { eraseAgain, onCopy } from "../erasure/again.ts";
import { readErased } from "../erasure/ledger.ts";

/** Somebody is erased after a backup, and somebody else while their workspace is set back to it. */
export function erasedAgainFindings(stage: Stage): Promise<Finding[]> {
  return withBackups(stage, async ({ system, folder, identity }) => {
    const slug = `lantern-${randomBytes(4).toString("hex")}`;
    const company = await stage.founder.found(slug, "Lantern and Sons", "Lena Lantern");
    const person = await company.hire("Nils Norn", "manager");
    const late = await company.hire("Lotte Late", "viewer");
    const documents = await upload(person.client, [
      { name: "Nils.md", bytes: Buffer.from("# Nils\n\nNils Norn keeps the keys.\n") },
    ]);
    await waitUntilReady(
      person.client,
      documents.map(({ id }) => id),
    );
    await backUp(system, "operator");
    const owned = async (client: pg.Client) =>
      (
        await client.query<{ documents: number; done: boolean }>(
          `select (select count(*)::int from document where owner_id = $1) as documents,
                  exists (select from erasure where member_id = $1 and state = 'done') as done`,
          [person.id],
        )
      ).rows[0];
    const erase = (id: string) =>
      company.owner.client.call("POST", `members/${id}/erasure`, { body: { content: "deleted" } });
    const asked = await erase(person.id);
    const noted = (await readErased(system.config.home)).some(({ member }) => member === person.id);
    const liveUrl = stage.server.databaseUrl("postgres");
    const adminUrl = withDatabase(liveUrl, "postgres");
    const scratch = `scratch_${randomBytes(5).toString("hex")}`;
    const [server, live] = [new pg.Client(adminUrl), new pg.Client(liveUrl)];
    await Promise.all([server.connect(), live.connect()]);
    try {
      for (const end = Date.now() + 20_000; !(await owned(live))?.done && Date.now() < end; )
        await sleep(100);
      await server.query(`create database ${scratch} template template0`);
      const { data } = await choose([folderPlace(folder)], {});
      let inBackup = 0;
      let between: number | null = null;
      await restoreTenant({
        system,
        live: { adminUrl, database: databaseOf(liveUrl) },
        scratch: { adminUrl, database: scratch },
        slug,
        data,
        identities: [identity],
        prepare: async (only, taken) => {
          const loaded = new pg.Client(withDatabase(liveUrl, scratch));
          await loaded.connect();
          inBackup ||= (await owned(loaded))?.documents ?? 0;
          await loaded.end();
          const copy = onCopy(system, withDatabase(stage.server.databaseUrl("vouchsafe_app"), scratch));
          const to = withDatabase(liveUrl, scratch);
          await eraseAgain(copy.system, to, { taken, only }).finally(copy.close);
          // Its members are inside until the files are put back.
          between ??= (await erase(late.id)).status;
        },
      });
      const after = await owned(live);
      const { rowCount: lateDone } = await live.query(
        "select from erasure where member_id = $1 and state = 'done'",
        [late.id],
      );
      return [
        finding(
          asked.status === 204 && noted,
          "a person who is erased",
          "the list beside the keys",
          noted ? "written down before the answer" : `${asked.status}, not written down`,
        ),
        finding(
          inBackup === 1 && after?.documents === 0 && after.done,
          "what they had, after a restore from before",
          "their workspace",
          `${inBackup} documents in the backup, ${after?.documents} back, ${after?.done ? "erased again" : "not erased again"}`,
        ),
        finding(
          between === 204 && lateDone === 1,
          "a person who is erased while it is set back",
          "their workspace",
          lateDone === 1 ? "erased again" : `${between}, not erased again`,
        ),
      ];
    } finally {
      await server.query(`drop database if exists ${scratch} with (force)`);
      await Promise.all([server.end(), live.end()]);
    }
  });
}

const databaseOf = (url: string): string =>
  decodeURIComponent(/^\w+:\/\/[^/]*\/([^?]*)/.exec(url)?.[1] ?? "");
