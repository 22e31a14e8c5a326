import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { Invitation, Member, Role } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { SelectField } from "../ui/field.tsx";
import { Menu, MenuItem, MenuLine } from "../ui/menu.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";
import { roleMeaning, roles, rolesUpTo, roleWord } from "./roles.ts";

type Open = "role" | "suspend" | "remove" | null;

/** What may be done about a member: never to somebody who holds more than the person who acts. */
export function MemberMenu({ member, lastOwner }: { member: Member; lastOwner: boolean }) {
  const session = useSession();
  const [open, setOpen] = useState<Open>(null);
  const lift = useMemberAct(
    () => session.call("DELETE", `members/${member.id}/suspension`),
    `${member.name} can sign in again.`,
  );
  const unlock = useMemberAct(
    () => session.call("POST", `members/${member.id}/unlock`),
    `${member.name}'s account is unlocked.`,
  );
  const within = roles.indexOf(member.role) <= roles.indexOf(session.me.role);
  const self = member.id === session.me.id;
  const may = {
    role: within && session.can("member.change-role"),
    suspend: within && !self && session.can("member.suspend"),
    unlock: within && !self && session.can("member.unlock"),
    remove: within && session.can("member.remove"),
  };
  if (!may.role && !may.suspend && !may.unlock && !may.remove) return null;
  const close = () => setOpen(null);
  return (
    <>
      <Menu
        button={
          <IconButton label={`More for ${member.name}`}>
            <Ellipsis size={17} aria-hidden />
          </IconButton>
        }
      >
        {may.role && <MenuItem onSelect={() => setOpen("role")}>Change the role</MenuItem>}
        {may.unlock && <MenuItem onSelect={() => unlock.mutate()}>Unlock the account</MenuItem>}
        {may.suspend &&
          (member.status === "suspended" ? (
            <MenuItem onSelect={() => lift.mutate()}>Lift the suspension</MenuItem>
          ) : (
            <MenuItem onSelect={() => setOpen("suspend")}>Suspend</MenuItem>
          ))}
        {may.remove && <MenuLine />}
        {may.remove && (
          <MenuItem danger onSelect={() => setOpen("remove")}>
            {self ? "Leave the workspace" : "Remove"}
          </MenuItem>
        )}
      </Menu>
      {open && lastOwner && <LastOwner member={member} onClose={close} />}
      {open === "role" && !lastOwner && <ChangeRole member={member} onClose={close} />}
      {open === "suspend" && !lastOwner && <Suspend member={member} onClose={close} />}
      {open === "remove" && !lastOwner && <Remove member={member} onClose={close} />}
    </>
  );
}

function useMemberAct(act: () => Promise<unknown>, done: string, onDone?: () => void) {
  const session = useSession();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: act,
    onSuccess: () => {
      say(done);
      onDone?.();
    },
    onError: (error) => {
      if (!onDone) say(wordsOf(error));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "members"] }),
  });
}

function LastOwner({ member, onClose }: { member: Member; onClose: () => void }) {
  return (
    <Dialog title="The last owner stays" onClose={onClose}>
      <p className="text-muted">
        {member.name} is the only owner of this workspace, and a workspace needs one. Make somebody else owner
        first, then come back.
      </p>
      <DialogActions>
        <Button kind="primary" onClick={onClose} data-first>
          Understood
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function ChangeRole({ member, onClose }: { member: Member; onClose: () => void }) {
  const session = useSession();
  const [role, setRole] = useState<Role>(member.role);
  const change = useMemberAct(
    () => session.call("PATCH", `members/${member.id}`, { body: { role } }),
    `${member.name} is now ${roleWord(role).toLowerCase()}.`,
    onClose,
  );
  return (
    <Dialog title={`Role of ${member.name}`} onClose={onClose}>
      {change.error && <Notice>{wordsOf(change.error)}</Notice>}
      <SelectField
        label="Role"
        data-first
        value={role}
        onChange={(event) => setRole(event.target.value as Role)}
        hint={roleMeaning(role)}
      >
        {rolesUpTo(session.me.role).map((choice) => (
          <option key={choice} value={choice}>
            {roleWord(choice)}
          </option>
        ))}
      </SelectField>
      <p className="mt-3 text-small text-muted">It applies from their next click on.</p>
      <DialogActions>
        <Button onClick={onClose}>Cancel</Button>
        <Button
          kind="primary"
          disabled={role === member.role}
          busy={change.isPending}
          onClick={() => change.mutate()}
        >
          Change the role
        </Button>
      </DialogActions>
    </Dialog>
  );
}

function Suspend({ member, onClose }: { member: Member; onClose: () => void }) {
  const session = useSession();
  const act = useMemberAct(
    () => session.call("PUT", `members/${member.id}/suspension`),
    `${member.name} is suspended.`,
    onClose,
  );
  return (
    <Confirm
      title={`Suspend ${member.name}?`}
      deed="Suspend"
      busy={act.isPending}
      error={act.error}
      onClose={onClose}
      onConfirm={() => act.mutate()}
    >
      Their sessions end at once and they cannot sign in until the suspension is lifted. Their documents stay.
    </Confirm>
  );
}

function Remove({ member, onClose }: { member: Member; onClose: () => void }) {
  const session = useSession();
  const self = member.id === session.me.id;
  const act = useMemberAct(
    () => session.call("DELETE", `members/${member.id}`),
    self ? "You have left the workspace." : `${member.name} is removed.`,
    onClose,
  );
  return (
    <Confirm
      title={self ? "Leave this workspace?" : `Remove ${member.name}?`}
      deed={self ? "Leave" : "Remove"}
      busy={act.isPending}
      error={act.error}
      onClose={onClose}
      onConfirm={() => act.mutate()}
    >
      {self ? "Your sessions end at once." : "Their sessions end at once."} Coming back needs a new
      invitation.
    </Confirm>
  );
}

/** Takes an invitation back, or clears one that has run out. */
export function WithdrawInvitation({ invitation }: { invitation: Invitation }) {
  const session = useSession();
  const queries = useQueryClient();
  const withdraw = useMutation({
    mutationFn: () => session.call("DELETE", `invitations/${invitation.id}`),
    onSuccess: () => say(`The invitation of ${invitation.address} no longer works.`),
    onError: (error) => say(wordsOf(error)),
    onSettled: () => queries.invalidateQueries({ queryKey: [session.slug, "invitations"] }),
  });
  return (
    <Button small busy={withdraw.isPending} onClick={() => withdraw.mutate()}>
      {invitation.state === "open" ? "Withdraw" : "Clear"}
      <span className="sr-only"> the invitation of {invitation.address}</span>
    </Button>
  );
}
