import { ChevronDown, ChevronRight, FolderClosed, Library } from "lucide-react";
import { type ReactNode, useState } from "react";
import type { Folder } from "../../api/types.ts";
import { IconButton } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { FilterField } from "../../ui/filter-field.tsx";
import { useGrowing } from "../../ui/growing.tsx";
import { folded } from "../../ui/picker.tsx";
import { type Movable, mayMoveTo, type Tree } from "./folders.ts";

/** Where something is to go: folders as a tree of radio buttons; once one searches, a list of paths. */
export function FolderChoice(props: {
  tree: Tree;
  items: Movable[];
  to: string | null | undefined;
  onChange: (to: string | null) => void;
}) {
  const { tree, items } = props;
  // Of several from different folders, none is “here”.
  const from = items.every((item) => item.in === items[0]?.in) ? items[0]?.in : undefined;
  const [q, setQ] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(tree.pathTo(from ?? null).map((folder) => folder.id)),
  );
  const rows = q.trim() ? searched(tree, q) : unfolded(tree, open);
  const { shown, end, rest } = useGrowing(rows, q, 100);
  const toggle = (id: string) =>
    setOpen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <>
      {tree.all.length > 10 && (
        <div className="mb-3">
          <FilterField label="Find a folder" value={q} onChange={setQ} />
        </div>
      )}
      <fieldset className="relative max-h-72 overflow-y-auto rounded-md border border-line p-1">
        <legend className="sr-only">Where to</legend>
        {!q && (
          <Choice
            depth={0}
            words="Library, top"
            icon={<Library size={15} aria-hidden />}
            checked={props.to === null}
            off={!mayMoveTo(tree, items, null)}
            here={from === null}
            onChoose={() => props.onChange(null)}
          />
        )}
        {shown.map(({ folder, depth, path }) => (
          <Choice
            key={folder.id}
            depth={depth}
            words={path ?? folder.name}
            icon={<FolderClosed size={15} aria-hidden />}
            checked={props.to === folder.id}
            off={!mayMoveTo(tree, items, folder.id)}
            here={folder.id === from}
            why={folder.access === "read" ? "you can only read it" : undefined}
            onChoose={() => props.onChange(folder.id)}
            unfold={
              !q && tree.in(folder.id).length > 0 ? (
                <IconButton
                  label={open.has(folder.id) ? `Fold ${folder.name}` : `Unfold ${folder.name}`}
                  aria-expanded={open.has(folder.id)}
                  className="size-7"
                  onClick={() => toggle(folder.id)}
                >
                  {open.has(folder.id) ? (
                    <ChevronDown size={14} aria-hidden />
                  ) : (
                    <ChevronRight size={14} aria-hidden />
                  )}
                </IconButton>
              ) : null
            }
          />
        ))}
        {rows.length === 0 && (
          <p className="px-3 py-2 text-muted">
            {q ? "No folder is called that." : "There are no folders yet."}
          </p>
        )}
        {rest > 0 && <div ref={end} className="h-6" />}
      </fieldset>
    </>
  );
}

const indents = ["pl-1", "pl-6", "pl-11", "pl-16", "pl-20"];

function Choice(props: {
  depth: number;
  words: string;
  icon: ReactNode;
  checked: boolean;
  off: boolean;
  here: boolean;
  why?: string | undefined;
  unfold?: ReactNode;
  onChoose: () => void;
}) {
  return (
    <div
      className={classes(
        "flex items-center gap-1 rounded-sm pr-2",
        indents[Math.min(props.depth, indents.length - 1)],
        props.checked && "bg-accent-soft",
      )}
    >
      <span className="inline-flex size-7 shrink-0">{props.unfold}</span>
      <label
        className={classes(
          "flex min-h-9 min-w-0 flex-1 items-center gap-2.5",
          props.off ? "text-muted" : "cursor-pointer",
        )}
      >
        <input
          type="radio"
          name="folder"
          checked={props.checked}
          disabled={props.off}
          // The first that can be chosen takes the focus as the dialog opens.
          data-first={props.off ? undefined : true}
          onChange={props.onChoose}
          className="shrink-0 accent-[var(--accent)]"
        />
        {props.icon}
        <span className="min-w-0 wrap-anywhere">
          {props.words}
          {props.here ? (
            <span className="text-small text-muted"> · it is here</span>
          ) : (
            props.why && <span className="text-small text-muted"> · {props.why}</span>
          )}
        </span>
      </label>
    </div>
  );
}

type Line = { folder: Folder; depth: number; path: string | null };

function unfolded(tree: Tree, open: ReadonlySet<string>): Line[] {
  const lines: Line[] = [];
  const walk = (id: string | null, depth: number) => {
    for (const folder of tree.in(id)) {
      lines.push({ folder, depth, path: null });
      if (open.has(folder.id)) walk(folder.id, depth + 1);
    }
  };
  walk(null, 0);
  return lines;
}

function searched(tree: Tree, q: string): Line[] {
  const wanted = folded(q.trim());
  return tree.all
    .filter((folder) => folded(folder.name).includes(wanted))
    .map((folder) => ({
      folder,
      depth: 0,
      path: tree
        .pathTo(folder.id)
        .map(({ name }) => name)
        .join(" › "),
    }));
}
