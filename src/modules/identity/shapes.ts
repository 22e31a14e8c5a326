import { z } from "zod";
import { Id } from "../../kernel/ids.ts";

// What the routes about people have in common.

/** A role as requests name it: a built-in one, or the id of one of the tenant's own. */
export const RoleName = z
  .union([z.enum(["viewer", "manager", "admin", "owner"]), Id], "Choose one of the roles of this workspace.")
  .meta({ examples: ["viewer"] });

/** A person's name: 1 to 120 characters without control characters. */
export const PersonName = z
  .string()
  .trim()
  .min(1, "Give a name.")
  .max(120, { error: "A name has at most 120 characters.", abort: true })
  .refine((value) => !/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u.test(value), "A name has no control characters.")
  .meta({ examples: ["Ada Lindqvist"] });

export const ids = { params: z.object({ id: Id }) };
export const nothing = z.null();
export const emptyBody = z.object({});
