import assert from "node:assert/strict";
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import type { Random } from "../../attacker/random.ts";
import { secret } from "../../src/kernel/secret.ts";
import { readArchive } from "../../src/modules/operations/backup/archive-reading.ts";
import { launch, newPlace, remove, runToEnd, startServer, until } from "../support/server.ts";
import { signInAgain } from "../support/visitor.ts";
import { everythingHolds, type Firm, newFirm } from "./firm.ts";
import type { Installation } from "./installation.ts";

/** A backup that said of itself that it is good, and what was promised when it began. */
interface Taken {
  readonly file: string;
  readonly promised: Pick<Firm, "documents" | "folders" | "answers" | "checkpoint">;
  /** How many renamings had been asked for. */
  readonly renamed: number;
}

export interface Backups {
  readonly counts: { good: number; failed: number; killed: number; restored: number };
  /** Begins one beside whatever happens. Ends with it, whether it was good or says that it was not. */
  take(firm: Firm): Promise<void>;
  /** Begins one and kills it. */
  kill(random: Random): Promise<void>;
  /** The newest good one, in an empty home: all that was promised before it began is there. */
  restoreNewest(firm: Firm, when: string): Promise<void>;
  close(): void;
}

export async function openBackups(at: Installation): Promise<Backups> {
  const folder = mkdtempSync(join(tmpdir(), "vouchsafe-rounds-backups-"));
  const identity = await generateX25519Identity();
  const identityFile = join(folder, "identity.txt");
  writeFileSync(identityFile, `${identity}\n`, { mode: 0o600 });
  const store = join(folder, "archives");
  const env = { ...at.env, BACKUP_RECIPIENTS: await identityToRecipient(identity), BACKUP_FOLDER: store };
  const command = ["src/main.ts", "backup", "--json"];
  const counts = { good: 0, failed: 0, killed: 0, restored: 0 };
  let newest: Taken | null = null;
  const archives = () => (existing(store) ?? []).filter((name) => name.endsWith(".age"));
  /** Whole, or not there at all: what lies under a name of an archive is one. */
  const allOpen = async () => {
    for (const name of archives()) await readArchive(createReadStream(join(store, name)), [secret(identity)]);
  };

  const backups: Backups = {
    counts,
    async take(firm) {
      const promised = {
        documents: new Map(firm.documents),
        folders: new Map([...firm.folders].map(([id, names]) => [id, new Set(names)])),
        answers: new Map(firm.answers),
        checkpoint: firm.checkpoint,
      };
      const renamed = firm.renamed.length;
      const { code, words } = await runToEnd(at.place, { env, command });
      const name = /"name":"(data-[^"]+)"/.exec(words)?.[1];
      assert.equal(code === 0, name !== undefined, `a backup is good or is not: ${code} ${words}`);
      if (!name) {
        counts.failed++;
        return;
      }
      counts.good++;
      newest = { file: join(store, name), promised, renamed };
    },

    async kill(random) {
      const there = new Set(existing(store));
      const { child, words, ended } = launch(at.place, { env, command });
      let over = false;
      void ended.then(() => {
        over = true;
      });
      // Once it has begun to write, or to look at what it has written.
      const writes = () => (existing(store) ?? []).some((name) => !there.has(name));
      await until("a backup is written", 60_000, () => over || writes());
      await sleep(random.int(300));
      child.kill("SIGKILL");
      const { signal } = await ended;
      if (signal !== "SIGKILL") return;
      counts.killed++;
      assert.doesNotMatch(words(), /"name"/, "a backup that was killed said that it is good");
      await allOpen();
      // Killed after its last word to the database it is good: what counts as good is there, and opens.
      const kept = new Set(archives());
      for (const name of await at.goodBackups())
        assert.ok(kept.has(name), `${name} counts as good and is not there`);
    },

    async restoreNewest(firm, when) {
      // Whatever went wrong may have hit each one so far.
      if (!newest) await backups.take(firm);
      await allOpen();
      const { file, promised, renamed } = newest ?? assert.fail(`no backup could be made ${when}`);
      const place = newPlace();
      const words = `in what was restored ${when}`;
      try {
        mkdirSync(join(place.home, "secrets"), { recursive: true, mode: 0o700 });
        copyFileSync(join(at.place.home, "secrets", "master.key"), join(place.home, "secrets", "master.key"));
        const restore = ["src/main.ts", "restore", "--identity", identityFile, "--from", file];
        const ending = await runToEnd(place, { command: restore });
        assert.equal(ending.code, 0, `${words}: ${ending.words}`);
        const server = await startServer(place);
        try {
          const back = { ...newFirm(await signInAgain(server, firm.owner)), ...promised };
          // What was asked for since may have been done before the backup's moment, too.
          for (const { id, name } of firm.renamed.slice(renamed)) back.folders.get(id)?.add(name);
          await everythingHolds(back, words, { most: 15, settled: true });
        } finally {
          await server.stop("SIGTERM");
        }
        counts.restored++;
      } finally {
        remove(place);
      }
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
  return backups;
}

function existing(folder: string): string[] | null {
  try {
    return readdirSync(folder);
  } catch {
    return null;
  }
}
