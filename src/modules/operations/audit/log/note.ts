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

export function signCheckpoint({ size, root }: Checkpoint, { name, privateKey }: NoteSigner): string {
  const text = `${name}\n${size}\n${root.toString("base64")}\n`;
  const signature = Buffer.concat([
    keyId(name, rawPublicKey(privateKey)),
    sign(null, Buffer.from(text), privateKey),
  ]);
  return `${text}\n— ${name} ${signature.toString("base64")}\n`;
}

/** What a note of this signer says. Throws for one that another has signed, or nobody. */
export function openCheckpoint(note: string, { name, privateKey }: NoteSigner): Checkpoint {
  const [, text, origin, size, root, signatures] = NOTE.exec(note) ?? [];
  if (text === undefined || signatures === undefined || origin !== name)
    throw new Error("not a checkpoint of this log");
  const key = rawPublicKey(privateKey);
  const ours = signatures
    .split("\n")
    .filter((line) => line.startsWith(`— ${name} `))
    .map((line) => Buffer.from(line.slice(name.length + 3), "base64"))
    .filter((bytes) => bytes.length === 68 && bytes.subarray(0, 4).equals(keyId(name, key)));
  const publicKey = createPublicKey(privateKey);
  if (!ours.some((bytes) => verify(null, Buffer.from(text), publicKey, bytes.subarray(4))))
    throw new Error("the signature of a checkpoint is not this log's");
  return { size: Number(size), root: Buffer.from(root ?? "", "base64") };
}

const NOTE = /^(([^\n]+)\n(0|[1-9]\d{0,15})\n([A-Za-z0-9+/]{43}=)\n)\n((?:— [^\n]+\n)+)$/;

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
