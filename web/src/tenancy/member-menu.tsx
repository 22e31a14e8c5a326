import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Ellipsis } from "lucide-react";
import { useState } from "react";
import type { Member, Role } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { EraseMember } from "../privacy/erase-member.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Confirm } from "../ui/confirm.tsx";
import { Dialog, DialogActions } from "../ui/dialog.tsx";
import { Menu, MenuItem, MenuLine } from "../ui/menu.tsx";
import { Notice, wordsOf } from "../ui/states.tsx";
import { say } from "../ui/toast.tsx";
import { HandOver, HoldingsLine } from "./hand-over.tsx";
import { OpenDialog } from "./openings/open-dialog.tsx";
import { RightsDialog } from "./rights-dialog.tsx";
import { RoleField } from "./role-field.tsx";
import { useRoles } from "./roles.ts";

type Open = "role" | "rights" | "factors" | "open" | "suspend" | "remove" | "hand-over" | "erase" | null;
type Part = { member: Member; onClose: () => void };

/** What may be done about a member: never to somebody who holds more than the person who acts. */
export function MemberMenu({ member, lastOwner }: { member: Member; lastOwner: boolean }) {
  const session = useSession();
  const roles = useRoles();
  const [open, setOpen] = useState<Open>(null);
  const lift = useMemberAct(
    () => session.call("DELETE", `members/${member.id}/suspension`),
    `${member.name} can sign in again.`,
  );
  const unlock = useMemberAct(
    () => session.call("POST", `members/${member.id}/unlock`),
    `${member.name}'s account is unlocked.`,
  );
  const self = member.id === session.me.id;
  const here = member.status !== "removed";
  const guest = member.role === "support";
  const within = roles.within(member.role);
  const may = {
    rights: here && session.can("member.see-rights"),
    role: here && within && !guest && session.can("member.change-role"),
    factors: here && within && !self && !guest && session.can("member.reset-factors"),
    unlock: here && within && !self && !guest && session.can("member.unlock"),
    open: here && within && !self && !guest && session.can("content.open"),
    suspend: here && within && !self && !guest && session.can("member.suspend"),
    reinstate: within && !self && session.can("member.reinstate"),
    remove: here && within && !guest && (self || session.can("member.remove")),
    erase: within && !self && !guest && session.can("member.erase"),
    handOver: !here && within && session.can("member.hand-over"),
  };
  if (self && !session.can("member.remove")) may.remove = false;
  if (!Object.values(may).some(Boolean)) return null;
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
        {may.rights && <MenuItem onSelect={() => setOpen("rights")}>What they may do, and why</MenuItem>}
        {may.role && <MenuItem onSelect={() => setOpen("role")}>Change the role</MenuItem>}
        {may.open && <MenuItem onSelect={() => setOpen("open")}>Open what they hold</MenuItem>}
        {(may.unlock || may.factors) && <MenuLine />}
        {may.unlock && <MenuItem onSelect={() => unlock.mutate()}>Unlock the account</MenuItem>}
        {may.factors && <MenuItem onSelect={() => setOpen("factors")}>Reset the second factor</MenuItem>}
        {may.handOver && <MenuItem onSelect={() => setOpen("hand-over")}>Hand over what they left</MenuItem>}
        {(may.suspend || may.remove || may.erase) && <MenuLine />}
        {member.status === "suspended"
          ? may.reinstate && <MenuItem onSelect={() => lift.mutate()}>Lift the suspension</MenuItem>
          : may.suspend && <MenuItem onSelect={() => setOpen("suspend")}>Suspend</MenuItem>}
        {may.remove && (
          <MenuItem danger onSelect={() => setOpen("remove")}>
            {self ? "Leave the workspace" : "Remove"}
          </MenuItem>
        )}
        {may.erase && (
          <MenuItem danger onSelect={() => setOpen("erase")}>
            Erase
          </MenuItem>
        )}
      </Menu>
      {open === "rights" && <RightsDialog member={member} onClose={close} />}
      {open === "open" && (
        <OpenDialog of={{ kind: "member", id: member.id }} name={member.name} onClose={close} />
      )}
      {open === "factors" && <ResetFactors member={member} onClose={close} />}
      {open === "erase" && !lastOwner && <EraseMember member={member} onClose={close} />}
      {open === "hand-over" && <HandOver member={member} onClose={close} />}
      {(open === "role" || open === "suspend" || open === "remove" || open === "erase") && lastOwner && (
        <LastOwner member={member} onClose={close} />
      )}
      {open === "role" && !lastOwner && <ChangeRole member={member} onClose={close} />}
      {open === "suspend" && !lastOwner && <Suspend member={member} onClose={close} />}
      {open === "remove" && !lastOwner && (
        <Remove member={member} onClose={close} onHandOver={() => setOpen("hand-over")} />
      )}
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
    onSettled: () =>
      Promise.all(
        ["members", "roles"].map((what) => queries.invalidateQueries({ queryKey: [session.slug, what] })),
      ),
  });
}

function LastOwner({ member, onClose }: Part) {
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

function ChangeRole({ member, onClose }: Part) {
  const session = useSession();
  const { wordOf } = useRoles();
  const [role, setRole] = useState<Role>(member.role);
  const change = useMemberAct(
    () => session.call("PATCH", `members/${member.id}`, { body: { role } }),
    `${member.name} is now ${wordOf(role).toLowerCase()}.`,
    onClose,
  );
  return (
    <Dialog title={`Role of ${member.name}`} onClose={onClose}>
      {change.error && (
        <div className="mb-4">
          <Notice>{wordsOf(change.error)}</Notice>
        </div>
      )}
      <RoleField value={role} onChange={setRole} first />
      <p className="mt-3 text-small text-muted">
        It applies from their next click on. You can give roles that hold no more than yours.
      </p>
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

function ResetFactors({ member, onClose }: Part) {
  const session = useSession();
  const act = useMemberAct(
    () => session.call("DELETE", `members/${member.id}/factors`),
    `${member.name} sets up a second factor anew at the next sign-in.`,
    onClose,
  );
  return (
    <Confirm
      title={`Reset ${member.name}’s second factor?`}
      deed="Reset"
      busy={act.isPending}
      error={act.error}
      onClose={onClose}
      onConfirm={() => act.mutate()}
    >
      For somebody who has lost their device: make sure that it is really them who asks. Their authenticator,
      passkeys and recovery codes stop working, their sessions end, and they are told by mail that you did it.
    </Confirm>
  );
}

function Suspend({ member, onClose }: Part) {
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
      Their sessions and API keys stop at once and they cannot sign in until the suspension is lifted. Their
      documents stay.
    </Confirm>
  );
}

function Remove({ member, onClose, onHandOver }: Part & { onHandOver: () => void }) {
  const session = useSession();
  const self = member.id === session.me.id;
  const mayHandOver = !self && session.can("member.hand-over");
  const act = useMemberAct(
    () => session.call("DELETE", `members/${member.id}`),
    self ? "You have left the workspace." : `${member.name} is removed.`,
    mayHandOver ? onHandOver : onClose,
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
      <p>
        {self ? "Your sessions end at once." : "Their sessions and API keys end at once."} Coming back needs a
        new invitation.
      </p>
      {session.can("member.see-holdings") && <HoldingsLine member={member} />}
      {mayHandOver && <p className="mt-2">In the next step you choose who gets what they leave.</p>}
    </Confirm>
  );
}
