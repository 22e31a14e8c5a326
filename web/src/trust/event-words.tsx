import { Glyph } from "../ui/glyph.tsx";

const known: Record<string, string> = {
  "session.created": "Signed in",
  "session.refused": "Sign-in",
  "session.refreshed": "Session renewed",
  "session.refresh-refused": "Session renewal",
  "session.revoked": "Session ended",
  "session.ended": "Signed out",
  "sessions.ended": "Signed out everywhere",
  "account.locked": "Account locked",
  "account.unlocked": "Account unlocked",
  "account.changed": "Account changed",
  "account.password-changed": "Password changed",
  "account.verified": "Address confirmed",
  "member.joined": "Joined",
  "member.invited": "Invited a member",
  "invitation.created": "Invited a member",
  "invitation.accepted": "Accepted an invitation",
  "invitation.revoked": "Withdrew an invitation",
  "member.role-changed": "Changed a role",
  "member.suspended": "Suspended a member",
  "member.reinstated": "Lifted a suspension",
  "member.removed": "Removed a member",
  "member.unlocked": "Unlocked a member",
  "tenant.changed": "Changed the workspace",
  "tenant.created": "Opened a workspace",
  "document.uploaded": "Added a document",
  "document.changed": "Changed a document",
  "document.shared": "Shared a document",
  "document.deleted": "Deleted a document",
  "document.downloaded": "Downloaded a document",
  "document.retried": "Had a document read again",
  "chat.created": "Began a conversation",
  "chat.asked": "Asked a question",
  "chat.changed": "Changed a conversation",
  "chat.shared": "Shared a conversation",
  "chat.deleted": "Deleted a conversation",
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
