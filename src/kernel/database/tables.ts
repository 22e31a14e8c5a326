// Written from the catalog by `node src/main.ts check schema --write`; do not edit.
import type { Generated } from "kysely";

export interface Tables {
  address_change: {
    tenant_id: string;
    change_id: string;
    member_id: string;
    old_address: Buffer;
    new_address: Buffer;
    new_hash: Buffer;
    created_at: Date;
    confirmed_at: Date | null;
    undone_at: Date | null;
    cancelled_at: Date | null;
  };
  answer_part: {
    tenant_id: string;
    message_id: string;
    seq: number;
    body: Buffer;
  };
  api_key: {
    tenant_id: string;
    key_id: string;
    member_id: string;
    name: Buffer;
    prefix: string;
    key_hash: Buffer;
    permissions: string[];
    folder_id: string | null;
    networks: string[];
    created_at: Date;
    expires_at: Date;
    warned_at: Date | null;
    last_used_at: Date | null;
    revoked_at: Date | null;
  };
  binned: {
    tenant_id: string;
    binned_id: string;
    kind: "document" | "folder";
    owner_id: string;
    deleted_by: string;
    deleted_at: Date;
    within_id: string | null;
    ended_at: Date | null;
  };
  challenge_used: {
    tenant_id: string;
    challenge: Buffer;
    expires_at: Date;
  };
  chat: {
    tenant_id: string;
    chat_id: string;
    owner_id: string;
    title: Buffer;
    created_at: Date;
    updated_at: Date;
  };
  device: {
    tenant_id: string;
    member_id: string;
    device_hash: Buffer;
    first_seen_at: Date;
    last_seen_at: Date;
  };
  document: {
    tenant_id: string;
    document_id: string;
    document_no: number;
    owner_id: string;
    name: Buffer;
    kind:
      | "pdf"
      | "docx"
      | "pptx"
      | "xlsx"
      | "odt"
      | "odp"
      | "ods"
      | "rtf"
      | "html"
      | "markdown"
      | "text"
      | "csv"
      | "eml"
      | "zip";
    bytes: number;
    pages: number | null;
    file: string;
    content_hash: Buffer;
    state: "received" | "reading" | "indexing" | "ready" | "failed";
    problem: string | null;
    created_at: Date;
    updated_at: Date;
    folder_id: string | null;
    deleted_at: Date | null;
    binned_id: string | null;
    version_id: string;
    version_no: Generated<number>;
    versions: Generated<number>;
    language: string | null;
    pictures: number | null;
  };
  document_version: {
    tenant_id: string;
    version_id: string;
    document_id: string;
    no: number;
    name: Buffer;
    kind:
      | "pdf"
      | "docx"
      | "pptx"
      | "xlsx"
      | "odt"
      | "odp"
      | "ods"
      | "rtf"
      | "html"
      | "markdown"
      | "text"
      | "csv"
      | "eml"
      | "zip";
    bytes: number;
    file: string;
    content_hash: Buffer;
    state: "received" | "reading" | "ready" | "failed";
    problem: string | null;
    pages: number | null;
    language: string | null;
    pictures: number | null;
    restored_from: number | null;
    created_by: string;
    created_at: Date;
    updated_at: Date;
  };
  erasure: {
    tenant_id: string;
    erasure_id: string;
    member_id: string;
    asked_by: string;
    content: "handed-over" | "deleted";
    given_to: string | null;
    created_at: Date;
    spoken: Buffer | null;
    state: "working" | "waiting" | "done";
    entries: Generated<number>;
    done_at: Date | null;
  };
  export: {
    tenant_id: string;
    export_id: string;
    kind: "workspace" | "person";
    asked_by: string;
    recipient: Buffer | null;
    state: "making" | "ready" | "failed" | "ended";
    created_at: Date;
    expires_at: Date;
    reached: Generated<number>;
    done: Generated<number>;
    total: Generated<number>;
  };
  export_part: {
    tenant_id: string;
    export_id: string;
    no: number;
    file: string;
    bytes: number;
    sha256: Buffer;
    created_at: Date;
  };
  factor_ticket: {
    tenant_id: string;
    ticket_hash: Buffer;
    purpose: "second-factor" | "passkey" | "register" | "step-up";
    member_id: string | null;
    session_id: string | null;
    expires_at: Date;
  };
  folder: {
    tenant_id: string;
    folder_id: string;
    owner_id: string;
    parent_id: string | null;
    name: Buffer;
    created_at: Date;
    deleted_at: Date | null;
    binned_id: string | null;
  };
  folder_above: {
    tenant_id: string;
    folder_id: string;
    above_id: string;
  };
  group_member: {
    tenant_id: string;
    group_id: string;
    member_id: string;
  };
  index_manifest: {
    tenant_id: string;
    generation: Generated<number>;
    holder: string | null;
    held_until: Date | null;
  };
  index_posting: {
    tenant_id: string;
    segment_no: number;
    term_hash: Buffer;
    body: Buffer;
  };
  index_segment: {
    tenant_id: string;
    segment_no: number;
    segment_id: string;
    state: "building" | "live" | "gone";
    weight: number;
    kept_until: Date;
    stats: Buffer;
    created_at: Date;
  };
  index_tombstone: {
    tenant_id: string;
    document_no: number;
    since: Date;
  };
  invitation: {
    tenant_id: string;
    invitation_id: string;
    address_hash: Buffer;
    address: Buffer;
    role: "viewer" | "manager" | "admin" | "owner" | "custom";
    invited_by: string | null;
    token_hash: Buffer;
    created_at: Date;
    expires_at: Date;
    accepted_at: Date | null;
    revoked_at: Date | null;
    role_id: string | null;
  };
  key_rotation: {
    tenant_id: string;
    version: number;
    started_at: Date;
    resealed: Generated<number>;
    finished_at: Date | null;
  };
  mail: {
    tenant_id: string;
    mail_id: string;
    recipient: Buffer;
    subject: Buffer;
    body: Buffer;
    state: Generated<"waiting" | "sent" | "outbox" | "failed">;
    problem: string | null;
    created_at: Date;
    sent_at: Date | null;
  };
  mailed_link: {
    tenant_id: string;
    link_id: string;
    member_id: string;
    purpose: "verify" | "unlock" | "reset" | "confirm-address" | "undo-address";
    token_hash: Buffer;
    created_at: Date;
    expires_at: Date;
    used_at: Date | null;
    change_id: string | null;
  };
  member: {
    tenant_id: string;
    member_id: string;
    address_hash: Buffer | null;
    address: Buffer;
    name: Buffer;
    password: Buffer | null;
    role: "viewer" | "manager" | "admin" | "owner" | "support" | "custom";
    status: Generated<"active" | "suspended" | "removed">;
    verified_at: Date | null;
    created_at: Generated<Date>;
    last_sign_in_at: Date | null;
    role_id: string | null;
    preferences: Buffer | null;
  };
  member_group: {
    tenant_id: string;
    group_id: string;
    name: Buffer;
    name_hash: Buffer;
    created_at: Date;
  };
  message: {
    tenant_id: string;
    message_id: string;
    chat_id: string;
    author: "person" | "assistant";
    member_id: string;
    state: "working" | "done" | "failed";
    attempt: Generated<number>;
    body: Buffer;
    created_at: Date;
  };
  notice: {
    tenant_id: string;
    notice_id: string;
    member_id: string;
    kind: string;
    facts: Buffer;
    created_at: Date;
    in_page: boolean;
    mailed: boolean;
    read_at: Date | null;
  };
  notice_choice: {
    tenant_id: string;
    member_id: string;
    kind: string;
    in_page: boolean;
    by_mail: boolean;
  };
  opening: {
    tenant_id: string;
    opening_id: string;
    opened_by: string;
    kind: "document" | "folder" | "chat" | "member";
    document_id: string | null;
    folder_id: string | null;
    chat_id: string | null;
    member_id: string | null;
    reason: Buffer;
    created_at: Date;
    until: Date;
    ended_at: Date | null;
  };
  opening_owner: {
    tenant_id: string;
    opening_id: string;
    member_id: string;
    ended_at: Date | null;
  };
  opening_read: {
    tenant_id: string;
    opening_id: string;
    object_id: string;
  };
  operator_tenant: {
    tenant_id: string;
    customer_id: string;
    slug: string;
    name: Buffer;
    owner_address: Buffer;
    created_at: Generated<Date>;
  };
  passage: {
    tenant_id: string;
    document_id: string;
    passage_no: number;
    index_no: number;
    page: number | null;
    body: Buffer;
    version_id: string;
  };
  passkey: {
    tenant_id: string;
    passkey_id: string;
    member_id: string;
    name: Buffer;
    credential_hash: Buffer;
    credential: Buffer;
    counter: number;
    created_at: Date;
    last_used_at: Date | null;
  };
  recovery_code: {
    tenant_id: string;
    member_id: string;
    code_hash: Buffer;
    created_at: Date;
    used_at: Date | null;
  };
  reset_guard: {
    tenant_id: string;
    address_hash: Buffer;
    asked: number;
    window_started_at: Date;
  };
  role: {
    tenant_id: string;
    role_id: string;
    name: Buffer;
    name_hash: Buffer;
    permissions: string[];
    created_at: Date;
    updated_at: Date;
  };
  saved_search: {
    tenant_id: string;
    search_id: string;
    member_id: string;
    body: Buffer;
    created_at: Date;
  };
  session: {
    tenant_id: string;
    session_id: string;
    member_id: string;
    client: Buffer;
    refresh_hash: Buffer;
    generation: Generated<number>;
    rotated_at: Date;
    created_at: Date;
    last_active_at: Date;
    expires_at: Date;
    ended_at: Date | null;
    ended_because: string | null;
    factor_at: Date | null;
    factor: "totp" | "passkey" | "recovery-code" | null;
    confirmed_at: Date | null;
    staff_session_id: string | null;
  };
  share: {
    tenant_id: string;
    share_id: string;
    document_id: string | null;
    folder_id: string | null;
    chat_id: string | null;
    member_id: string | null;
    group_id: string | null;
    access: "read" | "write";
    created_by: string;
    created_at: Date;
  };
  sign_in_guard: {
    tenant_id: string;
    address_hash: Buffer;
    failures: number;
    window_started_at: Date;
    locked_until: Date | null;
    locks: Generated<number>;
    in_all: Generated<number>;
  };
  support_grant: {
    tenant_id: string;
    grant_id: string;
    granted_by: string;
    reason: Buffer;
    created_at: Date;
    until: Date;
    ended_at: Date | null;
    ended_by: string | null;
  };
  support_guest: {
    tenant_id: string;
    member_id: string;
    grant_id: string;
    staff_id: string;
    entries: Generated<number>;
  };
  tenant: {
    tenant_id: string;
    kind: "operator" | "customer" | "canary";
    name: Buffer;
    state: Generated<"active" | "closing" | "purging" | "closed">;
    created_at: Generated<Date>;
    factor_required_from: Date | null;
    passwords: Generated<"composed" | "passphrase">;
    quota_documents: number | null;
    quota_bytes: number | null;
    member_documents: number | null;
    member_bytes: number | null;
    closing_at: Date | null;
    purge_after: Date | null;
  };
  tenant_counter: {
    tenant_id: string;
    counter: string;
    value: number;
  };
  totp: {
    tenant_id: string;
    member_id: string;
    secret: Buffer | null;
    pending: Buffer | null;
    confirmed_at: Date | null;
    last_step: number | null;
  };
  upload: {
    tenant_id: string;
    upload_id: string;
    member_id: string;
    name: Buffer;
    bytes: number;
    received: Generated<number>;
    folder_id: string | null;
    document_id: string | null;
    visibility: "private" | "tenant";
    created_at: Date;
    expires_at: Date;
  };
  upload_piece: {
    tenant_id: string;
    upload_id: string;
    starts_at: number;
    bytes: number;
    file: string;
    content_hash: Buffer;
  };
  visibility_epoch: {
    tenant_id: string;
    epoch: string;
  };
  "audit.entry": {
    tenant_id: string;
    entry_id: string;
    at: Date;
    actor_kind: "member" | "key" | "visitor" | "job" | "operator";
    actor_id: string | null;
    role: string | null;
    event: string;
    resource_type: string;
    resource_id: string | null;
    outcome: "done" | "refused";
    content: Buffer | null;
    key_id: string | null;
    commitment: Buffer | null;
  };
  "audit.leaf": {
    leaf_index: number;
    hash: Buffer;
  };
  "audit.place": {
    tenant_id: string;
    number: number;
    entry_id: string;
    leaf_index: number;
  };
  "audit.staged": {
    staged_no: number;
    tenant_id: string;
    entry_id: string;
    entry_hash: Buffer;
  };
  "audit.subtree": {
    level: number;
    subtree_index: number;
    hash: Buffer;
  };
  "platform.alarm": {
    alarm_id: string;
    at: Date;
    kind: "sign-in" | "session" | "named" | "answer" | "job";
    tenant_id: string | null;
    route: string;
  };
  "platform.alert_sent": {
    kind: string;
    at: Date;
  };
  "platform.attack_run": {
    run_id: string;
    at: Date;
    version: string;
    kind: "live" | "rehearsal";
    summary: unknown;
    ledger: Buffer | null;
    note: string;
  };
  "platform.backup_run": {
    run_id: string;
    kind: "data" | "keys";
    asked: "schedule" | "operator" | "command";
    name: string;
    state: "running" | "good" | "failed";
    problem: string | null;
    version: string;
    started_at: Date;
    taken_at: Date | null;
    ended_at: Date | null;
    kept_at: string[] | null;
    bytes: number | null;
    sha256: Buffer | null;
    tables: number | null;
    row_count: number | null;
    files: number | null;
    recipients: string[];
  };
  "platform.canary": {
    tenant_id: string;
    slug: string;
    part: "attacker" | "victim";
    created_at: Date;
    version: string | null;
    identifiers: Generated<string[]>;
    secrets: Buffer;
  };
  "platform.closing": {
    closing_id: string;
    tenant_id: string;
    slug: string;
    closed_by: "owner" | "operator";
    closed_at: Date;
    purge_after: Date;
    kept_at: Date | null;
    purge_began_at: Date | null;
    done_at: Date | null;
  };
  "platform.closing_step": {
    closing_id: string;
    step: string;
    what: string;
    gone: number;
    at: Date;
  };
  "platform.control_run": {
    run_id: string;
    at: Date;
    version: string;
    results: unknown;
    note: string;
  };
  "platform.hash_cost": {
    cost: string;
    since: Generated<Date>;
  };
  "platform.kept_by_law": {
    record_id: string;
    tenant_id: string;
    kind: string;
    issued_at: Date;
    body: Buffer;
  };
  "platform.migration": {
    name: string;
    checksum: string;
    applied_at: Generated<Date>;
  };
  "platform.public_page": {
    only_row: Generated<boolean>;
    page: unknown;
    at: Date;
  };
  "platform.restore_test": {
    run_id: string;
    at: Date;
    version: string;
    result: unknown;
    note: string;
  };
  "platform.restored": {
    restore_id: string;
    at: Date;
    taken_at: Date;
    archive: string;
    tenant_id: string | null;
  };
  "platform.retention": {
    timer: string;
    relation: string;
    since: string;
    keeps: unknown;
    condition: Generated<string>;
    place: number;
  };
  "platform.retention_run": {
    run_id: string;
    timer: string;
    at: Date;
    gone: number;
  };
  "platform.set_up": {
    only_row: Generated<boolean>;
    token_hash: Buffer | null;
    done_at: Date | null;
  };
  "platform.signing_key": {
    kid: string;
    public_jwk: unknown;
    private_key: Buffer;
    created_at: Generated<Date>;
  };
}
