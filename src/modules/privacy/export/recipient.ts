import { Readable } from "node:stream";
import type { ReadableStream } from "node:stream/web";
import { Encrypter } from "age-encryption";
import { z } from "zod";

/** A public key of the `age` program, with its checksum right: to it alone an export is encrypted, when one is given. */
export const Recipient = z
  .string()
  .trim()
  .regex(/^age1[a-z0-9]{50,2100}$/, "This is no public key of age: it begins with age1.")
  .refine(isRecipient, "This public key has a wrong letter. Copy it again.")
  .meta({ examples: ["age1cy0su9fwf3gf9mw868g5yut09p6nytfmmnktexz2ya5uqg9vl9sss4euqm"] });

function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}

/** The same bytes, encrypted to a public key as the `age` program does. */
export async function encryptTo(recipient: string, source: Readable): Promise<Readable> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const sealed = await encrypter.encrypt(Readable.toWeb(source) as globalThis.ReadableStream<Uint8Array>);
  // Node's and the browsers' type of the same thing.
  return Readable.fromWeb(sealed as unknown as ReadableStream<Uint8Array>);
}
