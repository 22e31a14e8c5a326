import type { Ctx } from "../../../kernel/context.ts";
import { enter } from "../../../kernel/database/unit.ts";
import { elsewhere, noSubjectYet, wordsOf } from "./timers.ts";

export interface RetentionLine {
  readonly id: string;
  readonly words: string;
  /** As people say it: `90 days`. */
  readonly keeps: string;
  /** false: there is nothing of this kind yet. */
  readonly inUse: boolean;
}

/** How long this installation keeps what, and when that was last seen to. */
export async function retention(ctx: Ctx): Promise<{ items: RetentionLine[]; purgedAt: string | null }> {
  await enter(ctx);
  const { pool } = ctx.system;
  const { rows } = await pool.query<{ timer: string; keeps: string }>(
    "select timer, keeps::text as keeps from platform.retention order by place",
  );
  const { rows: runs } = await pool.query<{ at: Date | null }>(
    "select max(at) as at from platform.retention_run",
  );
  return {
    items: [
      ...elsewhere.map(({ id, words, keeps }) => ({ id, words, keeps, inUse: true })),
      ...rows.map(({ timer, keeps }) => ({
        id: timer,
        words: wordsOf[timer] ?? timer,
        keeps: said(keeps),
        inUse: true,
      })),
      ...noSubjectYet.map((line) => ({ ...line, inUse: false })),
    ],
    purgedAt: runs[0]?.at?.toISOString() ?? null,
  };
}

/** The database says an interval of nothing as a time of day. */
const said = (keeps: string): string => (keeps === "00:00:00" ? "at once" : keeps);
