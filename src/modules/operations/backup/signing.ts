import { createHash } from "node:crypto";
import { type Keeper, signerOf } from "../audit/log/keeper.ts";
import { type NoteReader, type NoteSigner, openNote, signNote, verifierKey } from "../audit/log/note.ts";
import type { ReadArchive } from "./archive-reading.ts";
import { type Manifest, type Opening, printManifest } from "./contents.ts";
import { backupFailure } from "./failure.ts";
import { type Archive, nameOf } from "./places.ts";

// age does not say who made an archive. The key that signs the audit log does: it lies in the home, sealed, and in no
// archive that can be opened without the installation's own key.

/** The note in a manifest, over everything else that the manifest says; that names the first entry by its hash. */
export const signManifest = (opening: Opening, manifest: Manifest, signer: NoteSigner): string =>
  signNote(said(opening, manifest), signer);

/** With this the id of each archive of an installation begins: several may keep theirs in one place. */
export const markOf = async (system: Keeper): Promise<string> =>
  createHash("sha256")
    .update(verifierKey(await signerOf(system)))
    .digest("hex")
    .slice(0, MARK_DIGITS);

export const MARK_DIGITS = 6;

/** Throws `damaged` for an archive that this installation has not signed. */
export function requireSigned({ opening, manifest }: ReadArchive, signer: NoteSigner | NoteReader): void {
  let lines: string[] = [];
  try {
    lines = openNote(manifest.signed ?? "", signer);
  } catch {
    // Said below.
  }
  if (lines.join("\n") !== said(opening, manifest).join("\n"))
    throw backupFailure("damaged", "This backup was not signed by the installation whose keys are given.");
}

/** A name can be changed by whoever writes to the place. What it says of kind, time and id stands inside, too. */
export function requireName({ name }: Archive, { kind, begun, id }: Opening): void {
  if (!begun || nameOf({ kind, at: new Date(begun), id }) !== name)
    throw backupFailure(
      "damaged",
      `${name} is not what its name says: inside it says ${begun ?? "nothing"}.`,
    );
}

const said = ({ kind, id }: Opening, manifest: Manifest): string[] => [
  "backup",
  kind,
  id,
  createHash("sha256")
    .update(printManifest({ ...manifest, signed: null }))
    .digest("base64"),
];
