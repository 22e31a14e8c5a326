import { Building2, FolderClosed, Lock, ShieldAlert, Users } from "lucide-react";
import { useSession } from "../../identity/session.tsx";
import { deeds, type Kind, type Shared } from "./access.ts";

const icons = { only: Lock, some: Users, all: Building2, folder: FolderClosed, opened: ShieldAlert };

type Seen = { icon: keyof typeof icons; words: string };

/**
 * Who can see a thing, in a glyph and words. `folder` is the folder around it, when that is what shares it;
 * `count` the number of persons and groups, where it is known.
 */
export function WhoSees({
  thing,
  folder = null,
  count = null,
  kind = "documents",
}: {
  thing: Omit<Shared, "id" | "name">;
  folder?: string | null;
  count?: number | null;
  kind?: Kind;
}) {
  const session = useSession();
  const { icon, words } = seenBy(thing, kind, session.tenant.name, folder, count);
  const Icon = icons[icon];
  return (
    <span className="inline-flex max-w-full min-w-0 items-start gap-1.5" title={words}>
      <Icon size={14} strokeWidth={1.8} aria-hidden className="mt-[0.22em] shrink-0 opacity-80" />
      <span className="line-clamp-2 min-w-0 wrap-anywhere">{words}</span>
    </span>
  );
}

function seenBy(
  thing: Omit<Shared, "id" | "name">,
  kind: Kind,
  tenant: string,
  folder: string | null,
  count: number | null,
): Seen {
  const { visibility, mine, owner } = thing;
  if (!mine) {
    // Seen although it is shared with nobody: an admin who has opened it.
    if (visibility === "private") return { icon: "opened", words: `Only ${owner.name}; opened by you` };
    const more = thing.access === "write" ? `, you can ${deeds[kind]}` : "";
    return visibility === "tenant"
      ? { icon: "all", words: `Everyone, from ${owner.name}${more}` }
      : {
          icon: folder ? "folder" : "some",
          words: `From ${owner.name}${folder ? ` in “${folder}”` : ""}${more}`,
        };
  }
  if (visibility === "private") return { icon: "only", words: "Only you" };
  if (visibility === "tenant")
    return folder
      ? { icon: "folder", words: `Everyone, through “${folder}”` }
      : { icon: "all", words: `Everyone at ${tenant}` };
  if (folder) return { icon: "folder", words: `Through “${folder}”` };
  return { icon: "some", words: count === null ? "Shared" : `Shared with ${count}` };
}
