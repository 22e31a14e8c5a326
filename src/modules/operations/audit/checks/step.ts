import type { Answer, Client } from "../../../trust/stage/client.ts";
import type { Person } from "../../../trust/stage/people.ts";

/** A call, and the entry that must be there after it. */
export interface Step {
  /** As the running server knows it: `PATCH /api/t/:slug/account`. */
  readonly route: string;
  readonly send: (headers: Record<string, string>) => Promise<Answer>;
  readonly status: number;
  /** The workspace in whose log it must be, by id. */
  readonly tenant: string;
  /** null: a visitor. */
  readonly actor: Person | null;
  /** Where it is not the one that the route declares. */
  readonly event?: string;
  readonly outcome?: "refused";
  readonly resource?: string | ((answer: Answer) => string | null);
  readonly changes?: Readonly<Record<string, readonly [unknown, unknown]>>;
  /** What must not be in the entry. */
  readonly secrets?: readonly string[];
  /** Entries of the same workspace beside its own: one for each thing that goes along. */
  readonly besides?: number;
  /** The person is erased: its content may be gone before it is looked at. */
  readonly emptied?: true;
  /** Entries that belong into the logs of other workspaces. */
  readonly elsewhere?: number;
  readonly after?: (answer: Answer) => void;
}

/** Where the routes of a workspace begin, as the running server knows them. */
export const T = "/api/t/:slug";

/** The id of what a call made. */
export const created = (answer: Answer): string | null =>
  answer.json?.id ?? answer.json?.items?.[0]?.id ?? null;

/** A call that is sent later, with headers of the check's own. */
export const call =
  (who: Client, method: string, path: string, body?: unknown): Step["send"] =>
  (headers) =>
    who.call(method, path, { headers, ...(body === undefined ? {} : { body }) });
