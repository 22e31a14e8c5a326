import type { Finding } from "../../../kernel/controls.ts";
import { type Client, expectStatus } from "../stage/client.ts";
import { finding } from "../stage/finding.ts";
import type { Person } from "../stage/people.ts";
import type { Stage } from "../stage/stage.ts";
import type { Scene } from "./scene.ts";

/**
 * What one takes is not missing for others: a member who has all that they may have adds nothing more by any way, while
 * a colleague does; a company at its bound adds nothing, while the other does, and is told nothing of it.
 */
export async function quotas(stage: Stage, { secrets }: Scene): Promise<Finding[]> {
  const { a, b } = stage;
  const full = secrets.find(({ slug }) => slug === a.slug);
  if (!full) throw new Error("nobody has anything");
  const { owner: member, document } = full;
  const [admin] = a.people.admin;
  const colleague = await a.hire("Oona Reyes", "manager", admin.client);
  const [elsewhere] = b.people.manager;
  const findings: Finding[] = [];
  const adds = async (who: Person, words: string, allowed: boolean, ways = everyWay(document)) => {
    for (const [what, add] of ways) findings.push(added(await add(who.client), what, words, allowed));
  };
  const bound = async (quota: { memberDocuments: number | null; memberBytes: number | null }) =>
    expectStatus(await admin.client.call("PUT", "policy/quotas", { body: quota }), 200, "bounding members");

  const { mine } = await taken(member.client);
  await bound({ memberDocuments: mine.documents.used, memberBytes: null });
  await adds(member, "with as many documents as a member may have", false, newOnes);
  await adds(colleague, "beside a member who has all that they may have", true, newOnes);
  await bound({ memberDocuments: null, memberBytes: mine.bytes.used });
  await adds(member, "with as many bytes as a member may have", false);
  await bound({ memberDocuments: null, memberBytes: null });
  await adds(member, "with no bound", true);

  const { workspace } = await taken(admin.client);
  const before = await taken(elsewhere.client);
  const operator = stage.founder.operator.client;
  const allow = async (documents: number | null) => {
    const body = { documents, bytes: null };
    expectStatus(await operator.call("PUT", `tenants/${a.id}/quota`, { body }), 204, "bounding a workspace");
  };
  await allow(workspace.documents.used);
  await adds(colleague, "of a company that has all that it may have", false, newOnes);
  const { workspace: theirs } = await taken(elsewhere.client);
  const same = theirs.documents.used === before.workspace.documents.used;
  findings.push(
    finding(
      same && theirs.documents.most === before.workspace.documents.most,
      "GET /storage",
      "of the other company",
      `${theirs.documents.used} of ${theirs.documents.most}, ${same ? "as before" : "not as before"}`,
    ),
  );
  await adds(elsewhere, "of the other company", true, newOnes);
  await allow(null);
  return findings;
}

interface Taken {
  readonly workspace: { readonly documents: { readonly used: number; readonly most: number } };
  readonly mine: { readonly documents: { readonly used: number }; readonly bytes: { readonly used: number } };
}

const taken = async (client: Client): Promise<Taken> =>
  expectStatus(await client.call("GET", "storage"), 200, "asking what is taken").json;

type Way = readonly [what: string, add: (client: Client) => Promise<{ status: number; code?: string }>];

const newOnes: readonly Way[] = [
  ["an upload", (client) => sent(client, "documents")],
  [
    "an upload in pieces",
    async (client) => {
      const body = { name: "Ledger.txt", bytes: 40, folder: null };
      const { status, json } = await client.call("POST", "uploads", { body });
      if (status === 201) await client.call("DELETE", `uploads/${json.id}`);
      return { status, code: json?.error?.code };
    },
  ],
];
const everyWay = (document: string): readonly Way[] => [
  ...newOnes,
  ["a version", (client) => sent(client, `documents/${document}/versions`)],
];

async function sent(client: Client, path: string): Promise<{ status: number; code?: string }> {
  const form = new FormData();
  form.append("file", new Blob([`Line ${performance.now()}.\n`]), "Ledger.txt");
  const { status, json } = await client.call("POST", path, { raw: form });
  // Of several files each is taken or refused by itself.
  return { status, code: json?.error?.code ?? json?.refused?.[0]?.code };
}

const added = (
  { status, code }: { status: number; code?: string },
  what: string,
  who: string,
  allowed: boolean,
): Finding =>
  finding(
    allowed ? status === 201 && code === undefined : code === "quota",
    what,
    who,
    `${status}${code ? `, ${code}` : ""}`,
  );
