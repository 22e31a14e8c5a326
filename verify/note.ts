import { type Bytes, joined, same, sha256 } from "./tree.ts";

// C2SP signed-note and tlog-checkpoint: FORMAT.md, "Checkpoint".

export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Bytes;
}

/** A public key in C2SP's form. */
export interface VerifierKey {
  readonly name: string;
  readonly id: Bytes;
  readonly key: Bytes;
}

/** Reads `<name>+<key id>+<base64>`. Throws for anything else, and for a key id that is not the key's. */
export async function readKey(text: string): Promise<VerifierKey> {
  const [, name, id, data] = /^([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  if (name === undefined || id === undefined || data === undefined)
    throw new Error("this is not a public key of a log");
  const typed = fromBase64(data);
  if (typed.length !== 33 || typed[0] !== 1) throw new Error("the public key is not of Ed25519");
  const key = typed.slice(1);
  const own = (await sha256(utf8(`${name}\n`), typed)).slice(0, 4);
  if (hex(own) !== id) throw new Error("the public key does not fit its key id");
  return { name, id: own, key };
}

/** The checkpoint that a note says, when the key has signed it. Throws otherwise. */
export async function readCheckpoint(note: string, key: VerifierKey): Promise<Checkpoint> {
  const [origin, size, root, ...more] = (await readNote(note, key)).slice(0, -1).split("\n");
  if (origin !== key.name) throw new Error(`the note is of the log ${origin}, the key of ${key.name}`);
  if (!/^(0|[1-9]\d{0,15})$/.test(size ?? "") || !/^[A-Za-z0-9+/]{43}=$/.test(root ?? "") || more.length > 0)
    throw new Error("the note is not a checkpoint");
  return { origin, size: Number(size), root: fromBase64(root ?? "") };
}

/** The text of a note that the key has signed, with its last newline. Throws otherwise. */
export async function readNote(note: string, key: VerifierKey): Promise<string> {
  const cut = note.lastIndexOf("\n\n");
  if (cut === -1 || !note.endsWith("\n")) throw new Error("this is not a signed note");
  const text = note.slice(0, cut + 1);
  const lines = note.slice(cut + 2, -1).split("\n");
  if (lines.length > MOST_SIGNATURES) throw new Error("the note has too many signatures");
  let signed = false;
  for (const line of lines) {
    const [, name, data] = /^— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    if (name === undefined || data === undefined) throw new Error("a signature of the note is malformed");
    const bytes = fromBase64(data);
    if (name !== key.name || !same(bytes.slice(0, 4), key.id)) continue;
    if (bytes.length !== 68 || !(await isSigned(utf8(text), bytes.slice(4), key.key)))
      throw new Error("the note's signature is wrong");
    signed = true;
  }
  if (!signed) throw new Error("the note is not signed by this key");
  return text;
}

const MOST_SIGNATURES = 16;

async function isSigned(text: Bytes, signature: Bytes, raw: Bytes): Promise<boolean> {
  const key = await crypto.subtle.importKey("raw", raw, "Ed25519", false, ["verify"]);
  return crypto.subtle.verify("Ed25519", key, signature, text);
}

export const utf8 = (text: string): Bytes => new TextEncoder().encode(text);
export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

/** Strict: throws for what another spelling of the same bytes would be. */
export function fromBase64(text: string): Bytes {
  const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  if (toBase64(bytes) !== text) throw new Error("this is not base64 as it must be");
  return joined([bytes]);
}

export const toBase64 = (bytes: Uint8Array): string =>
  btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
