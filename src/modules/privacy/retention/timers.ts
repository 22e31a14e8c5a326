import { days } from "../../../kernel/clock.ts";

/** How long a kind of data is kept, for people to read. */
export interface Timer {
  readonly id: string;
  readonly words: string;
  /** The tables that it empties. */
  readonly tables: readonly string[];
}

/** Said of the timers of `platform.retention`, which holds their tables, moments and times (db/migrations/0023). */
export const wordsOf: Readonly<Record<string, string>> = {
  notices: "Notices to members",
  "mailed-links": "Links that were mailed, used or not",
  "address-changes": "Changes of a member's address",
  "reset-counts": "Counts of passwords that were asked for anew",
  browsers: "Browsers from which somebody signed in, since they last did",
  "failed-sign-ins": "Counts of failed sign-ins",
  "repeated-failures": "Counts of failures at the second factor",
  "solved-challenges": "Challenges that were solved, once they have run out",
  "factor-tickets": "Sign-ins that were begun, once they have run out",
  "ended-sessions": "Sessions, since they ended",
  "ended-invitations": "Invitations, since they were accepted, withdrawn or ran out",
  "sent-mails": "Copies of mails that were sent, or lie in the outbox",
  "ended-keys": "API keys, since they ended",
  "opened-reads": "What was read while an admin had others' content open",
  "opened-owners": "Whose content an admin had open",
  openings: "Openings of others' content, since they ended",
  erasures: "That a person was erased, since it was done",
  "check-runs": "Results of the checks of this installation",
  "closing-reports": "Reports of workspaces that were closed",
  "kept-by-law": "Invoices of workspaces that are gone",
};

/** What other machinery than the one table removes, each by its own clock. */
export const elsewhere: readonly (Timer & { readonly keeps: string })[] = [
  {
    id: "audit-content",
    words:
      "Content of audit entries (values, network addresses, browsers); the entry's place in the log stays",
    tables: ["audit.entry"],
    keeps: "730 days",
  },
  {
    id: "jobs",
    words: "Records of work that the server has done",
    tables: ["pgboss.job", "pgboss.job_common"],
    keeps: "7 days",
  },
  {
    id: "exports",
    words: "Exports that members asked for, with their files",
    tables: ["export", "export_part"],
    keeps: "7 days",
  },
  {
    id: "bins",
    words: "Documents and folders in a bin",
    tables: ["binned", "document", "document_version", "passage", "folder", "folder_above"],
    keeps: "30 days",
  },
  {
    id: "uploads",
    words: "Uploads that nobody went on with",
    tables: ["upload", "upload_piece"],
    keeps: "7 days",
  },
  {
    id: "words-of-deleted",
    words: "Words of deleted documents in the index",
    tables: ["index_segment", "index_posting", "index_tombstone"],
    keeps: "1 day",
  },
  {
    id: "purge-counts",
    words: "What these timers deleted",
    tables: ["platform.retention_run"],
    keeps: "90 days",
  },
];

/** Promised, with nothing in the product yet that they could empty. */
export const noSubjectYet: readonly {
  readonly id: string;
  readonly words: string;
  readonly keeps: string;
}[] = [
  { id: "integration-events", words: "Events of integrations (failed ones longer)", keeps: "30 days" },
  { id: "lead-assignments", words: "Assignments of leads", keeps: "90 days" },
];

/** Tables without a timer: why what is in them is kept. A table that is in none of these lists is an error. */
export const keptBecause: Readonly<Record<string, string>> = {
  ...because("as long as the workspace exists: it is what the workspace is", [
    "tenant",
    "tenant_counter",
    "visibility_epoch",
    "index_manifest",
    "role",
    "member_group",
  ]),
  ...because("content: until its owner deletes it, or the workspace goes", [
    "chat",
    "message",
    "answer_part",
    "share",
    "saved_search",
  ]),
  ...because("a member's account: until the person is erased, or the workspace goes", [
    "member",
    "group_member",
    "notice_choice",
    "passkey",
    "recovery_code",
    "totp",
  ]),
  ...because("who was let in from outside: as long as the workspace exists, so that it can be looked up", [
    "support_grant",
    "support_guest",
  ]),
  ...because("the operator's own record of a customer: until the customer's workspace is deleted", [
    "operator_tenant",
    "directory.tenant_slug",
  ]),
  ...because("hashes and numbers that the audit log's proofs need; they say nothing of anybody", [
    "audit.leaf",
    "audit.place",
    "audit.staged",
    "audit.subtree",
  ]),
  ...because("of the installation, without anything of a person", [
    "platform.hash_cost",
    "platform.migration",
    "platform.public_page",
    "platform.set_up",
    "platform.signing_key",
    "platform.retention",
    "platform.alert_sent",
    "platform.canary",
    "platform.backup_run",
    "platform.restore_test",
    "platform.restored",
  ]),
  ...because("what the installation's attacks on itself met; they are on workspaces that nobody works in", [
    "platform.alarm",
    "platform.attack_run",
  ]),
  ...because("how far the renewal of the workspace's keys is: as long as the workspace exists", [
    "key_rotation",
  ]),
  ...because("goes with the report that it belongs to", ["platform.closing_step"]),
};

function because(reason: string, tables: readonly string[]): Record<string, string> {
  return Object.fromEntries(tables.map((table) => [table, reason]));
}

export const AUDIT_CONTENT = days(730);
export const JOBS = days(7);
export const COUNTS = days(90);
