/**
 * What is not encrypted, each with its reason: the one list that the dump check reads and that is published. A text
 * field of the API or a text column of the database that is neither encrypted nor named here turns the check red.
 */
export const PUBLISHED_EXCEPTIONS: readonly PublishedException[] = [
  {
    what: "The short name of a workspace",
    fields: [/ path\.slug$/, /\/tenants body\.slug$/],
    columns: [
      "directory.tenant_slug.slug",
      "operator_tenant.slug",
      "platform.closing.slug",
      "platform.canary.slug",
    ],
    reason:
      "it is a part of the address under which people sign in, and must be found before the workspace's keys are",
  },
  {
    what: "Roles, states and kinds",
    fields: [],
    columns: [
      "tenant.kind",
      "tenant.state",
      "tenant.passwords",
      "session.factor",
      "factor_ticket.purpose",
      "member.role",
      "member.status",
      "invitation.role",
      "mailed_link.purpose",
      "notice.kind",
      "notice_choice.kind",
      "session.ended_because",
      "mail.state",
      "mail.problem",
      "document.kind",
      "document.state",
      "document.problem",
      "document_version.kind",
      "document_version.state",
      "document_version.problem",
      "binned.kind",
      "upload.visibility",
      "share.access",
      "opening.kind",
      "message.author",
      "message.state",
      "tenant_counter.counter",
      "index_segment.state",
      "erasure.content",
      "erasure.state",
      "export.kind",
      "export.state",
      "platform.closing.closed_by",
      "platform.closing_step.step",
      "platform.closing_step.what",
      "platform.kept_by_law.kind",
    ],
    reason: "each is one of a few words of ours, which the database checks or that the code has as constants",
  },
  {
    what: "What an audit entry is about",
    fields: [],
    columns: [
      "audit.entry.actor_kind",
      "audit.entry.role",
      "audit.entry.event",
      "audit.entry.resource_type",
      "audit.entry.outcome",
    ],
    reason:
      "the database itself sets or checks them, so that an entry cannot be forged; addresses and values are encrypted",
  },
  {
    what: "What a role or an API key may do",
    fields: [],
    columns: ["role.permissions", "api_key.permissions"],
    reason: "each is one of the permissions that this page lists; what a role or key is called is encrypted",
  },
  {
    what: "The beginning of an API key",
    fields: [],
    columns: ["api_key.prefix"],
    reason:
      "six of its 43 random characters, by which its owner knows it again; of the whole only a hash is kept",
  },
  {
    what: "The networks from which an API key works",
    fields: [],
    columns: ["api_key.networks"],
    reason: "the database compares them with the address of each call, before it lets the key in",
  },
  {
    what: "The name under which a file is kept",
    fields: [],
    columns: ["document.file", "document_version.file", "upload_piece.file", "export_part.file"],
    reason: "random, and told by the file store anyway; the document's own name is encrypted",
  },
  {
    what: "The language that most of a document is in",
    fields: [],
    columns: ["document.language", "document_version.language"],
    reason: "two letters, found out by reading; what is written in it is encrypted",
  },
  {
    what: "What the operator says on the public security page",
    fields: [/^PUT \/api\/t\/\{slug\}\/public-page body\./],
    columns: ["platform.public_page.page"],
    reason: "everybody may read it",
  },
  {
    what: "What is typed to show that one means it",
    fields: [
      /\/tenant\/closing body\.name$/,
      /\/tenants\/\{id\}\/closing body\.slug$/,
      /\/account\/erasure body\.address$/,
    ],
    columns: [],
    reason: "it is compared with what is kept, and kept nowhere itself",
  },
  {
    what: "The public key that an export is encrypted to",
    fields: [/\/exports body\.recipient$/],
    columns: [],
    reason: "a public key of one strict form, which no other text has; it is encrypted all the same",
  },
  {
    what: "How long what is kept",
    fields: [],
    columns: [
      "platform.retention.timer",
      "platform.retention.relation",
      "platform.retention.since",
      "platform.retention.keeps",
      "platform.retention.condition",
      "platform.retention_run.timer",
    ],
    reason: "the rules by which data go: every admin may read them",
  },
  {
    what: "Keyed hashes, by which equal values are found",
    fields: [],
    columns: [
      "address_change.new_hash",
      "document.content_hash",
      "document_version.content_hash",
      "upload_piece.content_hash",
      "export_part.sha256",
      "index_posting.term_hash",
      "invitation.address_hash",
      "member.address_hash",
      "member_group.name_hash",
      "reset_guard.address_hash",
      "role.name_hash",
      "sign_in_guard.address_hash",
      "challenge_used.challenge",
      "device.device_hash",
      "passkey.credential_hash",
      "recovery_code.code_hash",
    ],
    reason:
      "made with a key of the workspace, which is in no database: whoever has none can see that two are equal, and not what they are",
  },
  {
    what: "Hashes of long random values, and of the audit log",
    fields: [],
    columns: [
      "api_key.key_hash",
      "factor_ticket.ticket_hash",
      "invitation.token_hash",
      "mailed_link.token_hash",
      "session.refresh_hash",
      "platform.set_up.token_hash",
      "audit.entry.commitment",
      "audit.leaf.hash",
      "audit.staged.entry_hash",
      "audit.subtree.hash",
      "platform.backup_run.sha256",
    ],
    reason:
      "nobody can guess 32 random bytes; what the log commits to has as many in it; a backup is ciphertext before it is hashed",
  },
  {
    what: "The installation's own records",
    fields: [],
    columns: [
      "platform.hash_cost.cost",
      "platform.backup_run.kind",
      "platform.backup_run.asked",
      "platform.backup_run.name",
      "platform.backup_run.state",
      "platform.backup_run.problem",
      "platform.backup_run.version",
      "platform.backup_run.kept_at",
      "platform.backup_run.recipients",
      "platform.restore_test.version",
      "platform.restore_test.result",
      "platform.restore_test.note",
      "platform.restored.archive",
      "platform.migration.name",
      "platform.migration.checksum",
      "platform.signing_key.kid",
      "platform.signing_key.public_jwk",
      "platform.control_run.version",
      "platform.control_run.results",
      "platform.control_run.note",
      "platform.attack_run.kind",
      "platform.attack_run.version",
      "platform.attack_run.summary",
      "platform.attack_run.note",
      "platform.alarm.kind",
      "platform.alarm.route",
      "platform.alert_sent.kind",
      "platform.canary.part",
      "platform.canary.version",
      "platform.canary.identifiers",
    ],
    reason: "they hold nothing of any workspace: versions, a public key, results that are published",
  },
];

export interface PublishedException {
  readonly what: string;
  /** Fields of the API, by the end of their key. */
  readonly fields: readonly RegExp[];
  /** Columns of the database, without the schema where it is `public`. */
  readonly columns: readonly string[];
  readonly reason: string;
}

export const isExcepted = (fieldKey: string): boolean =>
  PUBLISHED_EXCEPTIONS.some(({ fields }) => fields.some((field) => field.test(fieldKey)));

export const exceptedColumns = (): string[] => PUBLISHED_EXCEPTIONS.flatMap(({ columns }) => [...columns]);
