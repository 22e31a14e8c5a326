import { z } from "zod";
import { publicBecause, type Routes, route, unauditedBecause } from "../../../kernel/routes/contract.ts";
import { Address } from "../../identity/addresses.ts";
import { Password } from "../../identity/passwords/policy.ts";
import { PersonName } from "../../identity/shapes.ts";
import { outboxLink } from "../../operations/outbox.ts";
import { WorkspaceName } from "../shapes.ts";
import { isSetUp, setUp } from "./service.ts";

export function setUpRoutes(routes: Routes): void {
  route(routes, {
    method: "GET",
    path: "/installation",
    of: "installation",
    words: "What a visitor's page must know of this installation",
    access: publicBecause("the first page needs it before anybody can sign in"),
    audit: unauditedBecause("tells nothing of any tenant"),
    rate: "public",
    output: {
      200: z.object({
        setUp: z.boolean(),
        mail: z.enum(["outbox", "smtp"]),
        version: z.string(),
        masterKey: z.enum(["file", "environment", "service"]),
        name: z.string(),
        /** The moment of which this is a copy for comparing; null: the real one. */
        copyOf: z.iso.datetime().nullable(),
      }),
    },
    handler: async ({ system }) => ({
      setUp: await isSetUp(system),
      mail: system.config.smtpUrl ? ("smtp" as const) : ("outbox" as const),
      version: system.version,
      masterKey: system.masterKeySource,
      name: system.config.name,
      copyOf: system.copyOf,
    }),
  });
  route(routes, {
    method: "POST",
    path: "/set-up",
    of: "installation",
    words: "Make the operator's workspace and its first owner, with the token that the terminal printed",
    access: publicBecause("nobody has an account yet; the one-time token is the credential"),
    audit: "installation.set-up",
    rate: "sign-in",
    unprobed: { "mass-assignment": "can succeed only once in the life of an installation" },
    input: {
      body: z.object({
        token: z
          .string()
          .regex(/^[A-Za-z0-9_-]{32}$/, "This is not a complete token.")
          .meta({ examples: ["AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] }),
        name: PersonName,
        address: Address,
        password: Password,
        company: WorkspaceName,
      }),
    },
    output: { 201: z.object({ slug: z.string(), outbox: z.string().nullable() }) },
    handler: async (ctx, { body }) => {
      const { slug } = await setUp(ctx, body);
      return { slug, outbox: outboxLink(ctx.system) };
    },
  });
}
