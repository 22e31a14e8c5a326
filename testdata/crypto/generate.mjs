// Makes the vectors of this folder from src/kernel/crypto/FORMAT.md: node testdata/crypto/generate.mjs
// A second implementation (WebCrypto, no import from src/), so that one bug cannot vouch for itself.
import { createHash, webcrypto } from "node:crypto";
import { writeFileSync } from "node:fs";

const { subtle } = webcrypto;
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const text = (value) => Buffer.from(value, "utf8");
const u16 = (n) => Buffer.from([n >>> 8, n & 255]);
const u32 = (n) => Buffer.from([n >>> 24, (n >>> 16) & 255, (n >>> 8) & 255, n & 255]);
const u64 = (n) => Buffer.from(BigInt(n).toString(16).padStart(16, "0"), "hex");
const parts = (...list) => Buffer.concat(list.flatMap((part) => [u16(text(part).length), text(part)]));

async function hkdf(key, salt, info) {
  const base = await subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]);
  return Buffer.from(await subtle.deriveBits({ name: "HKDF", hash: "SHA-256", salt, info }, base, 256));
}
async function gcm(key, nonce, aad, plaintext) {
  const aes = await subtle.importKey("raw", key, "AES-GCM", false, ["encrypt"]);
  return Buffer.from(await subtle.encrypt({ name: "AES-GCM", iv: nonce, additionalData: aad }, aes, plaintext));
}
async function hmac(key, bytes) {
  const mac = await subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return Buffer.from(await subtle.sign("HMAC", mac, bytes));
}
/** Bytes that look random and are the same every time. */
const fixed = (label, length) => {
  let out = Buffer.alloc(0);
  for (let i = 0; out.length < length; i++) out = Buffer.concat([out, createHash("sha256").update(`${label} ${i}`).digest()]);
  return out.subarray(0, length);
};
const none = Buffer.alloc(0);
const write = (name, value) => writeFileSync(new URL(name, import.meta.url), `${JSON.stringify(value, null, 2)}\n`);

const tenant = "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a01";
const other = "0190a4c4-7f3b-7c11-8a52-3e1d5b7f9a02";
const dataKeys = { 1: fixed("data key 1", 32), 3: fixed("data key 3", 32) };

// --- wrapped keys
const master = { 1: fixed("master 1", 32), 2: fixed("master 2", 32) };
const entries = [];
for (const [version, masterVersion] of [[1, 1], [3, 2]]) {
  const nonce = fixed(`wrap nonce ${version}`, 12);
  const key = await hkdf(master[masterVersion], none, parts("vouchsafe/wrap/1"));
  const aad = parts("vouchsafe/wrapped-key/1", `tenant ${tenant} key ${version}`);
  const ciphertext = await gcm(key, nonce, aad, dataKeys[version]);
  entries.push({ version, master: masterVersion, nonce: nonce.toString("base64"), ciphertext: ciphertext.toString("base64") });
}
// Format 2: the root of hashes, of data key 1 what audit entries need, and data key 3.
const hashKey = fixed("hash key", 32);
const auditKey = await hkdf(dataKeys[1], none, parts("vouchsafe/cell/1", tenant, "audit_entry", "content"));
const entries2 = [];
for (const [use, version, plain] of [["hash", 1, hashKey], ["audit", 1, auditKey], ["data", 3, dataKeys[3]]]) {
  const nonce = fixed(`wrap nonce ${use} ${version}`, 12);
  const key = await hkdf(master[2], none, parts("vouchsafe/wrap/1"));
  const context = use === "data" ? `tenant ${tenant} key ${version}` : `tenant ${tenant} ${use} key ${version}`;
  const ciphertext = await gcm(key, nonce, parts("vouchsafe/wrapped-key/1", context), plain);
  entries2.push({ use, version, master: 2, nonce: nonce.toString("base64"), ciphertext: ciphertext.toString("base64") });
}
write("wrapped-keys.json", {
  masterKeys: { 1: master[1].toString("base64"), 2: master[2].toString("base64") },
  tenant,
  dataKeys: { 1: hex(dataKeys[1]), 3: hex(dataKeys[3]) },
  file: `${JSON.stringify({ format: "vouchsafe-keys/1", tenant, keys: entries }, null, 2)}\n`,
  keys2: { hash: hex(hashKey), audit: hex(auditKey), data: hex(dataKeys[3]) },
  file2: `${JSON.stringify({ format: "vouchsafe-keys/2", tenant, keys: entries2 }, null, 2)}\n`,
});

// --- cells
const row = "0190a4c5-0000-7000-8000-000000000001";
const cases = [
  { what: "text", cell: { table: "members", column: "address", row }, plaintext: text("ada@example.org") },
  { what: "empty", cell: { table: "members", column: "address", row }, plaintext: none },
  { what: "not ASCII", cell: { table: "chat_messages", column: "text", row }, plaintext: text("Zürich – 東京 – 🗝️") },
  { what: "bytes that are not text", cell: { table: "keys", column: "secret", row }, plaintext: Buffer.from([0xff, 0xfe, 0, 0x80]) },
  { what: "with a version", cell: { table: "members", column: "name", row, version: 7 }, plaintext: text("Ada") },
  { what: "version 0 is not no version", cell: { table: "members", column: "name", row, version: 0 }, plaintext: text("Ada") },
  { what: "no version", cell: { table: "members", column: "name", row }, plaintext: text("Ada") },
  { what: "the greatest version", cell: { table: "members", column: "name", row, version: Number.MAX_SAFE_INTEGER }, plaintext: text("Ada") },
  { what: "table and column joined differently", cell: { table: "member", column: "sname", row }, plaintext: text("Ada") },
  { what: "a row that is not ASCII, 256 bytes", cell: { table: "t", column: "c", row: "é".repeat(128) }, plaintext: text("x") },
  { what: "an older data key", keyVersion: 1, cell: { table: "members", column: "address", row }, plaintext: text("ada@example.org") },
];
const cells = [];
for (const [i, { what, cell, plaintext, keyVersion = 3 }] of cases.entries()) {
  const nonce = fixed(`cell nonce ${i}`, 12);
  const key = await hkdf(dataKeys[keyVersion], none, parts("vouchsafe/cell/1", tenant, cell.table, cell.column));
  const version = cell.version === undefined ? u16(0) : Buffer.concat([u16(8), u64(cell.version)]);
  const aad = Buffer.concat([parts("vouchsafe/cell/1", tenant, cell.table, cell.column, cell.row), version]);
  const sealed = Buffer.concat([Buffer.from([1]), u32(keyVersion), nonce, await gcm(key, nonce, aad, plaintext)]);
  cells.push({ what, keyVersion, cell, nonce: hex(nonce), plaintext: hex(plaintext), sealed: hex(sealed) });
}
write("cells.json", { tenant, dataKeys: { 1: hex(dataKeys[1]), 3: hex(dataKeys[3]) }, cells });

// --- lookup hashes and subkeys
const hashes = [];
for (const [id, purpose, value] of [
  [tenant, "member-address", "ada@example.org"],
  [tenant, "member-address", ""],
  [tenant, "contact-address", "ada@example.org"],
  [tenant, "member-address", "ada@exämple.org"],
  [other, "member-address", "ada@example.org"],
]) {
  const key = await hkdf(dataKeys[1], none, parts("vouchsafe/lookup/1", id, purpose));
  hashes.push({ tenant: id, purpose, value, hash: hex(await hmac(key, text(value))) });
}
const subkeys = [];
for (const purpose of ["search-index", "file-content"]) {
  subkeys.push({ purpose, key: hex(await hkdf(dataKeys[1], none, parts("vouchsafe/subkey/1", tenant, purpose))) });
}
write("lookups.json", { tenant, dataKeys: { 1: hex(dataKeys[1]), 3: hex(dataKeys[3]) }, hashes, subkeys });

// --- files
const files = [];
for (const length of [0, 1, 100, 65535, 65536, 65537, 131072, 200000]) {
  const name = hex(fixed(`file name ${length}`, 16));
  const salt = fixed(`salt ${length}`, 32);
  const prefix = fixed(`prefix ${length}`, 7);
  const content = Buffer.alloc(length);
  for (let i = 0; i < length; i++) content[i] = (i * 31 + (i >> 8)) & 255;
  const key = await hkdf(dataKeys[3], salt, parts("vouchsafe/file/1", tenant, name));
  const pieces = [text("vsfile"), Buffer.from([0, 1]), u32(3), salt, prefix];
  const chunks = Math.max(1, Math.ceil(length / 65536));
  for (let i = 0; i < chunks; i++) {
    const nonce = Buffer.concat([prefix, u32(i), Buffer.from([i === chunks - 1 ? 1 : 0])]);
    pieces.push(await gcm(key, nonce, none, content.subarray(i * 65536, (i + 1) * 65536)));
  }
  const sealed = Buffer.concat(pieces);
  const subkey = await hkdf(dataKeys[1], none, parts("vouchsafe/subkey/1", tenant, "file-content"));
  files.push({
    length,
    name,
    salt: hex(salt),
    prefix: hex(prefix),
    contentHmac: hex(await hmac(subkey, content)),
    sealedLength: sealed.length,
    sealedSha256: createHash("sha256").update(sealed).digest("hex"),
    ...(length <= 100 ? { sealed: hex(sealed) } : {}),
  });
}
write("files.json", {
  tenant,
  dataKeys: { 1: hex(dataKeys[1]), 3: hex(dataKeys[3]) },
  content: "byte i is (i * 31 + (i >> 8)) mod 256",
  files,
});
