import type { Defence } from "./defence.ts";

const ring = "src/kernel/crypto/keyring.ts";
const store = "src/kernel/crypto/key-store.ts";
const tenantKeys = "src/kernel/crypto/tenant-keys.ts";
const rotation = "src/modules/operations/keys/rotation.ts";

/** Of the master key, of what is sealed where, and of keys that are destroyed. */
export const keyDefences: readonly Defence[] = [
  {
    words: "a rotation wraps every key file anew",
    claim: "crypto.master-key",
    file: rotation,
    text: "if (await keyring.rewrap(id)) rewrapped++;",
    without: "if (rewrapped < 2 && (await keyring.rewrap(id))) rewrapped++;",
  },
  {
    words: "an old master key is kept while a file is under it",
    claim: "crypto.master-key",
    file: rotation,
    text: "v !== current && !needed.has(v)",
    without: "v !== current && needed.size > 0",
  },
  {
    words: "a server that runs finds a master key that was added",
    claim: "crypto.master-key",
    file: "src/kernel/crypto/master-key-file.ts",
    text: "if (!keys.versions.includes(wrapped.master)) await refresh();",
    without: "",
  },
  {
    words: "a start with keys that do not open is refused",
    claim: "crypto.master-key",
    file: "src/kernel/crypto/open-keys.ts",
    text: "if (isStartupError(cause)) throw cause;",
    without: "if (cause) return;",
  },
  {
    words: "the master key is in no file but its own",
    claim: "crypto.master-key",
    file: "src/kernel/crypto/open-keys.ts",
    text: "JSON.stringify({ ...me, source, versions })",
    without:
      'JSON.stringify({ ...me, source, versions, from: readFileSync(join(home, "secrets", "master.key"), "utf8") })',
  },
  {
    words: "destroying takes the key file away",
    claim: "crypto.shredding",
    file: ring,
    text: "      await store.destroy(tenantId);\n",
    without: "",
  },
  {
    words: "the mark of destroyed keys holds none",
    claim: "crypto.shredding",
    file: store,
    text: "          await eraseFile(gone, GONE);\n",
    without: "",
  },
  {
    words: "a copied key file opens nothing where its keys were destroyed",
    claim: "crypto.shredding",
    file: store,
    text: '    if (isThere(pathOf(tenantId, "gone"))) return null;\n',
    without: "",
  },
  {
    words: "another process looks at the key file with each use",
    claim: "crypto.shredding",
    file: ring,
    text: "if (entry && store.stamp(tenantId) === entry.stamp && !isDue(entry)) {",
    without: "if (entry && !isDue(entry)) {",
  },
  {
    words: "handles that are held die with the keys",
    claim: "crypto.shredding",
    file: ring,
    text: "      if (store.isDestroyed(tenantId)) destroyed.add(tenantId);\n",
    without: "",
  },
  {
    words: "the last copy of the key store lapses when keys were destroyed since",
    claim: "crypto.shredding",
    file: "src/modules/operations/keys/shredding.ts",
    text: "destroyedAt === null || destroyedAt < newest.at",
    without: "destroyedAt === null || newest.at",
  },
  {
    words: "a token of a workspace whose keys are gone is not listened to",
    claim: "crypto.shredding",
    file: "src/kernel/routes/caller.ts",
    text: 'if (!system.keyring.has(tenantId)) throw appError("signed_out");',
    without: "",
  },
  {
    words: "a sealed value is bound to its row",
    claim: "crypto.fields",
    file: tenantKeys,
    text: 'throw cryptoFailure("A sealed value was changed, or belongs to another cell.", cause);',
    without: "void cause;",
  },
  {
    words: "what an audit entry quotes is sealed",
    claim: "crypto.fields",
    file: "src/kernel/audit.ts",
    text: "keys.seal(auditCell(id), text),",
    without: "Buffer.from(text),",
  },
  {
    words: "what is written once can still be sealed with a new key",
    claim: "crypto.fields",
    file: "db/migrations/0022_keys.sql",
    text: "grant update (body) on answer_part to vouchsafe_app;\n",
    without: "",
  },
  {
    words: "stored files are encrypted",
    claim: "crypto.at-rest",
    file: "src/kernel/files/stream.ts",
    text: "sealed.set(body);",
    without: "sealed.set(content);",
  },
  {
    words: "a volume counts as encrypted only when all beneath it is",
    claim: "crypto.at-rest",
    file: "src/modules/operations/keys/at-rest.ts",
    text: "if (open.length === 0)",
    without: "if (open.length < leaves.length)",
  },
];
