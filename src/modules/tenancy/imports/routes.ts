import { z } from "zod";
import { Id } from "../../../kernel/ids.ts";
import { allow, type Routes, route } from "../../../kernel/routes/contract.ts";
import { MOST_ROWS, readCsv } from "./rows.ts";
import { importUsers } from "./service.ts";

// Each row is judged alone and refused alone; only what is no list at all is refused as a whole.
const Cell = z.string().max(1000, "A cell has at most 1,000 characters.");
const Users = z
  .array(
    z.object({
      address: Cell.meta({ examples: ["ada@harrow.example"] }),
      name: Cell.meta({ examples: ["Ada Lindqvist"] }),
      role: Cell.meta({ examples: ["viewer"] }),
      passwordHash: Cell.optional().meta({ examples: [""] }),
    }),
  )
  .max(MOST_ROWS, `Send at most ${MOST_ROWS} people at once.`);

const Body = z
  .object({
    users: Users.optional(),
    csv: z.string().max(900_000, "Send at most 900,000 characters.").optional(),
  })
  .refine(({ users, csv }) => (users === undefined) !== (csv === undefined), {
    message: "Send either users or csv.",
    path: ["users"],
  })
  .meta({ examples: [{ users: [] }] });

export function importRoutes(routes: Routes): void {
  route(routes, {
    method: "POST",
    path: "/tenants/:id/users",
    words:
      "Bring people along into a workspace that one created, with their password hashes or by invitation",
    resource: "joined-tenant",
    access: allow("operator.users.import"),
    fresh: true,
    audit: "tenant.users-imported",
    rate: "write",
    state: "none: the operator does not see who is a member of a workspace",
    input: { params: z.object({ id: Id }), body: Body },
    output: {
      200: z.object({
        added: z.number(),
        refused: z.array(
          z.object({ row: z.number(), address: z.string(), code: z.string(), message: z.string() }),
        ),
      }),
    },
    handler: (ctx, { params, body }) => importUsers(ctx, params.id, body.users ?? readCsv(body.csv ?? "")),
  });
}
