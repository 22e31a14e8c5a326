import { Ellipsis } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useSession } from "../identity/session.tsx";
import type { Shared } from "../knowledge/sharing/access.ts";
import { ShareDialog } from "../knowledge/sharing/share-dialog.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Menu, MenuItem, MenuLine } from "../ui/menu.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";
import { useChangeChat, useDeleteChat } from "./chats.ts";

type Open = "rename" | "share" | "delete" | null;

/** What this person may do with a conversation. */
export function ChatMenu({ chat, onDeleted }: { chat: Shared; onDeleted?: () => void }) {
  const session = useSession();
  const [open, setOpen] = useState<Open>(null);
  const own = chat.access === "own";
  const mayRename = own && session.can("chat.change");
  const maySee = session.can("chat.see-access");
  const mayDelete = own && session.can("chat.delete");
  if (!mayRename && !maySee && !mayDelete) return <span className="size-8 shrink-0" />;
  const close = () => setOpen(null);
  const part = { id: chat.id, title: chat.name, onClose: close };
  return (
    <>
      <Menu
        button={
          <IconButton label={`More for ${chat.name}`}>
            <Ellipsis size={17} aria-hidden />
          </IconButton>
        }
      >
        {maySee && <MenuItem onSelect={() => setOpen("share")}>Who can see it</MenuItem>}
        {mayRename && <MenuItem onSelect={() => setOpen("rename")}>Rename</MenuItem>}
        {mayDelete && <MenuLine />}
        {mayDelete && (
          <MenuItem danger onSelect={() => setOpen("delete")}>
            Delete
          </MenuItem>
        )}
      </Menu>
      {open === "rename" && <Rename {...part} />}
      {open === "share" && <ShareDialog kind="chats" thing={chat} onClose={close} />}
      {open === "delete" && <Delete {...part} {...(onDeleted ? { onDeleted } : {})} />}
    </>
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
