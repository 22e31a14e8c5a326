import type pg from "pg";
import { minutes } from "../../../kernel/clock.ts";
import { backupFailure } from "../backup/failure.ts";
import { quoted, type Table } from "../backup/tables.ts";

// What a column can hold and no workspace ever has. Timers, lists and the log of an installation go over the rows of all its
// workspaces at once: a time at the end of the world, or a name of a hundred megabytes, would end the work for everybody.
// Which columns there are is asked of the tables themselves, so that no list of ours can forget one.

/** Two installations, two clocks. */
const SLACK_MS = minutes(60);
const IS_TIME = /^(?:timestamp|date)/;
const FIRST = "2000-01-01T00:00:00Z";
const FURTHEST = "10 years";

/** Of what is named so the time has come already; of all others it may be ahead. */
const IS_PAST = /^(?:at|since|[a-z_]+_at)$/;
const MAY_BE_AHEAD: readonly string[] = ["expires_at"];

const KB = 1024;
/** An input has a megabyte at most; what is kept of one in a single value, a name or a letter's facts, has far less. */
const MOST_BYTES = 256 * KB;
/** Text of documents and chats: a passage has a few hundred words, an answer is what a model says at once. */
const MOST_TEXT = 4 * KB * KB;
/** Where one word stands in a whole library. */
const MOST_POSTINGS = 32 * KB * KB;

const mostOf = (table: string): number => {
  if (table.startsWith("public.index_")) return MOST_POSTINGS;
  return ["public.passage", "public.message", "public.answer_part"].includes(table) ? MOST_TEXT : MOST_BYTES;
};

/**
 * Throws `damaged` for a time that cannot be, one of the past that is later than the archive, and a value that is longer
 * than the product makes them. `taken` is what the archive says of itself: it counts as far as the clock here agrees.
 */
export async function requirePossible(
  from: pg.Client,
  tables: readonly Table[],
  taken: string,
): Promise<void> {
  const last = new Date(Math.min(Date.parse(taken), Date.now()) + SLACK_MS).toISOString();
  for (const { name, columns } of tables) {
    const wrong = columns.flatMap((column) => wrongIn(name, column, last));
    if (wrong.length === 0) continue;
    const { rows } = await from.query<Record<string, boolean | null>>(
      `select ${wrong.map(({ sql }, i) => `bool_or(${sql}) as w${i}`).join(", ")} from ${quoted(name)}`,
    );
    // bool_or of no rows is null.
    const first = wrong.find((_, i) => rows[0]?.[`w${i}`]);
    if (first) throw backupFailure("damaged", `In this archive ${name} ${first.words}.`);
  }
}

type Wrong = { readonly sql: string; readonly words: string };
type Column = Table["columns"][number];

/** Of these one value is as long as any other. */
const FIXED = /^(?:uuid|boolean|smallint|integer|bigint)$/;

function wrongIn(table: string, { name, type }: Column, taken: string): Wrong[] {
  const column = quoted(name);
  if (!IS_TIME.test(type)) {
    const most = mostOf(table);
    const bytes = type === "bytea" || type === "text" ? column : `${column}::text`;
    const words = `holds a value of more than ${most / KB} KB: ${name}`;
    return FIXED.test(type) ? [] : [{ sql: `octet_length(${bytes}) > ${most}`, words }];
  }
  const isPast = IS_PAST.test(name) && !MAY_BE_AHEAD.includes(name);
  const last = `timestamptz '${taken}' + interval '${isPast ? "0" : FURTHEST}'`;
  const words = `names a time that cannot be, or is later than the archive: ${name}`;
  return [{ sql: `not ${column} between '${FIRST}' and ${last}`, words }];
}
