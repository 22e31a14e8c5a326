import { createHash, randomBytes } from "node:crypto";
import { type Ctx, tenantOf } from "./context.ts";
import type { TenantKeys } from "./crypto/tenant-keys.ts";
import type { Statement } from "./database/exchange.ts";
import { newId } from "./ids.ts";

/** What a unit of work says of itself; tenant, actor, role and time are added by the database. */
export interface AuditEntry {
  /** `noun.verb-in-the-past`, such as `document.shared`. */
  readonly event: string;
  readonly resource: { readonly type: string; readonly id?: string };
  readonly outcome?: "done" | "refused";
  /** Old and new value by field. Sensitive ones are given as `redacted`. */
  readonly changes?: Readonly<Record<string, readonly [old: unknown, now: unknown]>>;
  /** How an authentication was attempted. */
  readonly method?: string;
}

/**
 * Stands for a value that readers of the log may not see: a secret, or the name of something private. An admin
 * reads the whole log and no colleague's documents.
 */
export const redacted = "[redacted]";

/** What is sealed into an entry's `content`. */
export interface AuditContent {
  /** 32 random bytes, base64url: without them nobody can guess the content that a commitment stands for. */
  readonly salt: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  readonly requestId: string;
  readonly method?: string;
  readonly changes?: Readonly<Record<string, readonly [old: unknown, now: unknown]>>;
}

export const auditCell = (entryId: string) => ({ table: "audit_entry", column: "content", row: entryId });

/** Adds an entry to the open unit of work; it is written with the COMMIT or not at all. */
export function record(ctx: Ctx, entry: AuditEntry): void {
  if (!ctx.tx || ctx.tx.closed) throw new Error("an audit entry belongs into a unit of work that is open");
  ctx.tx.entries.push(entry);
}

/** Entries that one statement writes at most. Below `FEW` each has one of its own, which stays prepared. */
const MANY = 500;
const FEW = 20;

/** Whoever deletes a folder of thousands records each of them: they are sealed, and written, some hundred at a time. */
export async function auditStatements(
  ctx: Ctx,
  keys: TenantKeys,
  entries: readonly AuditEntry[],
): Promise<Statement[]> {
  if (entries.length < FEW) return entries.map((entry) => auditStatement(ctx, keys, entry));
  const statements: Statement[] = [];
  for (let from = 0; from < entries.length; from += MANY) {
    const rows = entries.slice(from, from + MANY).map((entry) => auditStatement(ctx, keys, entry).parameters);
    statements.push({
      sql: `select audit.append(entry, event, type, resource, outcome, content, commitment)
              from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::bytea[], $7::bytea[])
                with ordinality as row (entry, event, type, resource, outcome, content, commitment, no) order by no`,
      parameters: Array.from({ length: 7 }, (_, column) => rows.map((row) => row[column])),
    });
    // Others have their turn between.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return statements;
}

export function auditStatement(ctx: Ctx, keys: TenantKeys, entry: AuditEntry): Statement {
  if (keys.tenantId !== tenantOf(ctx).id) throw new Error("keys of another tenant");
  const id = newId();
  const content: AuditContent = {
    salt: randomBytes(32).toString("base64url"),
    ip: ctx.origin?.ip ?? null,
    userAgent: ctx.origin?.userAgent ?? null,
    requestId: ctx.requestId,
    ...(entry.method ? { method: entry.method } : {}),
    ...(entry.changes ? { changes: entry.changes } : {}),
  };
  const text = JSON.stringify(content);
  return {
    sql: "select audit.append($1, $2, $3, $4, $5, $6, $7)",
    parameters: [
      id,
      entry.event,
      entry.resource.type,
      entry.resource.id ?? null,
      entry.outcome ?? "done",
      keys.seal(auditCell(id), text),
      commitmentTo(text),
    ],
  };
}

/** What the log's tree holds of a content: it stays when the content is erased. verify/FORMAT.md, "Content". */
export const commitmentTo = (content: string): Buffer => createHash("sha256").update(content).digest();
