import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { db, type RowsOf } from "../../../kernel/database/queries.ts";
import { openName } from "../../identity/members.ts";
import { openingOf, type Reach, seenPlace, sharingOf } from "../sharing/reach.ts";
import { type AccessView, accessOf, type Visibility, visibilityOf } from "../sharing/view.ts";

/** A folder as the interface shows it. */
export interface Folder {
  readonly id: string;
  readonly name: string;
  /** null at the top, and where the reader may not see the folder above. */
  readonly parent: string | null;
  readonly owner: { readonly id: string; readonly name: string };
  readonly mine: boolean;
  readonly access: AccessView;
  readonly visibility: Visibility;
  readonly createdAt: string;
}

export const folderNameCell = (id: string) => ({ table: "folder", column: "name", row: id });

const allFolders = () => db.selectFrom("folder").selectAll("folder");
type Folders = ReturnType<typeof allFolders>;

/** Folders with their owners, and what `reach` makes of them. `pick` narrows them, with `visibleTo`. */
export const folderRows = (reach: Reach, pick: (folders: Folders) => Folders) =>
  db
    .selectFrom(pick(allFolders()).as("folder"))
    .innerJoin("member", (on) =>
      on.onRef("member.tenant_id", "=", "folder.tenant_id").onRef("member.member_id", "=", "folder.owner_id"),
    )
    .innerJoinLateral(sharingOf("folder", reach.memberId).as("sharing"), (on) => on.onTrue())
    .selectAll("folder")
    .select(["member.name as owner_name", "sharing.reached", "sharing.whole", "sharing.shared"])
    .select([openingOf("folder", reach).as("opening"), seenPlace("folder", reach).as("seen_place")]);

export type FolderRow = RowsOf<ReturnType<typeof folderRows>>[number];

export function folderView(keys: TenantKeys, row: FolderRow, viewer: string): Folder {
  return {
    id: row.folder_id,
    name: openFolderName(keys, row),
    parent: row.seen_place,
    owner: { id: row.owner_id, name: openName(keys, { member_id: row.owner_id, name: row.owner_name }) },
    mine: row.owner_id === viewer,
    access: accessOf(row, viewer),
    visibility: visibilityOf(row),
    createdAt: row.created_at.toISOString(),
  };
}

export const openFolderName = (keys: TenantKeys, row: { folder_id: string; name: Buffer }): string =>
  keys.openText(folderNameCell(row.folder_id), row.name);
