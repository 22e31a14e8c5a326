/** A defence, the claim that it serves, and how it is removed in a throw-away copy of the source. */
export interface Defence {
  readonly words: string;
  /** The claim that must turn red without it. */
  readonly claim: string;
  readonly file: string;
  /** Stands exactly once in the file. */
  readonly text: string;
  readonly without: string;
}

const enter = "db/migrations/0002_identity.sql";
const tenancy = "db/migrations/0001_tenancy.sql";
const signIn = "src/modules/identity/sign-in/service.ts";

/** Removed one at a time by `falsify`; a removal that no claim notices fails it. */
export const defences: readonly Defence[] = [
  {
    words: "row security is forced on the tables' owner, too",
    claim: "tenancy.isolation-database",
    file: tenancy,
    text: "  execute format('alter table %s force row level security', p_table);\n",
    without: "",
  },
  {
    words: "the row policy compares the tenant when reading",
    claim: "tenancy.isolation-database",
    file: tenancy,
    // For two tables only: without the policy anywhere the product does not even get as far as being attacked.
    text: "on %s using (tenant_id = kernel.current_tenant())'",
    without: "on %1$s using (tenant_id = kernel.current_tenant() or %1$L in (''document'', ''passage''))'",
  },
  {
    words: "an access token names its workspace",
    claim: "tenancy.isolation-api",
    file: "src/kernel/routes/guards.ts",
    text: 'if (claims.slug !== slug) throw appError("not_signed_in");',
    without: "",
  },
  {
    words: "the permission of the route is asked in the first statement of a unit of work",
    claim: "identity.session-revocation",
    file: "src/kernel/database/unit.ts",
    text: "if (ctx.permission !== null && !allows(standing, ctx.permission))",
    without: 'if (ctx.permission === null && !allows(standing, ctx.permission ?? ""))',
  },
  {
    words: "a document is loaded for those who may see it",
    claim: "tenancy.isolation-users",
    file: "src/modules/knowledge/documents/access.ts",
    text: 'if (!row || (row.owner_id !== me && row.visibility !== "tenant")) throw',
    without: "if (!row) throw",
  },
  {
    words: "a list of documents holds those that one may see",
    claim: "tenancy.isolation-users",
    file: "src/modules/knowledge/documents/access.ts",
    text: 'where.or([where("document.owner_id", "=", memberId), where("document.visibility", "=", "tenant")])',
    without:
      'where.or([where("document.owner_id", "=", memberId), where("document.owner_id", "<>", memberId)])',
  },
  {
    words: "a session belongs to a member of its own tenant",
    claim: "tenancy.foreign-keys",
    file: enter,
    text: "  expires_at timestamptz not null,\n  ended_at timestamptz,\n  ended_because text,\n  primary key (tenant_id, session_id),\n  foreign key (tenant_id, member_id) references member (tenant_id, member_id)\n",
    without:
      "  expires_at timestamptz not null,\n  ended_at timestamptz,\n  ended_because text,\n  primary key (tenant_id, session_id)\n",
  },
  {
    words: "a ciphertext is bound to its place",
    claim: "tenancy.isolation-crypto",
    file: "src/kernel/crypto/tenant-keys.ts",
    text: "cipher.setAAD(cellAad(found, cell));",
    without: "",
  },
  {
    words: "nobody gives a role above their own",
    claim: "tenancy.no-escalation",
    file: "src/modules/tenancy/members/service.ts",
    text: "if (!holdsAll(standingOf(inner).role, role))",
    without: 'if (!holdsAll("owner", role))',
  },
  {
    words: "nobody changes someone above them",
    claim: "tenancy.no-escalation",
    file: "src/modules/tenancy/members/service.ts",
    text: "if (!holdsAll(actor.role, member.role))",
    without: 'if (!holdsAll("owner", member.role))',
  },
  {
    words: "the last owner stays",
    claim: "tenancy.no-escalation",
    file: "src/modules/tenancy/members/service.ts",
    text: 'if (!others) throw appError("last_owner");',
    without: "",
  },
  {
    words: "the session's proof is compared",
    claim: "http.csrf",
    file: "src/kernel/routes/guards.ts",
    text: 'if (typeof given !== "string" || !equal(given, csrfProof(system, sessionId))) throw appError("csrf");',
    without: "",
  },
  {
    words: "a request from another origin is refused",
    claim: "http.csrf",
    file: "src/kernel/routes/guards.ts",
    text: 'if (origin !== undefined && !isOwnOrigin(system, request, origin)) throw appError("csrf");',
    without: "",
  },
  {
    words: "NUL and lone surrogates are refused",
    claim: "http.errors",
    file: "src/kernel/routes/json.ts",
    text: 'if (value.includes("\\u0000") || !value.isWellFormed()) {',
    without: "if (false as boolean) {",
  },
  {
    words: "errors show no internals",
    claim: "http.errors",
    file: "src/kernel/routes/refusals.ts",
    text: "message: known.message,",
    without: "message: String((known.cause as Error | undefined)?.stack ?? known.message),",
  },
  {
    words: "well-known passwords are refused",
    claim: "identity.password-policy",
    file: "src/modules/identity/passwords/policy.ts",
    text: "if (isCommon(password)) return",
    without: 'if (isCommon(password) && password === "") return',
  },
  {
    words: "failures are counted",
    claim: "identity.lockout",
    file: "src/modules/identity/sign-in/lockout.ts",
    text: "export const MOST_FAILURES = 5;",
    without: "export const MOST_FAILURES = 5000;",
  },
  {
    words: "an attempt counts before the password is looked at",
    claim: "identity.lockout",
    file: "src/modules/identity/sign-in/lockout.ts",
    text: "if (row.locked_until === null && row.failures > MOST_FAILURES)",
    without: "if (row.locked_until === null && row.failures > 1_000_000)",
  },
  {
    words: "an unknown address takes as long as a known one",
    claim: "identity.lockout",
    file: "src/modules/identity/passwords/hash.ts",
    text: "const matches = (await submit(",
    without: "if (phc === null) return false;\n  const matches = (await submit(",
  },
  {
    words: "a refused sign-in is recorded",
    claim: "identity.login-audit",
    file: signIn,
    text: 'event: "session.refused",',
    without: 'event: "session.other",',
  },
  {
    words: "a reused refresh token ends the session",
    claim: "identity.sessions",
    file: "src/modules/identity/sessions/service.ts",
    text: 'await endSessions(inner, { sessionId: named.sessionId }, "refresh token reused");',
    without: "",
  },
  {
    words: "30 minutes without use end a session",
    claim: "identity.sessions",
    file: enter,
    text: " and s.last_active_at > p_now - interval '30 minutes'",
    without: "",
  },
  {
    words: "an ended session is refused by the database",
    claim: "identity.session-revocation",
    file: enter,
    text: "s.ended_at is null and ",
    without: "",
  },
  {
    words: "a suspended member is refused by the database",
    claim: "identity.session-revocation",
    file: "src/modules/tenancy/members/service.ts",
    text: 'if (status !== "active") await endSessions(inner, { memberId }, event);',
    without:
      'if (status !== "active") { await write(inner, db.updateTable("member").set({ status: "active" }).where("member_id", "=", memberId)); }',
  },
  {
    words: "signing in needs a confirmed address",
    claim: "identity.email-verification",
    file: signIn,
    text: "if (!known.verified_at) {",
    without: "if (false as boolean) {",
  },
  {
    words: "an open session needs a confirmed address",
    claim: "identity.email-verification",
    file: enter,
    text: " and m.verified_at is not null",
    without: "",
  },
  {
    words: "an invitation never gives more than the inviter holds",
    claim: "identity.invitations",
    file: "src/modules/identity/invitations/service.ts",
    text: "if (!holdsAll(inviter.role, role))",
    without: 'if (!holdsAll("owner", role))',
  },
  {
    words: "an invitation ends after seven days",
    claim: "identity.invitations",
    file: "src/modules/identity/invitations/service.ts",
    text: "export const VALID_FOR = days(7);",
    without: "export const VALID_FOR = days(70);",
  },
  {
    words: "each workspace has passwords of its own",
    claim: "identity.slug-login",
    file: "src/modules/identity/passwords/hash.ts",
    text: "return phc !== null && matches;",
    without: "return phc !== null && (matches || password.length > 0);",
  },
  {
    words: "the operator's record of a customer is sealed",
    claim: "crypto.dump-reveals-nothing",
    file: "src/modules/tenancy/tenants/service.ts",
    text: "name: keys.seal(nameCell(id), input.name),",
    without: "name: (keys.seal(nameCell(id), input.name), Buffer.from(input.name)),",
  },
  {
    words: "only our own scripts run",
    claim: "http.escaping",
    file: "src/kernel/web.ts",
    text: "\"script-src 'self'\",",
    without: "\"script-src 'self' 'unsafe-inline' *\",",
  },
  {
    words: "an empty bucket refuses",
    claim: "http.rate-limits",
    file: "src/kernel/limits/token-bucket.ts",
    text: "const allowed = tokens >= 1;",
    without: "const allowed = true as boolean;",
  },
  {
    words: "values reach the database as parameters",
    claim: "http.sql-parameterised",
    file: "src/kernel/open-system.ts",
    text: '"select directory.tenant_by_slug($1) as id", [slug])',
    without: "`select directory.tenant_by_slug('${slug}') as id`)",
  },
  {
    words: "a change is recorded",
    claim: "audit.entries",
    file: "src/modules/tenancy/tenants/service.ts",
    text: 'event: "tenant.renamed",',
    without: 'event: "tenant.other",',
  },
  {
    words: "the application may not change an entry",
    claim: "audit.append-only",
    file: "db/migrations/0003_audit.sql",
    text: "select kernel.protect('audit.entry', 'select');",
    without: "select kernel.protect('audit.entry', 'select, update');",
  },
  {
    words: "a download is never shown",
    claim: "knowledge.files",
    file: "src/kernel/routes/router.ts",
    text: '"content-disposition": `attachment;',
    without: '"content-disposition": `inline;',
  },
  {
    words: "a word's hash is keyed by its tenant",
    claim: "knowledge.encrypted-search",
    file: "src/modules/knowledge/index/keys.ts",
    text: 'keys.lookup("knowledge.index", term).subarray(0, hashLength)',
    without: 'Buffer.from(term.padEnd(hashLength, "_")).subarray(0, hashLength)',
  },
];
