import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { CustomRole } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Confirm } from "../../ui/confirm.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";

/** A role that somebody has stays; it is said before the server refuses. */
export function DeleteRole({ role, onClose }: { role: CustomRole; onClose: () => void }) {
  const session = useSession();
  const queries = useQueryClient();
  const remove = useMutation({
    mutationFn: () => session.call("DELETE", `roles/${role.id}`),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: [session.slug, "roles"] });
      onClose();
      say(`The role “${role.name}” is deleted.`);
    },
  });
  if (role.members > 0)
    return (
      <Dialog title="This role is in use" onClose={onClose}>
        <p className="text-muted">
          {plural(role.members, "member has", "members have")} the role “{role.name}”. Give them another one
          first, on the page of members.
        </p>
        <DialogActions>
          <Button kind="primary" data-first onClick={onClose}>
            Understood
          </Button>
        </DialogActions>
      </Dialog>
    );
  return (
    <Confirm
      title={`Delete the role “${role.name}”?`}
      deed="Delete"
      busy={remove.isPending}
      error={remove.error}
      onClose={onClose}
      onConfirm={() => remove.mutate()}
    >
      Nobody has it. Open invitations that name it have to be sent again.
    </Confirm>
  );
}
