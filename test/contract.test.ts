import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { allRoutes } from "../src/app.ts";
import { permissions } from "../src/kernel/permissions.ts";
import { openApiOf } from "../src/kernel/routes/openapi.ts";
import { projectFolder } from "../src/project.ts";

// The web app's types are written by hand: the server's own pull the whole server into a browser's type check. So they
// are held against the OpenAPI document, by the compiler: each answer must fit the type that the page reads it as.

/** Each type of web/src/api/types.ts, and a route whose answer the web app reads as it. */
const ANSWERS: readonly (readonly [type: string, route: string])[] = [
  ["Installation", "get /api/installation"],
  ["{ items: OutboxMail[] }", "get /api/outbox"],
  ["SecuritySnapshot", "get /api/security"],
  ["SessionView", "get /api/t/{slug}/session"],
  ["SignedIn", "post /api/t/{slug}/session"],
  ["SignInChallenge", "get /api/t/{slug}/session/challenge"],
  ["SessionView", "post /api/t/{slug}/session/second-factor"],
  ["SessionView", "post /api/t/{slug}/session/second-factor/passkey"],
  ['Pick<PasskeyChallenge, "options">', "post /api/t/{slug}/session/second-factor/passkey-challenge"],
  ["SessionView", "post /api/t/{slug}/session/passkey"],
  ["PasskeyChallenge", "post /api/t/{slug}/session/passkey-challenge"],
  ["SessionView", "post /api/t/{slug}/session/step-up"],
  ["StepUpChallenge", "post /api/t/{slug}/session/step-up/challenge"],
  ["SessionView", "post /api/t/{slug}/session/refresh"],
  ["SessionView", "put /api/t/{slug}/account/password"],
  ["Account", "patch /api/t/{slug}/account"],
  ["Factors", "get /api/t/{slug}/account/factors"],
  ["NewTotp", "post /api/t/{slug}/account/totp"],
  ["FactorAdded", "post /api/t/{slug}/account/totp/confirm"],
  ["{ recoveryCodes: string[] }", "post /api/t/{slug}/account/recovery-codes"],
  ["PasskeyChallenge", "post /api/t/{slug}/account/passkeys/challenge"],
  ["PasskeyAdded", "post /api/t/{slug}/account/passkeys"],
  ["PageNotices", "get /api/t/{slug}/notices"],
  ["List<NoticeChoice>", "get /api/t/{slug}/account/notices"],
  ["List<OpenSession>", "get /api/t/{slug}/sessions"],
  ["List<SignIn>", "get /api/t/{slug}/account/sign-ins"],
  ["List<Member>", "get /api/t/{slug}/members"],
  ["List<Invitation>", "get /api/t/{slug}/invitations"],
  ["OpenedInvitation", "post /api/t/{slug}/invitations/open"],
  ["List<AuditEntry>", "get /api/t/{slug}/audit"],
  ["AuditCheckpoint", "get /api/security/checkpoint"],
  ["PublicPageSettings", "get /api/t/{slug}/public-page"],
  ["List<Tenant>", "get /api/t/{slug}/tenants"],
  ["DocumentList", "get /api/t/{slug}/documents"],
  ["Document", "get /api/t/{slug}/documents/{id}"],
  ["Uploaded", "post /api/t/{slug}/documents"],
  ["List<Passage>", "get /api/t/{slug}/documents/{id}/passages"],
  ["Outline", "get /api/t/{slug}/documents/{id}/outline"],
  ["{ items: Version[] }", "get /api/t/{slug}/documents/{id}/versions"],
  ["Document", "post /api/t/{slug}/documents/{id}/versions"],
  ["List<HistoryEntry>", "get /api/t/{slug}/documents/{id}/history"],
  ["List<Passage>", "get /api/t/{slug}/versions/{id}/passages"],
  ["Comparison", "get /api/t/{slug}/versions/{id}/compare"],
  ["Document", "post /api/t/{slug}/versions/{id}/restore"],
  ["List<SavedSearch>", "get /api/t/{slug}/saved-searches"],
  ["SavedSearch", "post /api/t/{slug}/saved-searches"],
  ["SearchResult", "get /api/t/{slug}/search"],
  ["List<ChatSummary>", "get /api/t/{slug}/chats"],
  ["Chat", "get /api/t/{slug}/chats/{id}"],
  ["{ question: Message; answer: Message }", "post /api/t/{slug}/chats/{id}/questions"],
  ["List<Folder>", "get /api/t/{slug}/folders"],
  ["Folder", "post /api/t/{slug}/folders"],
  ["FolderPaths", "post /api/t/{slug}/folders/paths"],
  ["BulkResult", "post /api/t/{slug}/documents/move"],
  ["BulkResult", "post /api/t/{slug}/documents/delete"],
  ["List<Binned>", "get /api/t/{slug}/bin"],
  ["BulkResult", "post /api/t/{slug}/bin/restore"],
  ["Unfinished", "post /api/t/{slug}/uploads"],
  ["List<Unfinished>", "get /api/t/{slug}/uploads"],
  ["Unfinished", "get /api/t/{slug}/uploads/{id}"],
  ["Unfinished", "post /api/t/{slug}/uploads/{id}/pieces"],
  ["Document", "post /api/t/{slug}/uploads/{id}/finish"],
  ["Storage", "get /api/t/{slug}/storage"],
  ["Folder", "put /api/t/{slug}/folders/{id}/parent"],
  ["Document", "put /api/t/{slug}/documents/{id}/folder"],
  ["AccessView", "get /api/t/{slug}/documents/{id}/access"],
  ["AccessView", "get /api/t/{slug}/folders/{id}/access"],
  ["AccessView", "get /api/t/{slug}/chats/{id}/access"],
  ["Share", "post /api/t/{slug}/documents/{id}/shares"],
  ["List<GroupSummary>", "get /api/t/{slug}/groups"],
  ["Group", "get /api/t/{slug}/groups/{id}"],
  ["List<Opening>", "get /api/t/{slug}/openings"],
  ["List<Opening>", "get /api/t/{slug}/account/openings"],
  ["Holdings", "get /api/t/{slug}/members/{id}/holdings"],
  ["Rights", "get /api/t/{slug}/members/{id}/rights"],
  ["Roles", "get /api/t/{slug}/roles"],
  ["ApiKeys", "get /api/t/{slug}/keys"],
  ["List<WorkspaceKey>", "get /api/t/{slug}/workspace-keys"],
  ["NewKey", "post /api/t/{slug}/keys"],
  ["Policy", "get /api/t/{slug}/policy"],
  ["List<SupportGrant>", "get /api/t/{slug}/support-grants"],
  ["List<SupportEntry>", "get /api/t/{slug}/support"],
  ["ImportResult", "post /api/t/{slug}/tenants/{id}/users"],
];

interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
}

test("every answer of the server fits the type that the web app reads it as", async () => {
  const { paths } = openApiOf(allRoutes(), "0", () => null) as { paths: Record<string, never> };
  const lines = ANSWERS.map(([type, route]) => {
    const schema = answerOf(paths, route);
    // Held against the list of permissions below, which the document does not spell out.
    const given = typeOf(schema).replace('"permissions": (string)[]', '"permissions": (Permission)[]');
    return `give<${type}>(null as never as ${given}); // ${route}`;
  });
  const keys = permissions().map(({ key }) => JSON.stringify(key));
  const problems = await compile(
    [...lines, `give<${keys.join(" | ")}>(null as never as Permission); // permissions`].join("\n"),
  );
  assert.equal(problems, "");
});

test("the comparison notices a field that is missing and a value that may be null", async () => {
  const problems = await compile(
    'give<Installation>(null as never as { setUp: boolean });\ngive<Passage["page"]>(null as never as string | null);',
  );
  assert.match(problems, /\(\d+,\d+\).*\n[\s\S]*\(\d+,\d+\)/);
});

function answerOf(paths: Record<string, never>, route: string): Schema {
  const [method = "", path = ""] = route.split(" ");
  const operation = (paths[path] as Record<string, { responses: Record<string, never> }> | undefined)?.[
    method
  ];
  assert.ok(operation, `${route} is in the document`);
  const [, answer] = Object.entries(operation.responses).find(([status]) => status.startsWith("2")) ?? [];
  const { content } = answer as unknown as { content: Record<string, { schema: Schema }> };
  return content["application/json"]?.schema ?? assert.fail(`${route} answers JSON`);
}

/** A JSON Schema, as far as our routes use it, as a type of TypeScript. */
function typeOf(schema: Schema): string {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map((one) => `(${typeOf(one)})`).join(" | ");
  if (Array.isArray(schema.type)) return schema.type.map((type) => typeOf({ ...schema, type })).join(" | ");
  if (schema.type === "array") return `(${typeOf(schema.items ?? {})})[]`;
  if (schema.type === "object") {
    if (!schema.properties) {
      const { additionalProperties: values } = schema;
      return `Record<string, ${typeof values === "object" ? typeOf(values) : "unknown"}>`;
    }
    const members = Object.entries(schema.properties).map(
      ([name, member]) =>
        `${JSON.stringify(name)}${schema.required?.includes(name) ? "" : "?"}: ${typeOf(member)}`,
    );
    return `{ ${members.join("; ")} }`;
  }
  if (schema.type === "integer") return "number";
  return typeof schema.type === "string" ? schema.type : "unknown";
}

/** What the compiler says to these lines, in which every type of the web app is known. */
async function compile(lines: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "vouchsafe-contract-"));
  try {
    const types = join(projectFolder, "web/src/api/types.ts");
    const names = [...(await readFile(types, "utf8")).matchAll(/^export type (\w+)/gm)].map(
      ([, name]) => name,
    );
    const text = `import type { ${names.join(", ")} } from ${JSON.stringify(types)};
declare function give<Expected>(given: Expected): void;
${lines}
`;
    const file = join(folder, "answers.ts");
    await writeFile(file, text);
    const options =
      "--noEmit --strict --exactOptionalPropertyTypes --allowImportingTsExtensions --module esnext --moduleResolution bundler --target es2024 --lib es2024 --skipLibCheck";
    const { stdout } = spawnSync(
      join(projectFolder, "node_modules/.bin/tsc"),
      [...options.split(" "), "--types", "", file],
      { cwd: folder, encoding: "utf8" },
    );
    return stdout;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
