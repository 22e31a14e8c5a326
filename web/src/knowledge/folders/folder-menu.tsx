import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { Folder } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { IconButton } from "../../ui/button.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { ShareDialog } from "../sharing/share-dialog.tsx";
import { BinFolders, MoveDialog, RenameFolder } from "./folder-dialogs.tsx";

type Open = "rename" | "move" | "share" | "delete" | null;

/** What this person may do with a folder. */
export function FolderMenu({
  folder,
  onDeleted,
  focusable = true,
}: {
  folder: Folder;
  onDeleted?: () => void;
  /** False in a row of a list that Tab does not enter. */
  focusable?: boolean;
}) {
  const session = useSession();
  const [open, setOpen] = useState<Open>(null);
  const may = {
    rename: folder.access !== "read" && session.can("folder.change"),
    move: folder.access !== "read" && session.can("folder.move"),
    see: session.can("folder.see-access"),
    delete: folder.access === "own" && session.can("folder.delete"),
  };
  if (!Object.values(may).some(Boolean)) return null;
  const item = { kind: "folder" as const, id: folder.id, name: folder.name, in: folder.parent };
  const close = () => setOpen(null);
  return (
    <>
      <Menu
        button={
          <IconButton label={`More for ${folder.name}`} tabIndex={focusable ? 0 : -1}>
            <Ellipsis size={17} aria-hidden />
          </IconButton>
        }
      >
        {may.see && <MenuItem onSelect={() => setOpen("share")}>Who can see it</MenuItem>}
        {may.rename && <MenuItem onSelect={() => setOpen("rename")}>Rename</MenuItem>}
        {may.move && <MenuItem onSelect={() => setOpen("move")}>Move</MenuItem>}
        {may.delete && <MenuLine />}
        {may.delete && (
          <MenuItem danger onSelect={() => setOpen("delete")}>
            Move to the bin
          </MenuItem>
        )}
      </Menu>
      {open === "rename" && <RenameFolder folder={folder} onClose={close} />}
      {open === "move" && <MoveDialog items={[item]} onClose={close} />}
      {open === "share" && <ShareDialog kind="folders" thing={folder} onClose={close} />}
      {open === "delete" && (
        <BinFolders items={[item]} onClose={close} {...(onDeleted ? { onDone: onDeleted } : {})} />
      )}
    </>
  );
}
