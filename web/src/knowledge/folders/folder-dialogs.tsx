import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Folder } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import { FolderChoice } from "./folder-choice.tsx";
import { type Movable, useFolderDeed, useFolders, useMove } from "./folders.ts";

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
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => session.call("DELETE", `folders/${folder.id}`),
    onSuccess: () => {
      onClose();
      // First away from its page, which would ask for what is in it.
      onDeleted?.();
      say("The folder is deleted.");
      return queries.invalidateQueries({ queryKey: [session.slug, "folders"] });
    },
  });
  return (
    <Confirm
      title={`Delete “${folder.name}”?`}
      deed="Delete"
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
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
