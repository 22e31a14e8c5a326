import { Glyph } from "../ui/glyph.tsx";

const known: Record<string, string> = {
  "session.started": "Signed in",
  "session.refused": "Sign-in",
  "session.refreshed": "Session renewed",
  "session.refresh-refused": "Session renewal",
  "session.refresh-reused": "Used an old session token",
  "session.ended": "Signed out",
  "session.ended-everywhere": "Signed out everywhere",
  "account.renamed": "Changed their name",
  "account.password-changed": "Changed their password",
  "invitation.created": "Invited somebody",
  "invitation.accepted": "Joined by invitation",
  "invitation.withdrawn": "Withdrew an invitation",
  "member.address-verified": "Confirmed their address",
  "member.role-changed": "Changed a role",
  "member.suspended": "Suspended a member",
  "member.reinstated": "Lifted a suspension",
  "member.removed": "Removed a member",
  "member.unlocked": "Unlocked an account",
  "document.uploaded": "Added a document",
  "document.changed": "Changed a document",
  "document.retried": "Had a document read again",
  "document.downloaded": "Downloaded a document",
  "document.deleted": "Deleted a document",
  "chat.created": "Began a conversation",
  "question.asked": "Asked a question",
  "chat.changed": "Changed a conversation",
  "chat.deleted": "Deleted a conversation",
  "tenant.renamed": "Renamed the workspace",
  "tenant.created": "Opened a workspace",
  "controls.started": "Started the checks",
  "installation.set-up": "Set up the installation",
};

/** An audit event in words; an event without words of its own shows its name. */
export function eventWords(event: string): string {
  const words = known[event];
  if (words) return words;
  const plain = event.replaceAll(/[._-]+/g, " ");
  return plain.charAt(0).toUpperCase() + plain.slice(1);
}

/** Event names that have words, for the filter. */
export const knownEvents = Object.keys(known);

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
