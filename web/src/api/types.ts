/**
 * Shapes of the HTTP interface. Times are ISO 8601 in UTC; offsets are UTF-16 code units. test/contract.test.ts
 * holds them against what the server's routes declare.
 */

export type List<Item> = { items: Item[]; next: string | null };

/** `total`: how many documents match all but the words that are searched for. */
export type DocumentList = List<Document> & { total: number };

export type BuiltInRole = "viewer" | "manager" | "admin" | "owner";

/** A built-in role, `support`, or the id of one of the workspace's own. */
export type Role = string;

export type Permission =
  | "account.use"
  | "operator.backups.read"
  | "operator.backups.make"
  | "account.export"
  | "account.erase"
  | "member.erase"
  | "retention.read"
  | "tenant.close"
  | "tenant.export"
  | "operator.tenants.close"
  | "account.change"
  | "account.password"
  | "account.address"
  | "account.factors"
  | "account.passkeys"
  | "account.sessions"
  | "account.sign-ins"
  | "account.notices"
  | "account.openings"
  | "notice.read"
  | "key.use"
  | "key.create"
  | "key.end"
  | "key.see-all"
  | "key.end-all"
  | "role.read"
  | "role.create"
  | "role.change"
  | "role.delete"
  | "member.read"
  | "member.invite"
  | "member.see-invitations"
  | "member.withdraw-invitation"
  | "member.change-role"
  | "member.suspend"
  | "member.reinstate"
  | "member.remove"
  | "member.unlock"
  | "member.reset-factors"
  | "member.hand-over"
  | "member.see-rights"
  | "member.see-holdings"
  | "group.read"
  | "group.create"
  | "group.change"
  | "group.delete"
  | "group.members"
  | "policy.read"
  | "policy.change"
  | "policy.quotas"
  | "tenant.read"
  | "tenant.change"
  | "support.see"
  | "support.grant"
  | "support.end"
  | "content.open"
  | "content.see-openings"
  | "content.close"
  | "document.read"
  | "document.download"
  | "document.upload"
  | "document.change"
  | "document.move"
  | "document.delete"
  | "document.share"
  | "document.retry"
  | "document.see-access"
  | "document.versions"
  | "document.add-version"
  | "document.restore-version"
  | "document.history"
  | "bin.see"
  | "bin.restore"
  | "bin.empty"
  | "storage.read"
  | "folder.read"
  | "folder.create"
  | "folder.change"
  | "folder.move"
  | "folder.delete"
  | "folder.share"
  | "folder.see-access"
  | "share.change"
  | "share.end"
  | "search.use"
  | "saved-search.use"
  | "saved-search.create"
  | "saved-search.change"
  | "saved-search.delete"
  | "chat.read"
  | "chat.create"
  | "chat.ask"
  | "chat.change"
  | "chat.delete"
  | "chat.share"
  | "chat.see-access"
  | "audit.read"
  | "audit.export"
  | "operator.tenants.read"
  | "operator.tenants.create"
  | "operator.tenants.quota"
  | "operator.users.import"
  | "operator.support.see"
  | "operator.support.enter"
  | "operator.controls.run"
  | "operator.page.read"
  | "operator.attacks.read"
  | "operator.keys.read"
  | "operator.keys.rotate"
  | "operator.page.change";

export type Installation = {
  setUp: boolean;
  mail: "outbox" | "smtp";
  version: string;
  masterKey: "file" | "environment" | "service";
  name: string;
  /** The moment of which this is a copy for comparing. */
  copyOf: string | null;
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
  me: {
    id: string;
    name: string;
    address: string;
    role: string;
    permissions: Permission[];
    /** Language of mails. */
    language: "en" | "de" | "fr";
    /** IANA name, for example `Europe/Berlin`. */
    timeZone: string;
  };
  tenant: { slug: string; name: string; kind: "operator" | "customer" | "canary" };
  csrf: string;
  expiresAt: string;
  factor: {
    /** Nothing else works until a second factor is set up. */
    due: boolean;
    /** From when on the workspace asks everybody for one. */
    requiredFrom: string | null;
    /** Until when what asks for a fresh second factor works without asking. */
    freshUntil: string | null;
  };
  /** Not null while the operator's support may enter; `me.role` is "support" for whoever has. */
  support: { until: string } | null;
};

export type FactorMethod = "totp" | "passkey" | "recovery-code";

export type SignedIn =
  | ({ state: "open" } & SessionView)
  | { state: "second-factor"; ticket: string; methods: FactorMethod[]; expiresAt: string };

/** The proof of work that a sign-in may be asked for; `altcha-lib` makes and solves it. */
export type SignInChallenge = {
  algorithm: string;
  challenge: string;
  maxnumber: number;
  salt: string;
  signature: string;
};

export type StepUpChallenge = {
  /** The password: of somebody who has no second factor yet, and only on the way to the first one. */
  methods: (FactorMethod | "password")[];
  ticket: string | null;
  options: Record<string, unknown> | null;
};

export type PasskeyChallenge = { ticket: string; options: Record<string, unknown> };

export type Passkey = { id: string; name: string; createdAt: string; lastUsedAt: string | null };

export type Factors = {
  required: boolean;
  totp: { createdAt: string } | null;
  recoveryCodes: { left: number; createdAt: string } | null;
  passkeys: Passkey[];
};

export type NewTotp = { secret: string; uri: string };

/** The codes are shown now and never again; null where there were some already. */
export type FactorAdded = { recoveryCodes: string[] | null };

export type PasskeyAdded = { id: string; name: string; recoveryCodes: string[] | null };

export type Account = { name: string; language: "en" | "de" | "fr"; timeZone: string };

export type PageNotice = {
  id: string;
  kind: string;
  at: string;
  text: string;
  /** Where in the workspace it leads, beginning with `/`. */
  path: string | null;
  read: boolean;
};

export type PageNotices = List<PageNotice> & { unread: number };

export type NoticeChoice = { kind: string; words: string; page: boolean; mail: boolean; fixed: boolean };

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
  roleName: string;
  status: "active" | "suspended" | "removed";
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

/** The newest signed checkpoint of the audit log, as a C2SP note. */
export type AuditCheckpoint = {
  checkpoint: string;
  key: string;
  size: number;
  intact: boolean;
  problem: string | null;
};

export type AuditEntry = {
  id: string;
  at: string;
  /** `kind` is "key" where a program acted with this member's API key. */
  actor: { kind: string; id: string | null; name: string | null; role: string | null };
  event: string;
  resource: { type: string; id: string | null };
  ip: string | null;
  userAgent: string | null;
  outcome: string;
  /** Old and new value by field. */
  changes: Record<string, unknown[]>;
  /** Written in another installation, before the workspace came from there. */
  brought: boolean;
};

export type Tenant = {
  id: string;
  slug: string;
  name: string;
  createdAt: string;
  ownerAddress: string | null;
  state: string;
};

/** `shared`: with persons or groups; `tenant`: with everyone, here or through a folder. */
export type Visibility = "private" | "shared" | "tenant";

/** What this person may do with a thing: `own` includes sharing and deleting. */
export type Access = "own" | "write" | "read";

export type Person = { id: string; name: string };

export type DocumentKind =
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

export type Document = {
  id: string;
  name: string;
  kind: DocumentKind;
  bytes: number;
  pages: number | null;
  state: "received" | "reading" | "indexing" | "ready" | "failed";
  problem: { code: string; message: string } | null;
  /** Null at the top of the library, and where the folder is not open to this person. */
  folder: string | null;
  access: Access;
  visibility: Visibility;
  owner: Person;
  mine: boolean;
  createdAt: string;
  updatedAt: string;
  /** Number of the version that is read now, and how many there are. */
  version: number;
  versions: number;
  /** ISO 639-1, of most of the text. */
  language: string | null;
  /** Pages that are pictures without text. */
  pictures: number | null;
  /** Other documents with the same bytes that this person may see, at most five; in a list it may be left empty. */
  duplicates: { id: string; name: string }[];
  /** A version that is not shown yet: it is being read, or could not be. */
  newer: { no: number; state: Document["state"]; problem: Document["problem"] } | null;
};

export type Version = {
  id: string;
  no: number;
  kind: DocumentKind;
  bytes: number;
  pages: number | null;
  name: string;
  by: Person;
  at: string;
  current: boolean;
  state: "received" | "reading" | "ready" | "failed";
  problem: Document["problem"];
  /** Number of the version whose file this is again. */
  restoredFrom: number | null;
};

/** Two texts line by line; `from` and `to` are the numbers of the versions. */
export type Comparison = {
  from: number;
  to: number;
  items: { kind: "same" | "added" | "removed"; text: string; page: number | null }[];
  truncated: boolean;
};

export type HistoryEntry = {
  at: string;
  /** Null where the program did it by itself. */
  by: { id: string; name: string | null } | null;
  event: string;
  changes: Record<string, unknown[]>;
};

/** Where in a document its pages and headings begin. */
export type Outline = {
  passages: number;
  items: { no: number; page: number | null; heading: string | null }[];
};

export type Folder = {
  id: string;
  name: string;
  parent: string | null;
  owner: Person;
  mine: boolean;
  access: Access;
  visibility: Visibility;
  createdAt: string;
};

export type ShareWith = { kind: "member" | "group" | "tenant"; id: string | null; name: string };

export type Share = {
  id: string;
  with: ShareWith;
  access: "read" | "write";
  since: string;
  /** The folder that was shared; taken back there. */
  inheritedFrom: { id: string | null; name: string } | null;
};

export type AccessView = {
  owner: Person;
  shares: Share[];
  /** Admins who have opened it, each with a reason and an end. */
  openings: { by: Person; until: string; reason: string }[];
};

export type Passage = { no: number; page: number | null; heading: string | null; text: string };

/** Something in the bin: gone for ever after `until`. `documents`: how many lie in it, for a folder. */
export type Binned = {
  id: string;
  kind: "document" | "folder";
  name: string;
  deletedAt: string;
  until: string;
  by: Person;
  from: { id: string; name: string } | null;
  documents: number;
};

/** An upload in pieces that is not finished: `offset` bytes have arrived. */
export type Unfinished = {
  id: string;
  name: string;
  bytes: number;
  offset: number;
  pieceBytes: number;
  folder: string | null;
  document: string | null;
  expiresAt: string;
};

/** What became of each of many; `refused` says why. */
export type BulkResult = { done: string[]; refused: { id: string; code: string; message: string }[] };

export type Amount = { used: number; most: number };

export type Storage = {
  workspace: { documents: Amount; bytes: Amount };
  mine: { documents: { used: number; most: number | null }; bytes: { used: number; most: number | null } };
  /** Documents that wait to be read. */
  waiting: Amount;
};

export type FolderPaths = { items: { path: string; id: string }[] };

export type Uploaded = { items: Document[]; refused: { name: string; code: string; message: string }[] };

export type SearchHit = {
  document: { id: string; name: string; kind: DocumentKind; folder: string | null };
  passage: number;
  page: number | null;
  heading: string | null;
  text: string;
  /** Start and end of each word that matched, in the text, the heading and the document's name. */
  marks: number[][];
  headingMarks: number[][];
  nameMarks: number[][];
};

export type SearchResult = List<SearchHit> & {
  /** How many passages match; null where counting them all would take too long. */
  total: number | null;
  didYouMean: string | null;
  /** What was searched for instead, since nothing has the words that were asked for. */
  corrected: string | null;
  ms: number;
  /** How many documents were searched. */
  documents: number;
};

export type SearchFilters = {
  folder?: string | undefined;
  kind?: DocumentKind | undefined;
  owner?: "mine" | "others" | undefined;
  since?: string | undefined;
  until?: string | undefined;
};

export type SavedSearch = { id: string; name: string; q: string; filters: SearchFilters; createdAt: string };

export type ChatSummary = {
  id: string;
  title: string | null;
  access: Access;
  visibility: Visibility;
  mine: boolean;
  owner: Person;
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
  /** Who asked; null of an answer, and of a question that has just been asked. */
  by: Person | null;
  state: "done" | "working" | "failed";
  text: string;
  parts: Part[];
  citations: Citation[];
  mode: "extractive" | null;
  documentsSearched: number | null;
  ms: number | null;
  createdAt: string;
  /** Where alone was looked; a name only where this reader may see the thing. */
  scope: Scope | null;
  /** What a short question was completed with, from the questions before it. */
  followUp: string | null;
};

export type Scope = {
  folder: { id: string | null; name: string | null } | null;
  document: { id: string | null; name: string | null } | null;
  kind: DocumentKind | null;
};

export type Chat = ChatSummary & { messages: Message[] };

export type GroupSummary = { id: string; name: string; members: number; mine: boolean };

export type Group = { id: string; name: string; members: Person[] };

export type Opening = {
  id: string;
  /** `name` only of a member, and for the owner themself; `id` null once it is deleted. */
  of: { kind: "document" | "folder" | "chat" | "member"; id: string | null; name: string | null };
  by: Person;
  reason: string;
  at: string;
  until: string;
  /** Ended by somebody, or over. */
  ended: boolean;
};

export type Holdings = { documents: number; folders: number; chats: number; groups: number };

/** A permission in plain words; `always`: every role has it. */
export type PermissionWords = { key: string; group: string; words: string; always: boolean };

/** `mayChange`: it holds nothing that this person lacks. */
export type CustomRole = {
  id: string;
  name: string;
  permissions: string[];
  members: number;
  mayChange: boolean;
};

export type Roles = {
  builtIn: { name: string; words: string; permissions: string[] }[];
  items: CustomRole[];
  permissions: PermissionWords[];
};

export type Rights = {
  role: { name: string; id: string | null };
  items: { key: string; group: string; words: string; held: boolean; because: string }[];
};

export type ApiKey = {
  id: string;
  name: string;
  prefix: string;
  permissions: string[];
  /** `name` null: the folder is not open to this person any more, or deleted. */
  folder: { id: string; name: string | null } | null;
  networks: string[];
  createdAt: string;
  expiresAt: string;
  lastUsedAt: string | null;
  state: "active" | "expired" | "revoked";
};

/** `mayHold`: what a key of this person can be given. */
export type ApiKeys = List<ApiKey> & { mayHold: string[] };

export type WorkspaceKey = ApiKey & { owner: Person };

/** `key` is in this answer and nowhere else, ever. */
export type NewKey = { id: string; key: string; expiresAt: string };

export type Policy = {
  secondFactor: { requiredFrom: string | null };
  passwords: "composed" | "passphrase";
};

export type SupportGrant = {
  id: string;
  reason: string;
  by: Person;
  at: string;
  until: string;
  ended: string | null;
  state: "open" | "expired" | "ended";
  uses: number;
};

export type SupportEntry = {
  id: string;
  tenant: { id: string; slug: string; name: string };
  reason: string;
  until: string;
};

export type ImportResult = {
  added: number;
  refused: { row: number; address: string; code: string; message: string }[];
};

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
  /** What the operator says of itself; null before it has. */
  operator: { company: string; contacts: string[]; policy: string; hosting: string; at: string } | null;
  /** The run that the page is written from, as it was signed; null before the first. */
  signed: { note: string; key: string; results: string } | null;
  /** A result is stored that the installation did not sign. */
  forged: boolean;
  live: LiveAttacks;
  /** Whether the last backup could be restored, and whether the installation was ever set back to one. */
  backups: {
    test: {
      at: string;
      passed: boolean;
      takenAt: string;
      tables: number;
      rows: number;
      files: number;
      sumsEqual: boolean;
      attempts: number | null;
    } | null;
    restored: { at: string; takenAt: string } | null;
  };
};

/** What the attacks on the running server came to. */
export type LiveAttacks = {
  /** 0: switched off. */
  everyMinutes: number;
  last: {
    at: string;
    version: string;
    result: "held" | "broken" | "stale" | "not-run";
    attempts: number;
    held: number;
    inconclusive: number;
    breached: { claim: string; class: string; attempts: number }[];
    routes: number;
    classes: string[];
    covered: number;
    uncovered: { class: string; reason: string | null; routes: string[] }[];
    requests: number;
    ms: number;
    cost: { cpuMs: number; share: number } | null;
    seed: string;
    signed: { note: string; summary: string };
  } | null;
  forged: boolean;
  days: { date: string; runs: number; attempts: number; breached: number; inconclusive: number }[];
  touched: { at: string; words: string; ninetyDays: number } | null;
};

export type AttackReport = {
  everyMinutes: number;
  canaries: { slug: string; createdAt: string; ready: boolean }[];
  runs: {
    id: string;
    at: string;
    version: string;
    kind: "live" | "rehearsal";
    attempts: number;
    breached: number;
    inconclusive: number;
    cpuMs: number | null;
    ms: number;
    signed: boolean;
  }[];
  alarms: { id: string; at: string; kind: string; words: string; tenantId: string | null; route: string }[];
};

export type AttackDetails = {
  probes:
    | {
        verdict: string;
        claim: string;
        route: string;
        class: string;
        who: string;
        status: number;
        detail: string;
      }[]
    | null;
  forged: boolean;
};

export type PublicPage = {
  company: string;
  contacts: string[];
  policy: string;
  languages: string[];
  hosting: string;
  statements: { claim: string; words: string }[];
};

/** The operator's encryption keys: versions and counts, and no key. */
export type KeysState = {
  source: "file" | "environment" | "service";
  current: number;
  masters: {
    version: number;
    inService: boolean;
    workspaces: number;
    since: string | null;
    isCurrent: boolean;
  }[];
  unreadable: number;
  canGo: number[];
  resealing: number;
  workspaces: number;
  words: string[];
  rotation: { running: boolean; done: number; of: number; problem: string | null } | null;
  disks: { what: string; state: "encrypted" | "not-encrypted" | "unknown"; words: string }[];
};

export type PublicPageSettings = { page: PublicPage; attestable: { id: string; words: string }[] };

/** Backups as the operator sees them: figures, places and results, never an archive. */
export type BackupReport = {
  recipients: string[];
  places: { kind: "folder" | "bucket"; words: string }[];
  besideTheData: boolean;
  keep: string;
  nextAt: string | null;
  late: boolean;
  runs: {
    id: string;
    kind: "data" | "keys";
    asked: "schedule" | "operator" | "command";
    name: string;
    state: "running" | "good" | "failed";
    problem: string | null;
    startedAt: string;
    takenAt: string | null;
    endedAt: string | null;
    keptAt: string[] | null;
    bytes: number | null;
    rows: number | null;
    files: number | null;
    recipients: string[];
  }[];
  test: {
    at: string;
    passed: boolean;
    result: {
      archive: string;
      takenAt: string;
      problem: string | null;
      tables: number;
      rows: number;
      files: number;
      bytes: number;
      sumsEqual: boolean;
      catalog: { looked: number; broken: number };
      audit: { entries: number; verified: boolean };
      attack: { attempts: number; held: number; breached: number; inconclusive: number } | null;
      attackSaid: string;
      seconds: number;
    };
  } | null;
  forged: boolean;
  restored: { at: string; takenAt: string; whole: boolean } | null;
};
