import { sql } from "kysely";

type Condition = ReturnType<typeof sql<boolean>>;

/** A table of which an export holds the rows. */
export interface Exported {
  /** Columns that stay here: hashes, keys, names of stored files. */
  readonly without?: readonly string[];
  /** Which rows are a person's own; absent: none, the table is the workspace's. */
  readonly ofPerson?: (memberId: string) => Condition;
}

const by = (column: string) => (memberId: string) => sql<boolean>`t.${sql.ref(column)} = ${memberId}`;
const inOwn = (table: string, key: string, owner: string) => (memberId: string) =>
  sql<boolean>`exists (select from ${sql.table(table)} o
    where o.tenant_id = t.tenant_id and o.${sql.ref(key)} = t.${sql.ref(key)} and o.${sql.ref(owner)} = ${memberId})`;

/** What is taken out, by table. One that is in neither list is an error: the check of exports asks the catalog. */
export const exported: Readonly<Record<string, Exported>> = {
  tenant: {},
  member: { without: ["password", "address_hash"], ofPerson: by("member_id") },
  member_group: { without: ["name_hash"] },
  group_member: { ofPerson: by("member_id") },
  role: { without: ["name_hash"] },
  folder: { ofPerson: by("owner_id") },
  document: { without: ["file", "content_hash"], ofPerson: by("owner_id") },
  document_version: {
    without: ["file", "content_hash"],
    ofPerson: inOwn("document", "document_id", "owner_id"),
  },
  binned: { ofPerson: by("owner_id") },
  share: {
    ofPerson: (memberId) => sql<boolean>`(t.created_by = ${memberId} or t.member_id = ${memberId})`,
  },
  chat: { ofPerson: by("owner_id") },
  message: {
    // Their questions wherever they asked them, and what was answered in their own chats.
    ofPerson: (memberId) =>
      sql<boolean>`(t.member_id = ${memberId} and t.author = 'person'
        or exists (select from chat o where o.tenant_id = t.tenant_id and o.chat_id = t.chat_id and o.owner_id = ${memberId}))`,
  },
  answer_part: {
    ofPerson: (memberId) =>
      sql<boolean>`exists (select from message m join chat o on o.tenant_id = m.tenant_id and o.chat_id = m.chat_id
        where m.tenant_id = t.tenant_id and m.message_id = t.message_id and o.owner_id = ${memberId})`,
  },
  saved_search: { ofPerson: by("member_id") },
  notice: { ofPerson: by("member_id") },
  notice_choice: { ofPerson: by("member_id") },
  invitation: { without: ["address_hash", "token_hash"] },
  api_key: { without: ["key_hash"], ofPerson: by("member_id") },
  passkey: { without: ["credential", "credential_hash"], ofPerson: by("member_id") },
  session: { without: ["refresh_hash"], ofPerson: by("member_id") },
  address_change: { without: ["new_hash"], ofPerson: by("member_id") },
  opening: { ofPerson: by("opened_by") },
  opening_owner: { ofPerson: by("member_id") },
  opening_read: {},
  support_grant: { ofPerson: by("granted_by") },
};

/** What is not, and why. */
export const notExported: Readonly<Record<string, string>> = {
  passage: "comes as text, beside its document",
  folder_above: "follows from the folders",
  index_manifest: "the index is made of the documents",
  index_posting: "the index is made of the documents",
  index_segment: "the index is made of the documents",
  index_tombstone: "the index is made of the documents",
  visibility_epoch: "a number for the server's own memory",
  tenant_counter: "numbers that the server gives next",
  mail: "copies of mails, with links that let people in",
  mailed_link: "hashes of links that let people in",
  factor_ticket: "hashes of sign-ins that were begun",
  challenge_used: "hashes of challenges",
  device: "keyed hashes of browsers",
  reset_guard: "counts by keyed hashes",
  sign_in_guard: "counts by keyed hashes",
  totp: "secrets of authenticator apps: good here only",
  recovery_code: "hashes of recovery codes",
  upload: "what has not arrived whole",
  upload_piece: "what has not arrived whole",
  key_rotation: "how the server renews its keys",
  operator_tenant: "the operator's, not the workspace's",
  support_guest: "whose name the log gives",
  erasure: "who was forgotten",
  export: "this very thing",
  export_part: "this very thing",
};
