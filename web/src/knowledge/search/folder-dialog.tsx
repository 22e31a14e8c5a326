import { FolderClosed } from "lucide-react";
import { Button } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { type Choice, Picker } from "../../ui/picker.tsx";
import type { Tree } from "../folders/folders.ts";

/** Chooses the folder that is searched, with all that lies below it. `onChoose` gets null for everywhere. */
export function FolderDialog(props: {
  tree: Tree;
  chosen: string | null;
  onChoose: (folder: string | null) => void;
  onClose: () => void;
}) {
  const choices = folderChoices(props.tree);
  return (
    <Dialog title="Search only in a folder" onClose={props.onClose}>
      <Picker
        label="Folder"
        placeholder="Name of the folder"
        choices={choices}
        chosen={choices.find(({ key }) => key === props.chosen) ?? null}
        onChoose={(choice) => choice && props.onChoose(choice.value)}
        none="No folder is called that."
        first
      />
      <p className="mt-2 text-small text-muted">What lies in the folders below it is searched, too.</p>
      <DialogActions>
        {props.chosen && <Button onClick={() => props.onChoose(null)}>Search everywhere</Button>}
        <Button onClick={props.onClose}>Cancel</Button>
      </DialogActions>
    </Dialog>
  );
}

/** Every folder that this person may see, with where it stands. */
export function folderChoices(tree: Tree): Choice<string>[] {
  return tree.all.map((folder) => {
    const above = tree.pathTo(folder.id).slice(0, -1);
    return {
      key: folder.id,
      value: folder.id,
      words: folder.name,
      icon: <FolderClosed size={15} aria-hidden className="shrink-0 text-muted" />,
      ...(above.length ? { more: `in ${above.map(({ name }) => name).join(" › ")}` } : {}),
    };
  });
}
