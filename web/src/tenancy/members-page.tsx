import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import type { Invitation, List, Member } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { Initials } from "../ui/initials.tsx";
import { ErrorPanel, Forbidden, Skeleton } from "../ui/states.tsx";
import { Moment, plural } from "../ui/time.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { MemberMenu, WithdrawInvitation } from "./member-menu.tsx";
import { roleWord } from "./roles.ts";

/** Who belongs to the workspace, and who has been invited. */
export function MembersPage() {
  useTitle("Members", "Settings");
  const session = useSession();
  return session.can("member.read") ? <Members /> : <Forbidden whole={false} />;
}

function Members() {
  const session = useSession();
  const [inviting, setInviting] = useState(false);
  const members = useQuery({
    queryKey: [session.slug, "members"],
    queryFn: () => session.call<List<Member>>("GET", "members"),
  });
  const mayInvite = session.can("member.invite");
  const invitations = useQuery({
    queryKey: [session.slug, "invitations"],
    queryFn: () => session.call<List<Invitation>>("GET", "invitations"),
    enabled: mayInvite,
  });
  if (members.isPending) return <Skeleton label="Loading the members" lines={6} tall />;
  if (members.isError) {
    return (
      <ErrorPanel
        error={members.error}
        onRetry={() => void members.refetch()}
        title="The members could not be loaded"
      />
    );
  }
  const owners = members.data.items.filter(
    (member) => member.role === "owner" && member.status === "active",
  ).length;
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <p className="text-muted">
          {plural(members.data.items.length, "person", "people")} at {session.tenant.name}. Joining is by
          invitation only.
        </p>
        {mayInvite && (
          <Button kind="primary" onClick={() => setInviting(true)}>
            Invite
          </Button>
        )}
      </div>
      <table className="w-full border-collapse text-left">
        <thead className="max-sm:sr-only">
          <tr className="border-b border-line text-small text-muted">
            <th scope="col" className="py-2 pr-4 font-medium">
              Name
            </th>
            <th scope="col" className="w-28 py-2 pr-4 font-medium">
              Role
            </th>
            <th scope="col" className="w-36 py-2 pr-4 font-medium max-sm:hidden">
              Last sign-in
            </th>
            <th scope="col" className="w-10 py-2">
              <span className="sr-only">More</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {members.data.items.map((member) => (
            <tr key={member.id} className="border-b border-line hover:bg-accent-soft">
              <th scope="row" className="py-2 pr-4 font-normal">
                <span className="flex items-center gap-3">
                  <Initials name={member.name} />
                  <span className="min-w-0">
                    <span className="block wrap-anywhere">
                      {member.name}
                      {member.id === session.me.id && <span className="text-muted"> (you)</span>}
                    </span>
                    <span className="block text-small wrap-anywhere text-muted">{member.address}</span>
                  </span>
                </span>
              </th>
              <td className="py-2 pr-4">
                {roleWord(member.role)}
                {member.status === "suspended" && (
                  <span className="flex items-center gap-1 text-small text-muted">
                    <Glyph state="not-done" size={13} />
                    suspended
                  </span>
                )}
              </td>
              <td className="py-2 pr-4 text-muted max-sm:hidden">
                {member.lastSignInAt ? <Moment at={member.lastSignInAt} how="ago" /> : "never"}
              </td>
              <td className="py-1 text-right">
                <MemberMenu member={member} lastOwner={member.role === "owner" && owners === 1} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {invitations.data && invitations.data.items.length > 0 && (
        <OpenInvitations items={invitations.data.items} />
      )}
      {invitations.isError && (
        <ErrorPanel
          error={invitations.error}
          onRetry={() => void invitations.refetch()}
          title="The invitations could not be loaded"
        />
      )}
      {inviting && <InviteDialog onClose={() => setInviting(false)} />}
    </>
  );
}

function OpenInvitations({ items }: { items: Invitation[] }) {
  return (
    <section aria-labelledby="invitations" className="mt-11">
      <h2 id="invitations" className="mb-2 font-serif text-title font-medium">
        Invited
      </h2>
      <ul className="border-t border-line">
        {items.map((invitation) => (
          <li
            key={invitation.id}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line py-2.5"
          >
            <span className="min-w-0 flex-1 basis-60">
              <span className="block wrap-anywhere">{invitation.address}</span>
              <span className="block text-small text-muted">
                {roleWord(invitation.role)} · by {invitation.invitedBy} ·{" "}
                {invitation.state === "open" ? (
                  <>
                    until <Moment at={invitation.expiresAt} />
                  </>
                ) : (
                  "no longer valid"
                )}
              </span>
            </span>
            <WithdrawInvitation invitation={invitation} />
          </li>
        ))}
      </ul>
    </section>
  );
}
