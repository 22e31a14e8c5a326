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
  createdAt: string;
};
export type Folder = { id: string; tenant: string; owner: string; name: string };
/** `factorAt`: when it last proved a second factor, in milliseconds. */
export type Session = { member: string; csrf: string; factorAt: number };
/** Who calls: `factorAt` is null for a key. */
export type Caller = { member: Member; csrf: string; factorAt: number | null };
export type App = {
  holes: ReadonlySet<Hole>;
  tokens: Tokens;
  members: Member[];
  notes: Note[];
  folders: Folder[];
  keys: Map<string, { member: string; good: boolean }>;
  sessions: Map<string, Session>;
  attempts: number;
  /** What was answered to whom, by address: only with a hole. */
  memory: Map<string, WireResponse>;
  serial: number;
};
export type Call = {
  app: App;
  wire: WireRequest;
  method: string;
  slug: string;
  id: string;
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

export function answer(status: number, value?: unknown, headers: Record<string, string> = {}): WireResponse {
  if (value === undefined) return { status, headers, body: "" };
  return {
    status,
    headers: { "content-type": "application/json", "cache-control": "no-store", ...headers },
    body: JSON.stringify(value),
  };
}

export function none(): never {
  throw new Refusal(404, "not_found");
}

export function nextId(app: App): string {
  return `01990000-0000-7000-8000-${String(++app.serial).padStart(12, "0")}`;
}

/** What a route does for whoever may call it. */
export type Handler = (call: Call, me: Member) => WireResponse;

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
