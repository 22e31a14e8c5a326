import { Ellipsis } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Document } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Menu, MenuItem, MenuLine } from "../ui/menu.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { useChangeDocument } from "./documents.ts";
import { downloadOriginal } from "./download.ts";
import { MoveDialog } from "./folders/folder-dialogs.tsx";
import { useDeeds } from "./list/deeds.ts";
import { ShareDialog } from "./sharing/share-dialog.tsx";

type Open = "rename" | "move" | "share" | null;
type Part = { document: Document; onClose: () => void };

/** What this person may do with a document; nothing is shown that the server would refuse. */
export function DocumentMenu({
  document,
  onDeleted,
  focusable = true,
}: {
  document: Document;
  onDeleted?: () => void;
  /** False in a row of a list that Tab does not enter. */
  focusable?: boolean;
}) {
  const session = useSession();
  const [open, setOpen] = useState<Open>(null);
  const { bin } = useDeeds();
  const mayRename = document.access !== "read" && session.can("document.change");
  const mayMove = document.access !== "read" && session.can("document.move");
  const maySee = session.can("document.see-access");
  const mayDownload = session.can("document.download");
  const mayDelete = document.access === "own" && session.can("document.delete");
  if (!mayRename && !mayMove && !maySee && !mayDownload && !mayDelete) return null;
  const item = { kind: "document" as const, id: document.id, name: document.name, in: document.folder };
  const close = () => setOpen(null);
  return (
    <>
      <Menu
        button={
          <IconButton label={`More for ${document.name}`} tabIndex={focusable ? 0 : -1}>
            <Ellipsis size={17} aria-hidden />
          </IconButton>
        }
      >
        {maySee && <MenuItem onSelect={() => setOpen("share")}>Who can see it</MenuItem>}
        {mayRename && <MenuItem onSelect={() => setOpen("rename")}>Rename</MenuItem>}
        {mayMove && <MenuItem onSelect={() => setOpen("move")}>Move</MenuItem>}
        {mayDownload && (
          <MenuItem onSelect={() => void downloadOriginal(session, document)}>Download the original</MenuItem>
        )}
        {mayDelete && <MenuLine />}
        {mayDelete && (
          <MenuItem danger onSelect={() => void bin([item], onDeleted)}>
            Move to the bin
          </MenuItem>
        )}
      </Menu>
      {open === "rename" && <RenameDocument document={document} onClose={close} />}
      {open === "share" && <ShareDialog kind="documents" thing={document} onClose={close} />}
      {open === "move" && <MoveDialog items={[item]} onClose={close} />}
    </>
  );
}

export function RenameDocument({ document, onClose }: Part) {
  const change = useChangeDocument(document.id);
  const [name, setName] = useState(document.name);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim()) change.mutate({ name: name.trim() }, { onSuccess: onClose });
  }
  return (
    <Dialog title="Rename the document" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={300}
          data-first
        />
        {change.error && <Notice>{wordsOf(change.error)}</Notice>}
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={change.isPending}>
            Rename
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
