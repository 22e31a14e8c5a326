import type { Selectable } from "kysely";
import type { TenantKeys } from "../../kernel/crypto/tenant-keys.ts";
import type { Tables } from "../../kernel/database/tables.ts";
import type { Kind } from "../knowledge/extraction/sniff.ts";

/** Where a quoted sentence stands. Offsets are UTF-16 code units of the passage's text. */
export interface Citation {
  readonly n: number;
  /** null when the reader may not see the document, or it is gone; nothing of it is shown then. */
  readonly document: { readonly id: string; readonly name: string } | null;
  readonly passage: number;
  readonly page: number | null;
  readonly quote: string;
  readonly start: number;
  readonly end: number;
  readonly hidden?: true;
}

export interface Part {
  readonly text: string;
  readonly citations: number[];
}

export interface Message {
  readonly id: string;
  readonly author: "person" | "assistant";
  readonly state: "done" | "working" | "failed";
  readonly text: string;
  readonly parts: Part[];
  readonly citations: Citation[];
  readonly mode: "extractive" | null;
  readonly documentsSearched: number | null;
  readonly ms: number | null;
  readonly createdAt: string;
  /** Who asked, in a chat that is read; null of an answer, and where it was just asked. */
  readonly by: { readonly id: string; readonly name: string } | null;
  /** Where alone is looked; null for everywhere. */
  readonly scope: Scope | null;
  /** The words of the conversation that the question was completed with. */
  readonly followUp: string | null;
}

/** What a question was narrowed to, as its reader may see it: of what they may not see, only that there is something. */
export interface Scope {
  readonly folder: Named | null;
  readonly document: Named | null;
  readonly kind: Kind | null;
}
type Named = { readonly id: string; readonly name: string } | { readonly id: null; readonly name: null };

/** What a question is narrowed to, as it was asked. */
export interface QuestionFilters {
  /** With all folders below it. */
  readonly folder?: string | undefined;
  readonly document?: string | undefined;
  readonly kind?: Kind | undefined;
}

/** What of documents and folders the reader of a message may see now, by their ids. */
export interface Readable {
  readonly documents: ReadonlyMap<string, string>;
  readonly folders: ReadonlyMap<string, string>;
}

/** What is sealed into a message. */
export interface QuestionBody {
  readonly text: string;
  readonly filters?: QuestionFilters;
}
export interface AnswerBody {
  /** The message that is answered. */
  readonly question: string;
  /** As those of the question. */
  readonly filters?: QuestionFilters;
  /** What the question was completed with, whose questions lent it, and out of which documents' sentences it comes. */
  readonly followUp?: {
    readonly words: string;
    readonly askers: readonly string[];
    readonly documents: readonly string[];
  };
  readonly mode?: "extractive";
  readonly documentsSearched?: number;
  readonly ms?: number;
  readonly failure?: FailureCode;
}

/** What is sealed into a part of an answer. Documents by id only: their names, and whether they may be named, are asked for when it is read. */
export interface PartBody {
  readonly text: string;
  readonly citations: readonly {
    readonly n: number;
    readonly document: string;
    /** Passages are counted within it. */
    readonly version?: string;
    readonly passage: number;
    readonly page: number | null;
    readonly quote: string;
    readonly start: number;
    readonly end: number;
  }[];
}

export const failures = {
  internal: "The answer could not be written.",
  not_allowed: "The answer was not written: whoever asked may no longer ask here.",
} as const;
export type FailureCode = keyof typeof failures;

export const HIDDEN = "A passage from a document that is not shared with you.";

export const UNTOLD = "Of somebody who was not told of this opening.";

export type MessageRow = Selectable<Tables["message"]>;
export type PartRow = Selectable<Tables["answer_part"]>;

const bodyCell = (id: string) => ({ table: "message", column: "body", row: id });
const partCell = (id: string, seq: number) => ({ table: "answer_part", column: "body", row: `${id}/${seq}` });

export const sealBody = (keys: TenantKeys, id: string, body: QuestionBody | AnswerBody): Buffer =>
  keys.seal(bodyCell(id), JSON.stringify(body));
export const openQuestion = (keys: TenantKeys, row: Pick<MessageRow, "message_id" | "body">): QuestionBody =>
  JSON.parse(keys.openText(bodyCell(row.message_id), row.body));
export const openAnswer = (keys: TenantKeys, row: Pick<MessageRow, "message_id" | "body">): AnswerBody =>
  JSON.parse(keys.openText(bodyCell(row.message_id), row.body));
export const sealPart = (keys: TenantKeys, id: string, seq: number, body: PartBody): Buffer =>
  keys.seal(partCell(id, seq), JSON.stringify(body));
export const openPart = (keys: TenantKeys, row: PartRow): PartBody =>
  JSON.parse(keys.openText(partCell(row.message_id, row.seq), row.body));

/** A part as its reader may see it: `readable` holds the names of the documents that they may see now. */
export function partView(
  body: PartBody,
  readable: ReadonlyMap<string, string>,
): { text: string; citations: Citation[] } {
  const citations = body.citations.map(({ document: id, version: _, ...rest }): Citation => {
    const name = readable.get(id);
    if (name !== undefined) return { ...rest, document: { id, name } };
    return { n: rest.n, document: null, passage: 0, page: null, quote: "", start: 0, end: 0, hidden: true };
  });
  // The text of a part quotes all that it cites.
  return { text: citations.some((c) => c.hidden) ? HIDDEN : body.text, citations };
}

export function questionView(keys: TenantKeys, row: MessageRow, readable: Readable): Message {
  const { text, filters } = openQuestion(keys, row);
  return { ...empty(row), text, scope: scopeOf(filters, readable) };
}

function scopeOf(filters: QuestionFilters | undefined, readable: Readable): Scope | null {
  if (!filters) return null;
  const named = (id: string | undefined, names: ReadonlyMap<string, string>): Named | null => {
    if (id === undefined) return null;
    const name = names.get(id);
    return name === undefined ? { id: null, name: null } : { id, name };
  };
  return {
    folder: named(filters.folder, readable.folders),
    document: named(filters.document, readable.documents),
    kind: filters.kind ?? null,
  };
}

/** `parts` in order. How many documents were searched tells how many the asker may see: it is for the asker only. */
export function answerView(
  keys: TenantKeys,
  row: MessageRow,
  parts: readonly PartBody[],
  readable: Readable,
  viewer: Viewer,
): Message {
  const body = openAnswer(keys, row);
  const views = parts.map((part) => partView(part, readable.documents));
  const citations = new Map(views.flatMap((view) => view.citations.map((c) => [c.n, c])));
  return {
    ...empty(row),
    text: row.state === "failed" ? failures[body.failure ?? "internal"] : views.map((v) => v.text).join(" "),
    parts: views.map((view) => ({ text: view.text, citations: view.citations.map((c) => c.n) })),
    citations: [...citations.values()].sort((a, b) => a.n - b.n),
    mode: body.mode ?? null,
    documentsSearched: row.member_id === viewer.memberId ? (body.documentsSearched ?? null) : null,
    ms: body.ms ?? null,
    scope: scopeOf(body.filters, readable),
    followUp: followUpFor(body, readable, viewer),
  };
}

/** Who reads a message, and what they may know of its asker's neighbours. */
export interface Viewer {
  readonly memberId: string;
  /** Whether they may know what this member asked in the chat: under an opening, those alone who were told of it. */
  readonly mayKnow: (asker: string) => boolean;
}

/** Words of a question or a sentence that its reader may not see are not shown to them this way either. */
function followUpFor({ followUp }: AnswerBody, { documents }: Readable, viewer: Viewer): string | null {
  if (!followUp?.askers.every(viewer.mayKnow)) return null;
  return followUp.documents.every((id) => documents.has(id)) ? followUp.words : null;
}

/** Documents and folders that a message names, which its reader may or may not see. */
export function namedIn(body: QuestionBody | AnswerBody, parts: readonly PartBody[]): Names {
  const { folder, document } = body.filters ?? {};
  const lent = "followUp" in body ? (body.followUp?.documents ?? []) : [];
  const cited = parts.flatMap(({ citations }) => citations.map((citation) => citation.document));
  return { documents: [...(document ? [document] : []), ...lent, ...cited], folders: folder ? [folder] : [] };
}
interface Names {
  readonly documents: readonly string[];
  readonly folders: readonly string[];
}

/** A question under an opening of which whoever asked was not told: that there is one, not even whose. */
export const untoldView = (row: MessageRow): Message => ({ ...empty(row), state: "done", text: UNTOLD });

function empty(row: MessageRow): Message {
  return {
    id: row.message_id,
    author: row.author,
    state: row.state,
    text: "",
    parts: [],
    citations: [],
    mode: null,
    documentsSearched: null,
    ms: null,
    createdAt: row.created_at.toISOString(),
    by: null,
    scope: null,
    followUp: null,
  };
}
