import { createHash, createPublicKey, type KeyObject, sign, verify } from "node:crypto";

// C2SP signed-note and tlog-checkpoint; verify/FORMAT.md, "Checkpoint".

/** The size of the log and the root of its tree at that size. */
export interface Checkpoint {
  readonly size: number;
  readonly root: Buffer;
}

/** Who signs: `name` is the log's origin, without blanks and plus signs. */
export interface NoteSigner {
  readonly name: string;
  readonly privateKey: KeyObject;
}

/** Who only reads what another has signed. */
export interface NoteReader {
  readonly name: string;
  readonly publicKey: KeyObject;
}

export const signCheckpoint = ({ size, root }: Checkpoint, signer: NoteSigner): string =>
  signNote([String(size), root.toString("base64")], signer);

/** Signs lines under the log's own name, which is the first of them. */
export function signNote(lines: readonly string[], { name, privateKey }: NoteSigner): string {
  const text = [name, ...lines, ""].join("\n");
  const id = keyId(name, rawPublicKey(privateKey));
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n— ${name} ${signature.toString("base64")}\n`;
}

/** What a note of this signer says. Throws for one that another has signed, or nobody. */
export function openCheckpoint(note: string, signer: NoteSigner | NoteReader): Checkpoint {
  const [size = "", root = "", ...more] = openNote(note, signer);
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !/^[A-Za-z0-9+/]{43}=$/.test(root) || more.length > 0)
    throw new Error("not a checkpoint of this log");
  return { size: Number(size), root: Buffer.from(root, "base64") };
}

/** The lines of a note of this signer, without its name. Throws for one that another has signed, or nobody. */
export function openNote(note: string, signer: NoteSigner | NoteReader): string[] {
  const { name } = signer;
  const publicKey = "publicKey" in signer ? signer.publicKey : createPublicKey(signer.privateKey);
  const [, text = "", signatures = ""] = NOTE.exec(note) ?? [];
  const [origin, ...lines] = text.slice(0, -1).split("\n");
  if (origin !== name) throw new Error("not a note of this installation");
  const id = keyId(name, rawPublicKey(publicKey));
  const ours = signatures
    .split("\n")
    .filter((line) => line.startsWith(`— ${name} `))
    .map((line) => Buffer.from(line.slice(name.length + 3), "base64"))
    .filter((bytes) => bytes.length === 68 && bytes.subarray(0, 4).equals(id));
  if (!ours.some((bytes) => verify(null, Buffer.from(text), publicKey, bytes.subarray(4))))
    throw new Error("the signature of a note is not this installation's");
  return lines;
}

const NOTE = /^((?:[^\n]+\n)+)\n((?:— [^\n]+\n)+)$/;

/** The public key as C2SP writes it. */
export function verifierKey({ name, privateKey }: NoteSigner): string {
  const key = rawPublicKey(privateKey);
  const typed = Buffer.concat([Buffer.of(ED25519), key]);
  return `${name}+${keyId(name, key).toString("hex")}+${typed.toString("base64")}`;
}

/** Reads what {@link verifierKey} writes. Throws for anything else. */
export function readVerifierKey(text: string): NoteReader {
  const [, name = "", id = "", typed = ""] =
    /^([^\s+]{1,200})\+([0-9a-f]{8})\+([A-Za-z0-9+/]{44})$/.exec(text) ?? [];
  const bytes = Buffer.from(typed, "base64");
  if (bytes.length !== 33 || bytes[0] !== ED25519) throw new Error("not the public key of a log");
  const x = bytes.subarray(1).toString("base64url");
  const publicKey = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
  const reader = { name, publicKey };
  if (keyId(name, rawPublicKey(publicKey)).toString("hex") !== id)
    throw new Error("not the public key of a log");
  return reader;
}

const ED25519 = 1;

const keyId = (name: string, key: Buffer): Buffer =>
  createHash("sha256").update(`${name}\n`).update(Buffer.of(ED25519)).update(key).digest().subarray(0, 4);

function rawPublicKey(key: KeyObject): Buffer {
  const { x } = (key.type === "private" ? createPublicKey(key) : key).export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url");
}
