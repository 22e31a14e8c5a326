// Written from the catalog by `node src/main.ts check schema --write`; do not edit.
import type { Generated } from "kysely";

export interface Tables {
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
  chat: {
    tenant_id: string;
    chat_id: string;
    owner_id: string;
    visibility: Generated<"private" | "tenant">;
    title: Buffer;
    created_at: Date;
    updated_at: Date;
  };
  document: {
    tenant_id: string;
    document_id: string;
    document_no: number;
    owner_id: string;
    visibility: Generated<"private" | "tenant">;
    name: Buffer;
    kind: "pdf" | "html" | "markdown" | "text";
    bytes: number;
    pages: number | null;
    file: string;
    content_hash: Buffer;
    state: "received" | "reading" | "indexing" | "ready" | "failed";
    problem: string | null;
    created_at: Date;
    updated_at: Date;
  };
  index_posting: {
    tenant_id: string;
    term_hash: Buffer;
    segment_id: string;
    body: Buffer;
  };
  index_segment: {
    tenant_id: string;
    segment_id: string;
    stats: Buffer;
    created_at: Date;
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
    purpose: "verify" | "unlock";
    token_hash: Buffer;
    created_at: Date;
    expires_at: Date;
    used_at: Date | null;
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
  };
  sign_in_guard: {
    tenant_id: string;
    address_hash: Buffer;
    failures: number;
    window_started_at: Date;
    locked_until: Date | null;
    locks: Generated<number>;
  };
  tenant: {
    tenant_id: string;
    kind: "operator" | "customer" | "canary";
    name: Buffer;
    state: Generated<"active" | "closed">;
    created_at: Generated<Date>;
    factor_required_from: Date | null;
  };
  tenant_counter: {
    tenant_id: string;
    counter: string;
    value: number;
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
  };
  "platform.control_run": {
    run_id: string;
    at: Date;
    version: string;
    results: unknown;
  };
  "platform.migration": {
    name: string;
    checksum: string;
    applied_at: Generated<Date>;
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
