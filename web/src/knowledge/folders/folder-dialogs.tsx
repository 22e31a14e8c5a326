import { useState } from "react";
import type { Folder } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { NameDialog } from "../../ui/name-dialog.tsx";
import { Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { useDeeds, wordsOfItems } from "../list/deeds.ts";
import { FolderChoice } from "./folder-choice.tsx";
import { type Movable, useFolderDeed, useFolders } from "./folders.ts";

type Deed = { items: Movable[]; onClose: () => void; onDone?: () => void };
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
      longest={200}
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
      longest={200}
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

/** Asks before folders go into the bin: what lies in them goes with them, also what others have put there. */
export function BinFolders({ items, onClose, onDone }: Deed) {
  const { bin, busy } = useDeeds();
  const [one] = items;
  const folders = items.filter(({ kind }) => kind === "folder").length;
  return (
    <Confirm
      title={
        items.length === 1 && one
          ? `Move “${one.name}” to the bin?`
          : `Move ${plural(items.length, "thing")} to the bin?`
      }
      deed="Move to the bin"
      busy={busy}
      error={null}
      onClose={onClose}
      onConfirm={() =>
        void bin(items, () => {
          onClose();
          // First away from its page, which would ask for what is in it.
          onDone?.();
        })
      }
    >
      {folders === 1 ? "The folder goes" : "The folders go"} with all that lies in{" "}
      {folders === 1 ? "it" : "them"}, also what others have put there. Whoever could see it no longer can.
      For 30 days it can be restored; then it is deleted.
    </Confirm>
  );
}

/** Chooses where documents and folders go: the folders as a tree, or as a list of paths once one searches. */
export function MoveDialog({ items, onClose, onDone }: Deed) {
  const { tree, isPending, isError, error } = useFolders();
  const { move, busy } = useDeeds();
  const [to, setTo] = useState<string | null | undefined>(undefined);
  const [one] = items;
  return (
    <Dialog
      title={items.length === 1 && one ? `Move “${one.name}”` : `Move ${wordsOfItems(items)}`}
      onClose={onClose}
      shape="wide"
    >
      {isPending && <Skeleton label="Loading the folders" lines={5} />}
      {isError && <Notice>{wordsOf(error)}</Notice>}
      {!isPending && !isError && <FolderChoice tree={tree} items={items} to={to} onChange={setTo} />}
      <p className="mt-3 text-small text-muted">
        Who can see a folder can see what is in it: moving changes who can see this.
      </p>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind="primary"
          disabled={to === undefined}
          busy={busy}
          onClick={() => {
            if (to === undefined) return;
            void move(items, to, () => {
              onClose();
              onDone?.();
            });
          }}
        >
          Move here
        </Button>
      </DialogActions>
    </Dialog>
  );
}
