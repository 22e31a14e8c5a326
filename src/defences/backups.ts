import type { Defence } from "./defence.ts";

export const backupDefences: readonly Defence[] = [
  {
    words: "a backup is read back from where it was stored",
    claim: "ops.backup",
    file: "src/modules/operations/backup/making.ts",
    text: "    for (const place of places) await verify(place, name, sha256, own.identity, manifest);\n",
    without: "",
  },
  {
    words: "an archive that ends early is refused",
    claim: "ops.backup",
    file: "src/modules/operations/backup/age.ts",
    text: "counter[11] = last ? 1 : 0;\n      yield openChunk(key, counter, chunk);",
    without:
      "counter[11] = last ? 1 : 0;\n      try {\n        yield openChunk(key, counter, chunk);\n      } catch {\n        return;\n      }",
  },
  {
    words: "nothing is stored before it is encrypted",
    claim: "ops.backup",
    file: "src/modules/operations/backup/archive-writing.ts",
    text: "return inBatches(encryptFor(options.recipients, compressed), BATCH);",
    without: "return inBatches(compressed, BATCH);",
  },
  {
    words: "the keys are in no archive of the data",
    claim: "ops.backup",
    file: "src/modules/operations/backup/making.ts",
    text: "      yield* fileParts(snapshot, system.files);\n",
    without:
      '      yield* fileParts(snapshot, system.files);\n      yield* folderParts(join(system.config.home, "keys"), "keys");\n',
  },
  {
    words: "the last good backup is kept",
    claim: "ops.backup",
    file: "src/modules/operations/backup/retention.ts",
    text: "  if (good[0]) kept.add(good[0]);\n",
    without: "",
  },
  {
    words: "a result of a restore counts when it is signed",
    claim: "ops.restore-test",
    file: "src/modules/operations/backup/restore-test.ts",
    text: 'if (signed.join("\\n") !== said(at, version, text).join("\\n")) return "forged";',
    without: "",
  },
  {
    words: "the key of the restore test is in no log",
    claim: "ops.restore-test",
    file: "src/modules/operations/backup/making.ts",
    text: "    contents = await open();\n",
    without:
      '    system.log.info({ identity: reveal(own.identity) }, "made");\n    contents = await open();\n',
  },
  {
    words: "a backup is encrypted for every recipient",
    claim: "ops.backup-keys",
    file: "src/modules/operations/backup/making.ts",
    text: "recipients: [...recipients, own.recipient],",
    without: "recipients: [...recipients.slice(0, 1), own.recipient],",
  },
  {
    words: "a tenant's restore deletes its own rows only",
    claim: "ops.tenant-restore",
    file: "src/modules/operations/backup/tenant-restore.ts",
    text: "await to.query(`delete from ${quoted(table.name)} where tenant_id = $1`, [tenantId]);",
    without:
      "await to.query(`delete from ${quoted(table.name)} where tenant_id = $1 or ctid in (select ctid from ${quoted(table.name)} where tenant_id <> $1 limit 1)`, [tenantId]);",
  },
];
