import { useQuery } from "@tanstack/react-query";
import { memo, useDeferredValue, useMemo, useState } from "react";
import type { Invitation, List, Member } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { FilterField } from "../ui/filter-field.tsx";
import { Glyph } from "../ui/glyph.tsx";
import { ShowMore, useGrowing } from "../ui/growing.tsx";
import { Initials } from "../ui/initials.tsx";
import { folded } from "../ui/picker.tsx";
import { ErrorPanel, Forbidden, Skeleton } from "../ui/states.tsx";
import { Moment, plural } from "../ui/time.tsx";
import { InviteDialog } from "./invite-dialog.tsx";
import { MemberMenu } from "./member-menu.tsx";
import { useMembersAndLeft } from "./people.ts";
import { builtInRoles, roleWord, useRoles } from "./roles.ts";
import { WithdrawInvitation } from "./withdraw-invitation.tsx";

/** Who belongs to the workspace, and who has been invited. */
export function MembersPage() {
  useTitle("Members", "Settings");
  const session = useSession();
  return session.can("member.read") ? <Members /> : <Forbidden whole={false} />;
}

function Members() {
  const session = useSession();
  const [inviting, setInviting] = useState(false);
  const [filter, setFilter] = useState("");
  const members = useMembersAndLeft();
  const q = useDeferredValue(filter);
  const all = members.data?.items;
  const found = useMemo(() => {
    const words = folded(q).split(/\s+/).filter(Boolean);
    if (!all || words.length === 0) return all ?? [];
    return all.filter((member) => {
      const hay = folded(`${member.name} ${member.address} ${roleOf(member)} ${member.status}`);
      return words.every((word) => hay.includes(word));
    });
  }, [all, q]);
  const growing = useGrowing(found, q);
  const { shown } = growing;
  const mayInvite = session.can("member.invite");
  const invitations = useQuery({
    queryKey: [session.slug, "invitations"],
    queryFn: () => session.call<List<Invitation>>("GET", "invitations"),
    enabled: session.can("member.see-invitations"),
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
  const here = members.data.items.filter(({ status }) => status !== "removed").length;
  return (
    <>
      <div className="mb-4 flex flex-wrap items-center justify-between gap-3">
        <p className="min-w-0 flex-1 basis-64 text-muted">
          {plural(here, "person", "people")} at {session.tenant.name}. Joining is by invitation only.
        </p>
        {members.data.items.length > 10 && (
          <FilterField label="Find a member" value={filter} onChange={setFilter} />
        )}
        {mayInvite && (
          <Button kind="primary" onClick={() => setInviting(true)}>
            Invite
          </Button>
        )}
      </div>
      <p role="status" className="sr-only">
        {q && `${plural(found.length, "member")} found`}
      </p>
      {found.length === 0 && <p className="py-3 text-muted">Nobody here is called “{q}”.</p>}
      {found.length > 0 && (
        <table className="w-full border-collapse text-left">
          <thead className="max-sm:sr-only">
            <tr className="border-b border-line text-small text-muted">
              <th scope="col" className="py-2 pr-4 font-medium">
                Name
              </th>
              <th scope="col" className="w-36 py-2 pr-4 font-medium">
                Role
              </th>
              <th scope="col" className="w-32 py-2 pr-4 font-medium max-sm:hidden">
                Last sign-in
              </th>
              <th scope="col" className="w-10 py-2">
                <span className="sr-only">More</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map((member) => (
              <Row
                key={member.id}
                member={member}
                self={member.id === session.me.id}
                role={roleOf(member)}
                lastOwner={member.role === "owner" && owners === 1}
              />
            ))}
          </tbody>
        </table>
      )}
      <ShowMore {...growing}>Show more of {plural(growing.rest, "other")}</ShowMore>
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

const builtIn: string[] = [...builtInRoles, "support"];
const roleOf = ({ role, roleName }: Member): string => (builtIn.includes(role) ? roleWord(role) : roleName);

type RowProps = { member: Member; self: boolean; role: string; lastOwner: boolean };

const Row = memo(function Row({ member, self, role, lastOwner }: RowProps) {
  return (
    <tr className="border-b border-line hover:bg-accent-soft">
      <th scope="row" className="py-2 pr-4 font-normal">
        <span className="flex items-center gap-3">
          <Initials name={member.name} />
          <span className="min-w-0">
            <span className="block wrap-anywhere">
              {member.name}
              {self && <span className="text-muted"> (you)</span>}
            </span>
            <span className="block text-small wrap-anywhere text-muted">{member.address}</span>
          </span>
        </span>
      </th>
      <td className="py-2 pr-4 wrap-anywhere">
        {role}
        {member.role === "support" && (
          <span className="flex items-center gap-1 text-small text-muted">
            <Glyph state="attested" size={13} />
            guest
          </span>
        )}
        {member.status !== "active" && (
          <span className="flex items-center gap-1 text-small text-muted">
            <Glyph state="not-done" size={13} />
            {member.status === "removed" ? "has left" : "suspended"}
          </span>
        )}
      </td>
      <td className="py-2 pr-4 text-muted max-sm:hidden">
        {member.lastSignInAt ? <Moment at={member.lastSignInAt} how="ago" /> : "never"}
      </td>
      <td className="py-1 text-right">
        <MemberMenu member={member} lastOwner={lastOwner} />
      </td>
    </tr>
  );
});

function OpenInvitations({ items }: { items: Invitation[] }) {
  const session = useSession();
  const { wordOf } = useRoles();
  const growing = useGrowing(items);
  const { shown } = growing;
  return (
    <section aria-labelledby="invitations" className="mt-11">
      <h2 id="invitations" className="mb-2 font-serif text-title font-medium">
        Invited
      </h2>
      <ul className="border-t border-line">
        {shown.map((invitation) => (
          <li
            key={invitation.id}
            className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line py-2.5"
          >
            <span className="min-w-0 flex-1 basis-60">
              <span className="block wrap-anywhere">{invitation.address}</span>
              <span className="block text-small text-muted">
                {wordOf(invitation.role)} · by {invitation.invitedBy} ·{" "}
                {invitation.state === "open" ? (
                  <>
                    until <Moment at={invitation.expiresAt} />
                  </>
                ) : (
                  "no longer valid"
                )}
              </span>
            </span>
            {session.can("member.withdraw-invitation") && <WithdrawInvitation invitation={invitation} />}
          </li>
        ))}
      </ul>
      <ShowMore {...growing} />
    </section>
  );
}
