import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { paging } from "../../../kernel/paging.ts";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { nothing } from "../shapes.ts";
import { noticeKinds } from "./kinds.ts";
import { choosePlaces, listChoices, listNotices, markRead } from "./service.ts";

const Kind = z.enum(noticeKinds);

export function noticeRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/notices",
    words: "What one was told, newest first, and how much of it is unread",
    access: allow("notice.read"),
    audit: unauditedBecause("reads only one's own notices"),
    rate: "read",
    beforeFactor: true,
    input: { query: z.object(paging(100)) },
    output: {
      200: z.object({
        items: z.array(
          z.object({
            id: z.string(),
            kind: Kind,
            at: z.string(),
            text: z.string(),
            path: z.string().nullable(),
            read: z.boolean(),
          }),
        ),
        next: z.string().nullable(),
        unread: z.number(),
      }),
    },
    handler: (ctx, { query }) => listNotices(ctx, query),
  });
  route(routes, {
    method: "POST",
    path: "/notices/read",
    words: "Mark notices of one's own as read",
    access: allow("notice.read"),
    audit: unauditedBecause("says of one's own notices only that one has seen them"),
    rate: "write",
    beforeFactor: true,
    state: "GET /notices",
    input: {
      body: z.object({
        ids: z.union([z.literal("all"), z.array(Id).max(200)], "Give a list of identifiers, or all."),
      }),
    },
    output: { 204: nothing },
    handler: async (ctx, { body }) => {
      await markRead(ctx, body.ids);
      return null;
    },
  });
  route(routes, {
    method: "GET",
    path: "/account/notices",
    words: "Of what one is told, and where",
    access: allow("account.notices"),
    audit: unauditedBecause("reads only one's own choices"),
    rate: "read",
    output: {
      200: z.object({
        items: z.array(
          z.object({
            kind: Kind,
            words: z.string(),
            page: z.boolean(),
            mail: z.boolean(),
            fixed: z.boolean(),
          }),
        ),
        next: z.null(),
      }),
    },
    handler: async (ctx) => ({ items: await listChoices(ctx), next: null }),
  });
  route(routes, {
    method: "PUT",
    path: "/account/notices",
    words: "Choose where one is told of one kind of thing",
    access: allow("account.notices"),
    audit: "account.notices-changed",
    rate: "write",
    state: "GET /account/notices",
    input: {
      body: z.object({
        kind: Kind.meta({ examples: ["shared-with-you"] }),
        page: z.boolean(),
        mail: z.boolean(),
      }),
    },
    output: { 204: nothing },
    handler: async (ctx, { body: { kind, ...places } }) => {
      await choosePlaces(ctx, kind, places);
      return null;
    },
  });
}
