import { Glyph } from "../ui/glyph.tsx";

const groups: Record<string, Record<string, string>> = {
  "Signing in": {
    "session.started": "Signed in",
    "session.refused": "Sign-in",
    "session.refreshed": "Session renewed",
    "session.refresh-refused": "Session renewal",
    "session.refresh-reused": "Used an old session token",
    "session.ended": "Signed out",
    "session.ended-everywhere": "Signed out everywhere",
  },
  Accounts: {
    "account.changed": "Changed their name, language or time zone",
    "account.renamed": "Changed their name",
    "account.password-changed": "Changed their password",
    "account.reset-asked": "Asked for a new password",
    "account.password-reset": "Chose a new password by mail",
    "account.address-change-asked": "Asked for another address",
    "account.address-changed": "Changed their address",
    "account.address-change-undone": "Took a change of address back",
    "account.notices-changed": "Chose what to be told",
    "member.address-verified": "Confirmed their address",
  },
  People: {
    "invitation.created": "Invited somebody",
    "invitation.accepted": "Joined by invitation",
    "invitation.withdrawn": "Withdrew an invitation",
    "member.role-changed": "Changed a role",
    "member.suspended": "Suspended a member",
    "member.reinstated": "Lifted a suspension",
    "member.removed": "Removed a member",
    "member.unlocked": "Unlocked an account",
  },
  Documents: {
    "document.uploaded": "Added a document",
    "document.changed": "Changed a document",
    "document.retried": "Had a document read again",
    "document.downloaded": "Downloaded a document",
    "document.deleted": "Deleted a document",
  },
  Conversations: {
    "chat.created": "Began a conversation",
    "question.asked": "Asked a question",
    "chat.changed": "Changed a conversation",
    "chat.deleted": "Deleted a conversation",
  },
  Workspace: {
    "tenant.renamed": "Renamed the workspace",
    "tenant.created": "Opened a workspace",
    "controls.started": "Started the checks",
    "installation.set-up": "Set up the installation",
  },
};

const known: Record<string, string> = Object.assign({}, ...Object.values(groups));

/** An audit event in words; an event without words of its own shows its name. */
export function eventWords(event: string): string {
  const words = known[event];
  if (words) return words;
  const plain = event.replaceAll(/[._-]+/g, " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** Event names that have words, under headings, for the filter. */
export const eventGroups = Object.entries(groups).map(([group, events]) => ({
  group,
  events: Object.keys(events),
}));

/** What came of it, when that is not simply done. */
export function Outcome({ outcome }: { outcome: string }) {
  if (/^(ok|done|success|succeeded|allowed|completed)$/i.test(outcome)) return null;
  return (
    <span className="inline-flex items-center gap-1 text-small text-muted">
      <Glyph state="not-done" size={13} />
      {outcome.replaceAll(/[_-]+/g, " ")}
    </span>
  );
}
