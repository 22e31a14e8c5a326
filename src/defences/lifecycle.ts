import type { Defence } from "./defence.ts";

const migration = "db/migrations/0023_lifecycle.sql";
const purging = "src/modules/privacy/workspaces/purging.ts";
const exports = "src/modules/privacy/export/service.ts";

/** Of workspaces that close, of what is taken out, and of what goes when its time is over. */
export const lifecycleDefences: readonly Defence[] = [
  {
    words: "members change nothing in a workspace that is closing",
    claim: "tenancy.lifecycle",
    file: "src/kernel/standing.ts",
    text: '  if (asked.changes && standing.closing) throw appError("closing");\n',
    without: "",
  },
  {
    words: "visitors change nothing in a workspace that is closing",
    claim: "tenancy.lifecycle",
    file: migration,
    text: "(t.state in ('purging', 'closed') or (p_changes and t.state <> 'active'))",
    without: "false",
  },
  {
    words: "the deletion takes every table that the catalog knows",
    claim: "tenancy.lifecycle",
    file: migration,
    text: "where c.relkind in ('r', 'p') and c.oid <> 'public.tenant'::regclass\n",
    without: "where c.relkind in ('r', 'p') and c.oid <> 'public.tenant'::regclass and c.relname <> 'chat'\n",
  },
  {
    words: "the queue forgets the jobs of a workspace that is deleted",
    claim: "tenancy.lifecycle",
    file: purging,
    text: '  { name: "jobs", run: dropJobs },\n',
    without: "",
  },
  {
    words: "the keys of a workspace that is deleted are destroyed",
    claim: "tenancy.lifecycle",
    file: purging,
    text: '  { name: "keys", run: destroyKeys },\n',
    without: "",
  },
  {
    words: "an export is its asker's alone",
    claim: "tenancy.export",
    file: exports,
    text: '.where("export_id", "=", id).where("asked_by", "=", memberOf(ctx)),',
    without: '.where("export_id", "=", id),',
  },
  {
    words: "whoever has something in an export of everything is told",
    claim: "tenancy.export",
    file: exports,
    text: '    await notify(ctx, member_id, "workspace-exported", { by });\n',
    without: "",
  },
  {
    words: "a person's export holds their own documents only",
    claim: "tenancy.export",
    file: "src/modules/privacy/export/documents.ts",
    text: "ownerId === null ? sql`true` : sql`d.owner_id = ${ownerId}`",
    without: "sql`true`",
  },
  {
    words: "the log's entries keep their content for two years",
    claim: "privacy.retention",
    file: migration,
    text: "and (v_all or e.at < clock_timestamp() - interval '730 days'",
    without: "and (true or e.at < clock_timestamp() - interval '730 days'",
  },
  {
    words: "nothing is deleted before its time",
    claim: "privacy.retention",
    file: migration,
    text: "where %2$s < $1 - $2 and (%3$s)",
    without: "where %2$s < $1 + $2 and (%3$s)",
  },
  {
    words: "nobody but the application empties log entries",
    claim: "privacy.retention",
    file: migration,
    text: "revoke execute on function audit.may_erase(uuid, uuid, timestamptz), audit.erase(uuid[]),\n  audit.erase_named(uuid, uuid[]) from public;\n",
    without: "",
  },
  {
    words: "the application writes itself no licence to erase",
    claim: "privacy.retention",
    file: migration,
    text: "select kernel.protect('erasure', 'select');",
    without: "select kernel.protect('erasure', 'select, insert, update');",
  },
  {
    words: "an erasure is in the log for ever",
    claim: "privacy.retention",
    file: migration,
    text: "  perform audit.append(gen_random_uuid(), 'erasure.began', 'member', p_member, 'done', null, null);\n",
    without: "",
  },
  {
    words: "an erasure empties entries of that person",
    claim: "privacy.retention",
    file: migration,
    text: "or e.actor_id = any (v_people) or (e.resource_type",
    without: "or cardinality(v_people) > 0 or (e.resource_type",
  },
  {
    words: "the application says nothing of how far a workspace's end has come",
    claim: "tenancy.lifecycle",
    file: migration,
    text: "revoke insert, update on tenant from vouchsafe_app;\n",
    without: "",
  },
  {
    words: "a workspace is deleted 30 days after it was closed by the database's clock",
    claim: "tenancy.lifecycle",
    file: migration,
    text: "      and t.purge_after <= clock_timestamp() and t.closing_at <= clock_timestamp() - interval '720 hours';",
    without: "      and true;",
  },
  {
    words: "who is erased is written down outside of the database",
    claim: "privacy.retention",
    file: "src/modules/privacy/erasure/ledger.ts",
    text: "? all : [...all, one],",
    without: "? all : all,",
  },
  {
    words: "a restore erases again who was erased after the backup",
    claim: "privacy.retention",
    file: "src/modules/privacy/erasure/again.ts",
    text: "const id = await beginAgain(quiet, client, one);",
    without: "const id: string | null = one.member.slice(0, 0);",
  },
  {
    words: "who is erased while a workspace is set back does not come back with it",
    claim: "privacy.retention",
    file: "src/modules/operations/backup/tenant-restore.ts",
    text: "      await options.prepare?.(tenantId, new Date(opening.at));\n      progress",
    without: "      progress",
  },
];
