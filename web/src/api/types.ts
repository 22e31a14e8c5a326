/**
 * Shapes of the HTTP interface. Times are ISO 8601 in UTC; offsets are UTF-16 code units. test/contract.test.ts
 * holds them against what the server's routes declare.
 */

export type List<Item> = { items: Item[]; next: string | null };

/** `total`: how many documents the person can see, whatever the search. */
export type DocumentList = List<Document> & { total: number };

export type Role = "viewer" | "manager" | "admin" | "owner";

export type Permission =
  | "account.use"
  | "document.read"
  | "document.download"
  | "document.upload"
  | "document.change"
  | "document.delete"
  | "document.share"
  | "search.use"
  | "chat.use"
  | "chat.share"
  | "member.read"
  | "member.invite"
  | "member.change-role"
  | "member.suspend"
  | "member.remove"
  | "member.unlock"
  | "audit.read"
  | "tenant.read"
  | "tenant.change"
  | "operator.tenants.read"
  | "operator.tenants.create"
  | "operator.controls.run";

export type Installation = {
  setUp: boolean;
  mail: "outbox" | "smtp";
  version: string;
  masterKey: "file" | "environment";
  name: string | null;
};

export type OutboxMail = {
  id: string;
  at: string;
  to: string;
  subject: string;
  text: string;
  tenant: string;
};

export type SessionView = {
  me: { id: string; name: string; address: string; role: Role; permissions: Permission[] };
  tenant: { slug: string; name: string; kind: "operator" | "customer" | "canary" };
  csrf: string;
  expiresAt: string;
};

export type OpenSession = {
  id: string;
  createdAt: string;
  lastActiveAt: string;
  userAgent: string | null;
  ip: string | null;
  current: boolean;
};

export type SignIn = {
  id: string;
  at: string;
  event: string;
  outcome: string;
  method?: string | null;
  ip: string | null;
  userAgent: string | null;
};

export type Member = {
  id: string;
  name: string;
  address: string;
  role: Role;
  status: "active" | "suspended";
  lastSignInAt: string | null;
};

export type Invitation = {
  id: string;
  address: string;
  role: Role;
  invitedBy: string;
  createdAt: string;
  expiresAt: string;
  state: "open" | "expired";
};

export type OpenedInvitation = {
  address: string;
  role: Role;
  tenant: string;
  invitedBy: string;
  expiresAt: string;
};

export type AuditEntry = {
  id: string;
  at: string;
  actor: { id: string | null; name: string | null; role: string | null };
  event: string;
  resource: { type: string; id: string | null };
  ip: string | null;
  userAgent: string | null;
  outcome: string;
  /** Old and new value by field. */
  changes: Record<string, unknown[]>;
};

export type Tenant = {
  id: string;
  slug: string;
  name: string;
  createdAt: string;
  ownerAddress: string | null;
  state: string;
};

export type Visibility = "private" | "tenant";

export type Document = {
  id: string;
  name: string;
  kind: "pdf" | "html" | "markdown" | "text";
  bytes: number;
  pages: number | null;
  state: "received" | "reading" | "indexing" | "ready" | "failed";
  problem: { code: string; message: string } | null;
  visibility: Visibility;
  owner: { id: string; name: string };
  mine: boolean;
  createdAt: string;
};

export type Passage = { no: number; page: number | null; heading: string | null; text: string };

export type Uploaded = { items: Document[]; refused: { name: string; code: string; message: string }[] };

export type SearchHit = {
  document: { id: string; name: string };
  passage: number;
  page: number | null;
  text: string;
  /** Start and end of each word that matched. */
  marks: number[][];
};

export type SearchResult = { items: SearchHit[]; ms: number; documents: number };

export type ChatSummary = {
  id: string;
  title: string | null;
  visibility: Visibility;
  mine: boolean;
  owner: { id: string; name: string };
  updatedAt: string;
};

export type Citation = {
  n: number;
  /** Null, with `hidden`, where the reader of a shared conversation may not see the document. */
  document: { id: string; name: string } | null;
  passage: number;
  page: number | null;
  quote: string;
  start: number;
  end: number;
  hidden?: true;
};

export type Part = { text: string; citations: number[] };

export type Message = {
  id: string;
  author: "person" | "assistant";
  state: "done" | "working" | "failed";
  text: string;
  parts: Part[];
  citations: Citation[];
  mode: "extractive" | null;
  documentsSearched: number | null;
  ms: number | null;
  createdAt: string;
};

export type Chat = ChatSummary & { messages: Message[] };

export type Evidence = {
  verdict: "held" | "broken" | "inconclusive";
  what: string;
  who: string;
  got: string;
};

export type Claim = {
  id: string;
  words: string;
  kind: "tested" | "attested" | "not-done";
  result: "held" | "broken" | "stale" | "not-run";
  subjects: number;
  evidence: Evidence[];
  summary: string;
  removed: string | null;
  couldBeWrong: string | null;
  at: string | null;
  ms: number | null;
};

export type SecuritySnapshot = {
  name: string;
  version: string;
  checkedAt: string | null;
  instance: string;
  totals: { held: number; broken: number; attested: number; notDone: number; stale: number };
  attempts: number;
  routes: number;
  questions: { id: string; title: string; claims: Claim[] }[];
  masterKey: string;
  days: { date: string; attempts: number; broken: number }[];
};
