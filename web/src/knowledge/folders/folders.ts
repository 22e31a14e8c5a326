import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Folder, List } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";

/** Folders as they stand in each other. A folder whose parent is not open to this person stands at the top. */
export type Tree = {
  all: Folder[];
  byId: ReadonlyMap<string, Folder>;
  /** Folders directly in one, by name; null: at the top. */
  in: (id: string | null) => Folder[];
  /** From the top down to the folder itself; empty for the top and for a folder that is not there. */
  pathTo: (id: string | null) => Folder[];
};

/** Every folder that this person may see (the server gives 2,000 at most, in one answer). */
export function useFolders() {
  const session = useSession();
  const folders = useQuery({
    queryKey: [session.slug, "folders"],
    queryFn: () => session.call<List<Folder>>("GET", "folders"),
    enabled: session.can("folder.read"),
  });
  return { ...folders, tree: treeOf(folders.data?.items ?? none) };
}

export const names = new Intl.Collator("en-GB", { numeric: true, sensitivity: "base" });

const none: Folder[] = [];
const trees = new WeakMap<Folder[], Tree>();

/** One tree for one answer: every row of a list asks for it. */
function treeOf(all: Folder[]): Tree {
  const known = trees.get(all);
  if (known) return known;
  const tree = growTree(all);
  trees.set(all, tree);
  return tree;
}

function growTree(all: Folder[]): Tree {
  const byId = new Map(all.map((folder) => [folder.id, folder]));
  const parentOf = ({ parent }: Folder) => (parent && byId.has(parent) ? parent : null);
  const below = new Map<string | null, Folder[]>();
  for (const folder of all) {
    const siblings = below.get(parentOf(folder));
    if (siblings) siblings.push(folder);
    else below.set(parentOf(folder), [folder]);
  }
  for (const siblings of below.values()) siblings.sort((a, b) => names.compare(a.name, b.name));
  return {
    all,
    byId,
    in: (id) => below.get(id) ?? [],
    pathTo: (id) => {
      const path: Folder[] = [];
      let folder = id ? byId.get(id) : undefined;
      while (folder && !path.includes(folder)) {
        path.unshift(folder);
        const parent = parentOf(folder);
        folder = parent ? byId.get(parent) : undefined;
      }
      return path;
    },
  };
}

/** A change of folders: afterwards folders and documents are asked for again, since rights come down with them. */
export function useFolderDeed<Input, Output>(work: (input: Input) => Promise<Output>) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: work,
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: [session.slug, "folders"] }),
        queries.invalidateQueries({ queryKey: [session.slug, "documents"] }),
      ]),
  });
}

export type Movable = { kind: "folder" | "document"; id: string; name: string; in: string | null };

/** Whether all of these may be moved there: no folder into itself or below itself, and not all of them where they are. */
export function mayMoveTo(tree: Tree, items: Movable[], to: string | null): boolean {
  const target = to === null ? null : tree.byId.get(to);
  if (target && target.access === "read") return false;
  const into = new Set(tree.pathTo(to).map(({ id }) => id));
  return (
    items.some((item) => item.in !== to) &&
    items.every((item) => item.kind === "document" || !into.has(item.id))
  );
}
