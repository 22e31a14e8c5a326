import { Ellipsis } from "lucide-react";
import { type FormEvent, useState } from "react";
import type { Visibility } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Sharing } from "../tenancy/sharing.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Menu, MenuItem, MenuLine } from "../ui/menu.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";
import { useChangeChat, useDeleteChat } from "./chats.ts";

type Open = "rename" | "share" | "delete" | null;

/** What the owner of a conversation can do with it. */
export function ChatMenu(props: {
  id: string;
  title: string;
  visibility: Visibility;
  onDeleted?: () => void;
}) {
  const session = useSession();
  const [open, setOpen] = useState<Open>(null);
  return (
    <>
      <Menu
        button={
          <IconButton label={`More for ${props.title}`}>
            <Ellipsis size={17} aria-hidden />
          </IconButton>
        }
      >
        <MenuItem onSelect={() => setOpen("rename")}>Rename</MenuItem>
        {session.can("chat.share") && <MenuItem onSelect={() => setOpen("share")}>Who can see it</MenuItem>}
        <MenuLine />
        <MenuItem danger onSelect={() => setOpen("delete")}>
          Delete
        </MenuItem>
      </Menu>
      {open === "rename" && <Rename {...props} onClose={() => setOpen(null)} />}
      {open === "share" && <ShareChat {...props} onClose={() => setOpen(null)} />}
      {open === "delete" && <Delete {...props} onClose={() => setOpen(null)} />}
    </>
  );
}

/** Chooses who can read a conversation. */
export function ShareChat(props: { id: string; visibility: Visibility; onClose: () => void }) {
  const change = useChangeChat(props.id);
  return (
    <Sharing
      noun="conversation"
      value={props.visibility}
      note="Whoever reads it sees the quoted sentences. Opening a source still needs the right to that document."
      busy={change.isPending}
      error={change.error}
      onClose={props.onClose}
      onSave={(visibility) => change.mutate({ visibility }, { onSuccess: props.onClose })}
    />
  );
}

function Rename(props: { id: string; title: string; onClose: () => void }) {
  const change = useChangeChat(props.id);
  const [title, setTitle] = useState(props.title);
  function submit(event: FormEvent) {
    event.preventDefault();
    if (title.trim()) change.mutate({ title: title.trim() }, { onSuccess: props.onClose });
  }
  return (
    <Dialog title="Rename the conversation" onClose={props.onClose}>
      <form onSubmit={submit}>
        <Field
          label="Name"
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          maxLength={200}
          data-first
        />
        {change.error && <Notice>{wordsOf(change.error)}</Notice>}
        <DialogActions>
          <Button onClick={props.onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={change.isPending}>
            Rename
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Delete(props: { id: string; title: string; onClose: () => void; onDeleted?: () => void }) {
  const remove = useDeleteChat(props.id);
  return (
    <Confirm
      title="Delete this conversation?"
      deed="Delete"
      busy={remove.isPending}
      error={remove.error}
      onClose={props.onClose}
      onConfirm={() =>
        remove.mutate(undefined, {
          onSuccess: () => {
            props.onClose();
            props.onDeleted?.();
            say("The conversation is deleted.");
          },
        })
      }
    >
      “{props.title}”, its questions and answers are deleted for everyone. The documents stay.
    </Confirm>
  );
}
