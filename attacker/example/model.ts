import type { WireRequest, WireResponse } from "../contract.ts";
import type { Hole } from "./holes.ts";
import type { Tokens } from "./tokens.ts";

// What the parts of the example share: its state, and how it refuses and reads input.

export type Member = {
  id: string;
  tenant: string;
  role: string;
  name: string;
  address: string;
  spare: boolean;
};
export type Note = {
  id: string;
  tenant: string;
  owner: string;
  title: string;
  pinned: boolean;
  folder: string | null;
  /** Holds a word that nobody but its owner knows. */
  text: string;
  digest: string;
  createdAt: string;
};
export type Comment = { id: string; note: string; text: string };
export type File = { id: string; tenant: string; owner: string; name: string; at: string };
export type Label = { id: string; tenant: string; name: string };
export type Hook = { id: string; tenant: string; url: string };
export type Folder = { id: string; tenant: string; owner: string; name: string };
/** `factorAt`: when it last proved a second factor, in milliseconds. */
export type Session = { member: string; csrf: string; factorAt: number; refresh: string };
/** Who calls: `factorAt` is null for a key. */
export type Caller = { member: Member; csrf: string; factorAt: number | null };
export type App = {
  holes: ReadonlySet<Hole>;
  tokens: Tokens;
  members: Member[];
  notes: Note[];
  folders: Folder[];
  comments: Comment[];
  files: File[];
  labels: Label[];
  hooks: Hook[];
  slugs: string[];
  /** Where uploads lie, by path, among other things of the machine. */
  disk: Map<string, Buffer>;
  /** One-time tokens: whether each was used. */
  invitations: Map<string, boolean>;
  /** Proofs against forgery of sessions that were signed out: good for nothing but for a hole. */
  oldProofs: Set<string>;
  /** Called when a note has changed. */
  watchers: Set<(note: Note) => void>;
  /** The name server that it asks, on this machine. */
  namePort: number | null;
  keys: Map<string, { member: string; good: boolean }>;
  sessions: Map<string, Session>;
  attempts: number;
  /** What was answered to whom, by address: only with a hole. */
  memory: Map<string, Reply>;
  serial: number;
};
export type Call = {
  app: App;
  wire: WireRequest;
  method: string;
  slug: string;
  id: string;
  subId: string;
  query: URLSearchParams;
  body: Record<string, unknown>;
};

export const ORIGIN = "http://notes.example";
export const PASSWORD = "Correct-Horse-9!";
export const ROLES = ["viewer", "manager", "admin", "owner"];
export const SLUGS = ["ash", "birch"];
export const HOUR = 3600;
export const MINUTE = 60_000;

export class Refusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  constructor(status: number, code: string, headers: Record<string, string> = {}) {
    super(code);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

export function answer(status: number, value?: unknown, headers: Record<string, string> = {}): Reply {
  if (value === undefined) return { status, headers, body: "" };
  return {
    status,
    headers: {
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
      ...headers,
    },
    body: JSON.stringify(value),
  };
}

export function none(): never {
  throw new Refusal(404, "not_found");
}

export function nextId(app: App): string {
  return `01990000-0000-7000-8000-${String(++app.serial).padStart(12, "0")}`;
}

/** A stream goes on after its head; what `live` answers is called when the other side is gone. */
export type Reply = WireResponse & {
  live?: (out: { write: (text: string) => void; end: () => void }) => () => void;
};

/** What a route does for whoever may call it. */
export type Handler = (call: Call, me: Member) => Reply | Promise<Reply>;

export function inTenant(app: App, me: Member): Member[] {
  return app.members.filter((member) => member.tenant === me.tenant);
}

export function uuid(id: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) throw new Refusal(400, "invalid");
  return id;
}

export function text(value: unknown, most: number): string {
  if (typeof value !== "string" || value === "" || value.length > most) throw new Refusal(400, "invalid");
  return value;
}

export function truth(value: unknown): boolean {
  if (typeof value !== "boolean") throw new Refusal(400, "invalid");
  return value;
}
