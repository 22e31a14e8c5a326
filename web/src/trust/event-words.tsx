import { Glyph } from "../ui/glyph.tsx";

const groups: Record<string, Record<string, string>> = {
  "Signing in": {
    "session.started": "Signed in",
    "session.second-factor-asked": "Gave the right password; the second factor was asked for",
    "session.second-factor-refused": "Second factor",
    "session.stepped-up": "Confirmed with the second factor",
    "session.step-up-refused": "Confirmation with the second factor",
    "session.refused": "Sign-in",
    "session.refreshed": "Session renewed",
    "session.refresh-refused": "Session renewal",
    "session.refresh-reused": "Used an old session token",
    "session.ended": "Signed out",
    "session.ended-everywhere": "Signed out everywhere",
  },
  "Second factors": {
    "factor.totp-begun": "Began to set up an authenticator app",
    "factor.totp-added": "Set up an authenticator app",
    "factor.totp-replaced": "Set up another authenticator app",
    "factor.totp-removed": "Removed the authenticator app",
    "factor.passkey-added": "Added a passkey",
    "factor.passkey-renamed": "Renamed a passkey",
    "factor.passkey-removed": "Removed a passkey",
    "factor.recovery-codes-renewed": "Made new recovery codes",
    "factor.recovery-code-used": "Used a recovery code",
    "member.factors-reset": "Reset a member’s second factor",
  },
  Accounts: {
    "account.renamed": "Changed their name",
    "account.changed": "Changed their name, language or time zone",
    "account.password-changed": "Changed their password",
    "account.reset-asked": "Asked for a new password",
    "account.password-reset": "Set a new password by mail",
    "account.address-change-asked": "Asked to change their address",
    "account.address-changed": "Changed their address",
    "account.address-change-undone": "Undid a change of address",
    "account.notices-changed": "Chose which notices they get",
    "member.address-verified": "Confirmed their address",
    "member.password-rehashed": "Brought a password along, stored anew",
  },
  People: {
    "invitation.created": "Invited somebody",
    "invitation.accepted": "Joined by invitation",
    "invitation.withdrawn": "Withdrew an invitation",
    "member.imported": "Was imported by the operator",
    "member.role-changed": "Changed a role",
    "member.suspended": "Suspended a member",
    "member.reinstated": "Lifted a suspension",
    "member.removed": "Removed a member",
    "member.unlocked": "Unlocked an account",
    "member.handed-over": "Handed over what a member left",
    "group.created": "Made a group",
    "group.changed": "Renamed a group",
    "group.members-changed": "Changed who is in a group",
    "group.deleted": "Deleted a group",
    "role.created": "Made a role",
    "role.changed": "Changed what a role may do",
    "role.deleted": "Deleted a role",
  },
  "Documents and folders": {
    "document.uploaded": "Added a document",
    "document.changed": "Changed a document",
    "document.moved": "Moved a document",
    "document.retried": "Had a document read again",
    "document.version-added": "Added a version of a document",
    "document.version-restored": "Restored a version of a document",
    "document.downloaded": "Downloaded a document",
    "document.deleted": "Put a document into the bin",
    "document.restored": "Brought a document back out of the bin",
    "document.purged": "Gave up a document for ever",
    "folder.created": "Made a folder",
    "folder.changed": "Renamed a folder",
    "folder.moved": "Moved a folder",
    "folder.deleted": "Put a folder into the bin",
    "folder.restored": "Brought a folder back out of the bin",
    "folder.purged": "Gave up a folder for ever",
    "bin.emptied": "Emptied their bin",
    "upload.begun": "Began an upload",
    "upload.cancelled": "Gave up an upload",
  },
  Conversations: {
    "chat.created": "Began a conversation",
    "question.asked": "Asked a question",
    "chat.changed": "Changed a conversation",
    "chat.deleted": "Deleted a conversation",
  },
  Searches: {
    "saved-search.created": "Saved a search",
    "saved-search.changed": "Changed a saved search",
    "saved-search.deleted": "Deleted a saved search",
  },
  Sharing: {
    "document.shared": "Shared a document",
    "folder.shared": "Shared a folder",
    "chat.shared": "Shared a conversation",
    "share.changed": "Changed what others may do",
    "share.ended": "Took back what was shared",
  },
  "Reading what is not shared": {
    "content.opened": "Opened a colleague’s content",
    "content.read": "Read opened content",
    "content.closed": "Closed opened content",
    "support.granted": "Let the operator’s support in",
    "support.entered": "Entered as the operator’s support",
    "support.ended": "Ended the operator’s access",
  },
  "API keys": {
    "key.created": "Made an API key",
    "key.ended": "Ended an API key",
  },
  Workspace: {
    "public-page.changed": "Changed the public security page",
    "audit.exported": "Exported this log",
    "backup.asked": "Asked for a backup",
    "backup.made": "Made a backup",
    "backup.failed": "Could not make a backup",
    "installation.restored": "Restored the installation from a backup",
    "master-key.rotated": "Replaced the master key",
    "data-keys.renewed": "Made new data keys",
    "policy.changed": "Changed the sign-in rules",
    "policy.quotas-changed": "Changed what one member may take",
    "tenant.quota-changed": "Changed what a workspace may take",
    "tenant.renamed": "Renamed the workspace",
    "tenant.created": "Opened a workspace",
    "tenant.exported": "Exported the workspace for another installation",
    "tenant.imported": "Took the workspace in from another installation",
    "tenant.copied": "Copied the workspace from a backup",
    "tenant.users-imported": "Imported users",
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
