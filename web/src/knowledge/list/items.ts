import { useMemo } from "react";
import type { Document, Folder } from "../../api/types.ts";
import type { Movable } from "../folders/folders.ts";

/** A row of the list: a folder or a document, as one that can be moved. */
export type Item =
  | (Movable & { kind: "folder"; thing: Folder })
  | (Movable & { kind: "document"; thing: Document });

/** Folders first, then documents, each in the order given. */
export function useItems(folders: Folder[], documents: Document[]): Item[] {
  const first = useMemo(() => folders.map(folderItem), [folders]);
  return useMemo(() => [...first, ...documents.map(documentItem)], [first, documents]);
}

export function folderItem(thing: Folder): Item {
  return { kind: "folder", id: thing.id, name: thing.name, in: thing.parent, thing };
}

// The same document gives the same item, so that only the rows whose document has changed are drawn again.
const items = new WeakMap<Document, Item>();

export function documentItem(thing: Document): Item {
  const known = items.get(thing);
  if (known) return known;
  const item: Item = { kind: "document", id: thing.id, name: thing.name, in: thing.folder, thing };
  items.set(thing, item);
  return item;
}
