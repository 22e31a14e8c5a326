import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis, KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { isApiError } from "../../api/errors.ts";
import type { Factors, Passkey } from "../../api/types.ts";
import { Part } from "../../frame/part.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Field } from "../../ui/field.tsx";
import { Menu, MenuItem, MenuLine } from "../../ui/menu.tsx";
import { Notice, wordsOf } from "../../ui/states.tsx";
import { Moment } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { useSession } from "../session.tsx";
import { AddFactorDialog } from "./add-factor-dialog.tsx";
import { knowsPasskeys } from "./passkey.ts";

type Open = { what: "add" } | { what: "rename" | "remove"; passkey: Passkey } | null;

/** The passkeys of the signed-in person: several, each with a name. */
export function Passkeys({ factors }: { factors: Factors }) {
  const [open, setOpen] = useState<Open>(null);
  const close = () => setOpen(null);
  const able = knowsPasskeys();
  return (
    <Part
      title="Passkeys"
      words="Finger, face or PIN of a device, or a security key; alone or beside your password."
      aside={able && <Button onClick={() => setOpen({ what: "add" })}>Add a passkey</Button>}
    >
      {!able && (
        <p className="mb-3 text-small text-muted">
          Passkeys do not work in this browser or at this address, so none can be added here.
        </p>
      )}
      {factors.passkeys.length ? (
        <ul className="border-t border-line">
          {factors.passkeys.map((passkey) => (
            <li key={passkey.id} className="flex min-h-14 items-center gap-3 border-b border-line py-2">
              <KeyRound size={17} strokeWidth={1.8} aria-hidden className="shrink-0 text-accent" />
              <span className="min-w-0 flex-1">
                <span className="block wrap-anywhere">{passkey.name}</span>
                <span className="block text-small text-muted">
                  since <Moment at={passkey.createdAt} /> ·{" "}
                  {passkey.lastUsedAt ? (
                    <>
                      used <Moment at={passkey.lastUsedAt} how="ago" />
                    </>
                  ) : (
                    "not used yet"
                  )}
                </span>
              </span>
              <Menu
                button={
                  <IconButton label={`More for ${passkey.name}`}>
                    <Ellipsis size={17} aria-hidden />
                  </IconButton>
                }
              >
                <MenuItem onSelect={() => setOpen({ what: "rename", passkey })}>Rename</MenuItem>
                <MenuLine />
                <MenuItem danger onSelect={() => setOpen({ what: "remove", passkey })}>
                  Remove
                </MenuItem>
              </Menu>
            </li>
          ))}
        </ul>
      ) : (
        <p className="text-muted">None yet.</p>
      )}
      {open?.what === "add" && <AddFactorDialog kind="passkey" onClose={close} />}
      {open?.what === "rename" && <Rename passkey={open.passkey} onClose={close} />}
      {open?.what === "remove" && <Remove passkey={open.passkey} factors={factors} onClose={close} />}
    </Part>
  );
}

function Rename({ passkey, onClose }: { passkey: Passkey; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [name, setName] = useState(passkey.name);
  const save = useMutation({
    mutationFn: () =>
      session.call("PATCH", `account/passkeys/${passkey.id}`, { body: { name: name.trim() } }),
    onSuccess: onClose,
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "factors"] }),
  });
  const wrong = isApiError(save.error) ? save.error.fields.name : undefined;
  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }
  return (
    <Dialog title="Rename the passkey" onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        {save.error && !wrong && <Notice>{wordsOf(save.error)}</Notice>}
        <Field
          label="Name"
          required
          maxLength={60}
          data-first
          value={name}
          onChange={(event) => setName(event.target.value)}
          error={wrong}
        />
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={save.isPending} disabled={!name.trim()}>
            Rename
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}

function Remove(props: { passkey: Passkey; factors: Factors; onClose: () => void }) {
  const { passkey, factors, onClose } = props;
  const session = useSession();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => session.call("DELETE", `account/passkeys/${passkey.id}`),
    onSuccess: () => {
      say(`${passkey.name} is removed.`);
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "factors"] }),
  });
  const last = factors.passkeys.length === 1 && !factors.totp;
  return (
    <Confirm
      title={`Remove ${passkey.name}?`}
      deed="Remove"
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    >
      It no longer signs you in. The device may keep it in its own list; delete it there too.
      {last &&
        (factors.required
          ? " It is your only second factor, and you must have one. Add another first."
          : " It is your only second factor. Your password alone lets in whoever knows it, then.")}
    </Confirm>
  );
}
