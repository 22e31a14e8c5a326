import { sql } from "kysely";
import { type Ctx, keysOf, memberOf, standingOf } from "../../../kernel/context.ts";
import type { TenantKeys } from "../../../kernel/crypto/tenant-keys.ts";
import { read } from "../../../kernel/database/unit.ts";
import { openName } from "../../identity/members.ts";
import { groupNameCell } from "../../tenancy/groups/names.ts";
import { openingsOf } from "../../tenancy/openings/service.ts";
import { folderNameCell } from "../folders/view.ts";
import { loadObject, type Shareable, sharesOn } from "./objects.ts";
import { type Access, reachOf, visibleTo } from "./reach.ts";
import { granteeOf, type ShareView } from "./shares.ts";
import { accessOf } from "./view.ts";

export interface AccessList {
  readonly owner: { readonly id: string; readonly name: string };
  readonly shares: ShareView[];
  readonly openings: { by: { id: string; name: string }; until: string; reason: string }[];
}

/**
 * Who can see an object, and why: its owner, every share of it and of the folders above it, the owners of those
 * folders, and admins who have it open. Its owner and whoever may write it see all shares, whoever may read it those
 * that give it to them; openings are for the owner to see.
 */
export async function whoCanSee(ctx: Ctx, object: Shareable): Promise<AccessList> {
  const loaded = await loadObject(ctx, object, "read");
  const me = memberOf(ctx);
  const access = accessOf(loaded, me);
  const reach = reachOf(ctx);
  const [[owner], rows, [groups]] = await read(
    ctx,
    sql<{
      member_id: string;
      name: Buffer;
    }>`select member_id, name from member where member_id = ${loaded.owner_id}`,
    sql<GrantRow>`
      select granted.*, member.name as member_name, member_group.name as group_name,
             folder.name as folder_name, coalesce(${visibleTo("folder", reach)}, false) as sees_folder
        from (
          select share.share_id as id, share.access, share.member_id, share.group_id, share.created_at, null::uuid as from_id
            from share where ${sharesOn(object)}
          union all
          select share.share_id, share.access, share.member_id, share.group_id, share.created_at, share.folder_id
            from folder_above up join share on share.tenant_id = up.tenant_id and share.folder_id = up.above_id
            where up.folder_id = ${loaded.place} and (${object.kind} <> 'folder' or up.above_id <> ${object.id})
          union all
          select holder.owner_id, 'write', holder.owner_id, null, holder.created_at, holder.folder_id
            from folder_above up join folder holder on holder.tenant_id = up.tenant_id and holder.folder_id = up.above_id
            where up.folder_id = ${loaded.place} and holder.owner_id <> ${loaded.owner_id}) granted
        left join member on member.member_id = granted.member_id
        left join member_group on member_group.group_id = granted.group_id
        left join folder on folder.folder_id = granted.from_id
        order by granted.created_at, granted.id`,
    sql<{
      ids: string[];
    }>`select array(select group_id from group_member where member_id = ${me})::text[] as ids`,
  );
  const keys = await keysOf(ctx);
  const all = access === "own" || access === "write";
  const mine = (row: GrantRow) =>
    row.member_id === me ||
    row.member_id === row.group_id ||
    (groups?.ids ?? []).includes(row.group_id ?? "");
  // Of folders outside of the one that a key is bound to it learns nothing; the member may ask for themself.
  const bound = standingOf(ctx).folderId !== null;
  const told = (row: GrantRow) => (all || mine(row)) && !(bound && row.from_id && !row.sees_folder);
  return {
    owner: { id: loaded.owner_id, name: owner ? openName(keys, owner) : "" },
    shares: onceEach(rows.filter(told).map((row) => viewOf(keys, row))),
    openings: access === "own" ? await openingsOf(ctx, object, loaded.place) : [],
  };
}

/** Somebody may own several folders above that the reader does not see: those look the same. */
const onceEach = (shares: ShareView[]): ShareView[] => [
  ...new Map(shares.map((view) => [`${view.id} ${view.inheritedFrom?.id}`, view])).values(),
];

interface GrantRow {
  /** The share's; the member's, for the owner of a folder above, who has it without one. */
  readonly id: string;
  readonly access: Access;
  readonly member_id: string | null;
  readonly group_id: string | null;
  readonly created_at: Date;
  readonly from_id: string | null;
  readonly member_name: Buffer | null;
  readonly group_name: Buffer | null;
  readonly folder_name: Buffer | null;
  readonly sees_folder: boolean;
}

function viewOf(keys: TenantKeys, row: GrantRow): ShareView {
  const { member_id, group_id, from_id } = row;
  const open = () => {
    if (member_id && row.member_name) return openName(keys, { member_id, name: row.member_name });
    return group_id && row.group_name ? keys.openText(groupNameCell(group_id), row.group_name) : "";
  };
  return {
    id: row.id,
    with: { ...granteeOf(row), name: open() },
    access: row.access,
    since: row.created_at.toISOString(),
    inheritedFrom: from_id
      ? {
          // Of a folder further up that its reader may not see, neither the id nor the name.
          id: row.sees_folder ? from_id : null,
          name:
            row.sees_folder && row.folder_name ? keys.openText(folderNameCell(from_id), row.folder_name) : "",
        }
      : null,
  };
}
