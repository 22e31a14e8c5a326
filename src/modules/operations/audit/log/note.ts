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
export function openCheckpoint(note: string, signer: NoteSigner): Checkpoint {
  const [size = "", root = "", ...more] = openNote(note, signer);
  if (!/^(0|[1-9]\d{0,15})$/.test(size) || !/^[A-Za-z0-9+/]{43}=$/.test(root) || more.length > 0)
    throw new Error("not a checkpoint of this log");
  return { size: Number(size), root: Buffer.from(root, "base64") };
}

/** The lines of a note of this signer, without its name. Throws for one that another has signed, or nobody. */
export function openNote(note: string, { name, privateKey }: NoteSigner): string[] {
  const [, text = "", signatures = ""] = NOTE.exec(note) ?? [];
  const [origin, ...lines] = text.slice(0, -1).split("\n");
  if (origin !== name) throw new Error("not a note of this installation");
  const id = keyId(name, rawPublicKey(privateKey));
  const ours = signatures
    .split("\n")
    .filter((line) => line.startsWith(`— ${name} `))
    .map((line) => Buffer.from(line.slice(name.length + 3), "base64"))
    .filter((bytes) => bytes.length === 68 && bytes.subarray(0, 4).equals(id));
  const publicKey = createPublicKey(privateKey);
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

const ED25519 = 1;

const keyId = (name: string, key: Buffer): Buffer =>
  createHash("sha256").update(`${name}\n`).update(Buffer.of(ED25519)).update(key).digest().subarray(0, 4);

function rawPublicKey(privateKey: KeyObject): Buffer {
  const { x } = createPublicKey(privateKey).export({ format: "jwk" });
  return Buffer.from(x ?? "", "base64url");
}
