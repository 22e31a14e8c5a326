import { Link } from "@tanstack/react-router";
import { useSession } from "../../identity/session.tsx";
import { classes } from "../../ui/classes.ts";
import type { Tree } from "./folders.ts";
import { useDropTarget } from "./moving.ts";

/** Where one is: Library › Legal › Contracts. Each part is a way back, and takes what is dropped on it. */
export function Breadcrumb({
  tree,
  at,
  linked = false,
}: {
  tree: Tree;
  at: string | null;
  linked?: boolean;
}) {
  const path = tree.pathTo(at);
  const shown = linked ? path : path.slice(0, -1);
  return (
    <nav aria-label="Folders" className="text-small text-muted">
      <ol className="flex flex-wrap items-center gap-x-1.5">
        <Crumb id={null} words="Library" />
        {shown.map((folder) => (
          <Crumb key={folder.id} id={folder.id} words={folder.name} />
        ))}
        {!linked && path.length > 0 && (
          <li className="flex min-w-0 items-center gap-1.5" aria-current="page">
            <span aria-hidden="true">›</span>
            <span className="min-w-0 wrap-anywhere text-ink">{path.at(-1)?.name}</span>
          </li>
        )}
      </ol>
    </nav>
  );
}

function Crumb({ id, words }: { id: string | null; words: string }) {
  const session = useSession();
  const drop = useDropTarget(id);
  return (
    <li className="flex min-w-0 items-center gap-1.5">
      {id && <span aria-hidden="true">›</span>}
      <Link
        {...drop.handlers}
        to="/t/$slug/library"
        params={{ slug: session.slug }}
        search={id ? { folder: id } : {}}
        activeOptions={{ exact: true, includeSearch: true }}
        className={classes(
          "inline-flex min-h-7 items-center rounded-sm wrap-anywhere underline-offset-3 hover:text-ink hover:underline",
          drop.over && "bg-accent-soft text-ink outline-2 outline-accent",
        )}
      >
        {words}
      </Link>
    </li>
  );
}
