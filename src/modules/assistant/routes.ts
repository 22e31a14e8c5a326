import { z } from "zod";
import { Id } from "../../kernel/ids.ts";
import { paging } from "../../kernel/paging.ts";
import { allow, type Routes, route, unauditedBecause } from "../../kernel/routes/contract.ts";
import "./permissions.ts";
import { kinds } from "../knowledge/extraction/sniff.ts";
import { sharingRoutesOf } from "../knowledge/sharing/routes.ts";
import { createChat, deleteChat, listChats, renameChat } from "./chats.ts";
import { ask, readChat } from "./service.ts";
import { followAnswer } from "./stream.ts";

const reading = unauditedBecause("a read of what the reader may see");

const Title = z.string().trim().min(1, "Give it a title.").max(200, "At most 200 characters.");
const Question = z.string().trim().min(1, "Ask something.").max(4000, "At most 4,000 characters.");

const ChatSummary = z.object({
  id: Id,
  title: z.string().nullable(),
  visibility: z.enum(["private", "shared", "tenant"]),
  access: z.enum(["own", "write", "read"]),
  mine: z.boolean(),
  owner: z.object({ id: Id, name: z.string() }),
  updatedAt: z.string(),
});

const Citation = z.object({
  n: z.int(),
  document: z.object({ id: Id, name: z.string() }).nullable(),
  passage: z.int(),
  page: z.int().nullable(),
  quote: z.string(),
  start: z.int(),
  end: z.int(),
  hidden: z.literal(true).optional(),
});

/** Both null: there is one, which the reader may not see. */
const Named = z.object({ id: Id.nullable(), name: z.string().nullable() });

const Message = z.object({
  id: Id,
  author: z.enum(["person", "assistant"]),
  state: z.enum(["done", "working", "failed"]),
  text: z.string(),
  parts: z.array(z.object({ text: z.string(), citations: z.array(z.int()) })),
  citations: z.array(Citation),
  mode: z.enum(["extractive"]).nullable(),
  documentsSearched: z.int().nullable(),
  ms: z.int().nullable(),
  createdAt: z.string(),
  by: z.object({ id: Id, name: z.string() }).nullable(),
  scope: z
    .object({ folder: Named.nullable(), document: Named.nullable(), kind: z.enum(kinds).nullable() })
    .nullable(),
  followUp: z.string().nullable(),
});

const params = z.object({ id: Id });

/** Chats: questions, and answers that cite the documents they come from. */
export function assistantRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/chats",
    words: "List the chats that one may read, the one last used first",
    access: allow("chat.read"),
    audit: reading,
    rate: "read",
    input: { query: z.object(paging(200)) },
    output: { 200: z.object({ items: z.array(ChatSummary), next: z.string().nullable() }) },
    handler: (ctx, { query }) => listChats(ctx, query),
  });

  route(routes, {
    method: "POST",
    path: "/chats",
    words: "Begin a chat",
    creates: "chat",
    access: allow("chat.create"),
    audit: "chat.created",
    rate: "write",
    output: { 201: z.object({ id: Id }) },
    handler: (ctx) => createChat(ctx),
  });

  route(routes, {
    method: "GET",
    path: "/chats/:id",
    words: "Read a chat",
    resource: "chat",
    access: allow("chat.read"),
    audit: reading,
    rate: "read",
    input: { params },
    output: {
      200: ChatSummary.extend({
        messages: z.array(Message),
      }),
    },
    handler: (ctx, { params: { id } }) => readChat(ctx, id),
  });

  route(routes, {
    method: "PATCH",
    path: "/chats/:id",
    words: "Rename a chat that one may write",
    resource: "chat",
    access: allow("chat.change"),
    audit: "chat.changed",
    rate: "write",
    input: {
      params,
      body: z.object({ title: Title.meta({ examples: ["Leases that end this year"] }) }),
    },
    output: { 200: ChatSummary },
    handler: (ctx, { params: { id }, body }) => renameChat(ctx, id, body.title),
  });

  route(routes, {
    method: "DELETE",
    path: "/chats/:id",
    words: "Delete a chat of one's own with its questions and answers",
    resource: "chat",
    access: allow("chat.delete"),
    audit: "chat.deleted",
    rate: "write",
    input: { params },
    output: { 204: z.null() },
    handler: async (ctx, { params: { id } }) => {
      await deleteChat(ctx, id);
      return null;
    },
  });

  route(routes, {
    method: "POST",
    path: "/chats/:id/questions",
    words: "Ask in a chat that one may write; the answer is written while its stream is read",
    resource: "chat",
    creates: "answer",
    access: allow("chat.ask"),
    audit: "question.asked",
    rate: "ask",
    input: {
      params,
      body: z
        .object({
          text: Question.meta({ examples: ["When can the lease be ended?"] }),
          filters: z
            .object({ folder: Id.optional(), document: Id.optional(), kind: z.enum(kinds).optional() })
            .optional(),
        })
        .meta({ examples: [{ text: "When can the lease be ended?" }] }),
    },
    output: { 201: z.object({ question: Message, answer: Message }) },
    handler: (ctx, { params: { id }, body: { text, filters } }) => ask(ctx, id, text, filters),
  });

  route(routes, {
    method: "GET",
    path: "/answers/:id/stream",
    words: "Follow an answer as it is written; Last-Event-ID resumes",
    resource: "answer",
    access: allow("chat.read"),
    audit: reading,
    rate: "stream",
    output: { 200: "events" },
    input: { params },
    handler: (ctx, { params: { id } }, reply) =>
      followAnswer(ctx, id, reply.header("last-event-id"), reply.gone()),
  });

  sharingRoutesOf(routes, "chat");
}
