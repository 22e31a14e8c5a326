import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { isApiError } from "../api/errors.ts";
import { useInstallation } from "../api/installation.ts";
import type { Role } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Field } from "../ui/field.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";
import { RoleField } from "./role-field.tsx";
import { useRoles } from "./roles.ts";

/** Invites one address. The roles offered end at the inviter's own. */
export function InviteDialog({ onClose }: { onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const [address, setAddress] = useState("");
  const { within } = useRoles();
  const [role, setRole] = useState<Role>(() => (within("manager") ? "manager" : "viewer"));
  const installation = useInstallation();
  const invite = useMutation({
    mutationFn: () => session.call("POST", "invitations", { body: { address: address.trim(), role } }),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [session.slug, "invitations"] });
      onClose();
      say(`${address.trim()} is invited.`);
    },
  });
  const fields = isApiError(invite.error) ? invite.error.fields : {};
  function submit(event: FormEvent) {
    event.preventDefault();
    invite.mutate();
  }
  return (
    <Dialog title="Invite somebody" onClose={onClose}>
      <form onSubmit={submit} className="flex flex-col gap-3">
        {invite.error && !fields.address && <Notice>{wordsOf(invite.error)}</Notice>}
        <Field
          label="Email address"
          type="email"
          required
          data-first
          value={address}
          onChange={(event) => setAddress(event.target.value)}
          error={fields.address}
        />
        <RoleField value={role} onChange={setRole} />
        <p className="text-small text-muted">
          The invitation is for this address alone, works once, and ends after 7 days.
          {installation.data?.mail === "outbox" &&
            " No mail server is connected: whoever runs this installation finds it in the outbox."}
        </p>
        <DialogActions>
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" kind="primary" busy={invite.isPending}>
            Invite
          </Button>
        </DialogActions>
      </form>
    </Dialog>
  );
}
