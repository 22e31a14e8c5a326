import { sql } from "kysely";
import { z } from "zod";
import { record } from "../../../kernel/audit.ts";
import type { Ctx } from "../../../kernel/context.ts";
import { read, unit, write } from "../../../kernel/database/unit.ts";
import { appError } from "../../../kernel/errors.ts";
import { newId } from "../../../kernel/ids.ts";
import type { System } from "../../../kernel/system.ts";
import { catalogue } from "../catalogue.ts";
import { asPublic } from "./reader.ts";

const line = (most: number) => z.string().trim().max(most, `At most ${most} characters.`);
const single = (most: number) =>
  line(most).refine((text) => !/[\p{Cc}\u2028\u2029]/u.test(text), "One line, please.");
/** Where reports go: the forms of RFC 9116, section 2.5.3. */
const Contact = single(300)
  .refine(
    isContact,
    "Use a mail address as mailto:security@example.com, an https:// address, or tel:+1-201-555-0123.",
  )
  .meta({ examples: ["mailto:security@example.com"] });

/** What the operator says on the security page. Nothing of it is there before somebody wrote it. */
export const PublicPage = z.object({
  company: single(120),
  contacts: z.array(Contact).max(5),
  /** The policy for whoever reports a weakness; "" for none. */
  policy: single(300)
    .refine((url) => url === "" || isHttps(url), "Use an https:// address.")
    .meta({ examples: ["https://example.com/policy"] }),
  languages: z
    .array(
      z
        .string()
        .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "Use language tags such as en or de-CH.")
        .meta({ examples: ["en"] }),
    )
    .max(10)
    .meta({ examples: [["en"]] }),
  hosting: line(2000),
  statements: z
    .array(
      z.object({ claim: z.string().max(60), words: line(2000).min(1, "Say something, or leave it out.") }),
    )
    .max(50)
    .meta({ examples: [[]] }),
});
export type PublicPage = z.output<typeof PublicPage>;

export const emptyPage: PublicPage = {
  company: "",
  contacts: [],
  policy: "",
  languages: [],
  hosting: "",
  statements: [],
};

/** The claims that a statement can be made of. */
export const attestable = catalogue.filter(({ kind }) => kind === "attested");

type Kept = { page: PublicPage; at: Date } | null;
const caches = new WeakMap<System, { until: number; kept: Promise<Kept> }>();
const KEEP_MS = 2000;

/** The page as everybody sees it; what was just changed shows within two seconds. */
export function publicPage(system: System): Promise<Kept> {
  const known = caches.get(system);
  if (known && performance.now() < known.until) return known.kept;
  const kept = asPublic(system, (ask) =>
    ask<{ page: PublicPage; at: Date }>("select page, at from platform.public_page"),
  ).then(([row]) => row ?? null);
  kept.catch(() => caches.delete(system));
  caches.set(system, { until: performance.now() + KEEP_MS, kept });
  return kept;
}

/** The same for whoever may change it, straight from the database. */
export async function readPage(ctx: Ctx): Promise<PublicPage> {
  const [[row]] = await read(ctx, sql<{ page: PublicPage }>`select page from platform.public_page`);
  return row?.page ?? emptyPage;
}

/** Replaces the page. Throws `invalid_input` for a statement of a claim that is tested, or twice of one. */
export async function changePage(ctx: Ctx, page: PublicPage): Promise<PublicPage> {
  const claims = page.statements.map(({ claim }) => claim);
  if (
    claims.some((id) => !attestable.some((claim) => claim.id === id)) ||
    new Set(claims).size < claims.length
  )
    throw appError("invalid_input", {
      fields: { statements: "One for each claim that only your word can answer." },
    });
  return unit(ctx, async (inner) => {
    const before = await readPage(inner);
    await write(
      inner,
      sql`insert into platform.public_page (page, at) values (${JSON.stringify(page)}::json, ${inner.clock()})
          on conflict (only_row) do update set page = excluded.page, at = excluded.at`,
    );
    const fields = Object.keys(page) as (keyof PublicPage)[]; // as: the keys of a closed object
    const changed = fields.filter((field) => JSON.stringify(page[field]) !== JSON.stringify(before[field]));
    record(inner, {
      event: "public-page.changed",
      resource: { type: "public-page", id: newId() },
      changes: Object.fromEntries(changed.map((field) => [field, [before[field], page[field]]])),
    });
    inner.tx.afterCommit.push(() => caches.delete(ctx.system));
    return page;
  });
}

function isContact(text: string): boolean {
  return isHttps(text) || /^mailto:[^\s@,?]+@[^\s@,?]+$/.test(text) || /^tel:\+[0-9-]{4,20}$/.test(text);
}

function isHttps(text: string): boolean {
  return /^https:\/\/[^\s]+$/.test(text) && URL.canParse(text);
}
