import { ChevronDown, ChevronRight, FolderClosed, Library } from "lucide-react";
import { type FormEvent, type ReactNode, useState } from "react";
import type { Folder } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { FilterField } from "../../ui/filter-field.tsx";
import { useGrowing } from "../../ui/growing.tsx";
import { folded } from "../../ui/picker.tsx";
import { Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import { type Movable, mayMoveTo, type Tree, useFolderDeed, useFolders, useMove } from "./folders.ts";

type Part = { folder: Folder; onClose: () => void };

export function NewFolder(props: {
  in: Folder | null;
  onClose: () => void;
  onMade: (folder: Folder) => void;
}) {
  const session = useSession();
  const make = useFolderDeed((name: string) =>
    session.call<Folder>("POST", "folders", { body: { name, parent: props.in?.id ?? null } }),
  );
  return (
    <NameDialog
      title={props.in ? `New folder in “${props.in.name}”` : "New folder"}
      deed="Create"
      name=""
      hint={
        props.in
          ? "Whoever can see the folder around it will see it too."
          : "Only you see it until you share it."
      }
      busy={make.isPending}
      error={make.error}
      onClose={props.onClose}
      onName={(name) =>
        make.mutate(name, {
          onSuccess: (folder) => {
            props.onClose();
            props.onMade(folder);
          },
        })
      }
    />
  );
}

export function RenameFolder({ folder, onClose }: Part) {
  const session = useSession();
  const rename = useFolderDeed((name: string) =>
    session.call<Folder>("PATCH", `folders/${folder.id}`, { body: { name } }),
  );
  return (
    <NameDialog
      title="Rename the folder"
      deed="Rename"
      name={folder.name}
      busy={rename.isPending}
      error={rename.error}
      onClose={onClose}
      onName={(name) => rename.mutate(name, { onSuccess: onClose })}
    />
  );
}

function NameDialog(props: {
  title: string;
  deed: string;
  name: string;
  hint?: string;
  busy: boolean;
  error: unknown;
  onName: (name: string) => void;
  onClose: () => void;
}) {
  const [name, setName] = useState(props.name);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim()) props.onName(name.trim());
  }
  return (
    <Dialog title={props.title} onClose={props.onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          value={name}
          onChange={(event) => setName(event.target.value)}
          maxLength={200}
          required
          data-first
          hint={props.hint}
        />
        {props.error ? <Notice>{wordsOf(props.error)}</Notice> : null}
        <DialogActions>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={props.busy}>
            {props.deed}
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

export function DeleteFolder({ folder, onClose, onDeleted }: Part & { onDeleted?: () => void }) {
  const session = useSession();
  const remove = useFolderDeed(() => session.call("DELETE", `folders/${folder.id}`));
  return (
    <Confirm
      title={`Delete “${folder.name}”?`}
      deed="Delete"
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() =>
        remove.mutate(undefined, {
          onSuccess: () => {
            onClose();
            onDeleted?.();
            say("The folder is deleted.");
          },
        })
      }
    >
      Only an empty folder can be deleted, so no document goes with it. Whoever it was shared with loses it.
    </Confirm>
  );
}

/** Chooses where a document or a folder goes: the folders as a tree, or as a list of paths once one searches. */
export function MoveDialog({ item, onClose }: { item: Movable; onClose: () => void }) {
  const { tree, isPending, isError, error } = useFolders();
  const move = useMove();
  const [to, setTo] = useState<string | null | undefined>(undefined);
  return (
    <Dialog title={`Move “${item.name}”`} onClose={onClose} shape="wide">
      {isPending && <Skeleton label="Loading the folders" lines={5} />}
      {isError && <Notice>{wordsOf(error)}</Notice>}
      {!isPending && !isError && <FolderChoice tree={tree} item={item} to={to} onChange={setTo} />}
      <p className="mt-3 text-small text-muted">
        Who can see a folder can see what is in it: moving changes who can see this.
      </p>
      {move.error ? (
        <div className="mt-3">
          <Notice>{wordsOf(move.error)}</Notice>
        </div>
      ) : null}
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind="primary"
          disabled={to === undefined}
          busy={move.isPending}
          onClick={() =>
            to !== undefined &&
            move.mutate(
              { item, to },
              {
                onSuccess: () => {
                  onClose();
                  say(`“${item.name}” is moved.`);
                },
              },
            )
          }
        >
          Move here
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function FolderChoice(props: {
  tree: Tree;
  item: Movable;
  to: string | null | undefined;
  onChange: (to: string | null) => void;
}) {
  const { tree, item } = props;
  const [q, setQ] = useState("");
  const [open, setOpen] = useState<ReadonlySet<string>>(
    () => new Set(tree.pathTo(item.in).map((folder) => folder.id)),
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
      <fieldset className="max-h-72 overflow-y-auto rounded-md border border-line p-1">
        <legend className="sr-only">Where to</legend>
        {!q && (
          <Choice
            depth={0}
            words="Library, top"
            icon={<Library size={15} aria-hidden />}
            checked={props.to === null}
            off={!mayMoveTo(tree, item, null)}
            here={item.in === null}
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
            off={!mayMoveTo(tree, item, folder.id)}
            here={folder.id === item.in}
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
