import { z } from "zod";
import { allow, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { attestable, changePage, PublicPage, readPage } from "./settings.ts";

const Page = z.object({
  page: PublicPage,
  /** The claims that only the operator's word can answer. */
  attestable: z.array(z.object({ id: z.string(), words: z.string() })),
});

const answered = (page: PublicPage) => ({
  page,
  attestable: attestable.map(({ id, words }) => ({ id, words })),
});

/** What the operator says on the public security page. */
export function publicPageRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/public-page",
    words: "What the operator says on the public security page",
    access: allow("operator.page.read"),
    audit: unauditedBecause("reads what is public"),
    rate: "read",
    output: { 200: Page },
    handler: async (ctx) => answered(await readPage(ctx)),
  });
  route(routes, {
    method: "PUT",
    path: "/public-page",
    words: "Say who runs this installation, where reports go, and what only one's own word can answer",
    access: allow("operator.page.change"),
    fresh: true,
    audit: "public-page.changed",
    rate: "write",
    state: "GET /public-page",
    input: { body: PublicPage },
    output: { 200: Page },
    handler: async (ctx, { body }) => answered(await changePage(ctx, body)),
  });
}
