import { RenameDocument } from "../document-menu.tsx";
import { BinFolders, MoveDialog, RenameFolder } from "../folders/folder-dialogs.tsx";
import type { Item } from "./items.ts";

/** What is being asked before it is done. */
export type Asked =
  | { what: "rename"; item: Item }
  | { what: "move"; items: Item[] }
  | { what: "bin"; items: Item[] };

export function ListDialogs(props: { asked: Asked | null; onClose: () => void; onDone: () => void }) {
  const { asked, onClose, onDone } = props;
  if (!asked) return null;
  if (asked.what === "move") return <MoveDialog items={asked.items} onClose={onClose} onDone={onDone} />;
  if (asked.what === "bin") return <BinFolders items={asked.items} onClose={onClose} onDone={onDone} />;
  return asked.item.kind === "folder" ? (
    <RenameFolder folder={asked.item.thing} onClose={onClose} />
  ) : (
    <RenameDocument document={asked.item.thing} onClose={onClose} />
  );
}
