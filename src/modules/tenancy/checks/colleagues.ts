import { randomBytes } from "node:crypto";
import type { Finding } from "../../../kernel/controls.ts";
import { finding } from "../../trust/stage/finding.ts";
import { forEach, type LiveOperation, liveOperations } from "../../trust/stage/live-operations.ts";
import type { Person } from "../../trust/stage/people.ts";
import { inPieces, total } from "../../trust/stage/pieces.ts";
import type { Stage } from "../../trust/stage/stage.ts";
import { ask, shareWith, upload, waitUntilReady } from "../../trust/stage/workspace.ts";
import { keptOffice } from "./colleagues-kept.ts";
import { byOpening } from "./colleagues-opening.ts";
import { bySharing } from "./colleagues-sharing.ts";

/**
 * Inside one company: every two people, every route that names a document, a version, what lies in the bin, an upload, a
 * folder, a chat, an answer or a share, with
 * the true identifier of what belongs to the other; then what sharing gives and taking back takes, and what an admin
 * can open.
 */
export const colleaguesCheck = inPieces(
  openOffice,
  {
    pairs: everyPair,
    sharing: (_, office) => bySharing(office),
    opening: (_, office) => byOpening(office),
  },
  (counts, { everybody }) => ({ summary: `${total(counts)} attempts by ${everybody.length} people` }),
  keptOffice,
);

export interface Office {
  readonly everybody: readonly Person[];
  readonly people: Readonly<Record<"owner" | "admin" | "manager" | "colleague" | "viewer", Person>>;
  readonly things: readonly Things[];
}

/** What somebody has, and nobody else may see. */
export interface Things {
  readonly holder: Person;
  /** In every document of theirs and of nobody else's. */
  readonly word: string;
  readonly folder: string;
  /** A folder in that one. */
  readonly inner: string;
  /** A document in `inner`. */
  readonly filed: string;
  /** A document in no folder. */
  readonly document: string;
  readonly chat: string;
  readonly answer: string;
  /** The first version of `document`, which goes by its id. */
  readonly version: string;
  /** A document in the bin, and an upload that is not finished. */
  readonly binned: string;
  readonly upload: string;
  /** Another folder of theirs, and its share with somebody else. */
  readonly shelf: string;
  readonly share: string;
}

/** A company of this check's own, so that it can run again and nothing of the others' changes. */
async function openOffice(stage: Stage): Promise<Office> {
  const mark = randomBytes(3).toString("hex");
  const company = await stage.founder.found(`fenwick-${mark}`, "Fenwick Row", "Orla Fenwick");
  const [admin, manager, colleague, viewer, stranger] = await Promise.all([
    company.hire("Ada Kerr", "admin"),
    company.hire("Miro Lasko", "manager"),
    company.hire("Nell Byrne", "manager"),
    company.hire("Vito Sand", "viewer"),
    company.hire("Una Teal", "viewer"),
  ]);
  const people = { owner: company.owner, admin, manager, colleague, viewer };
  const holders = [people.owner, admin, manager, colleague];
  const things = await Promise.all(holders.map((holder) => furnish(holder, stranger)));
  return { people, everybody: [...Object.values(people), stranger], things };
}

async function furnish(holder: Person, stranger: Person): Promise<Things> {
  const { client } = holder;
  const word = `q${randomBytes(8).toString("hex")}`;
  const made = async (parent: string | null, name: string): Promise<string> =>
    (await client.call("POST", "folders", { body: { name, parent } })).json.id;
  const folder = await made(null, "Letters");
  const inner = await made(folder, "Old letters");
  const bytes = Buffer.from(`The ${word} key lies under the mat.\n`);
  const [document] = await upload(client, [{ name: "Key.txt", bytes }]);
  const [filed] = await upload(client, [{ name: "Filed key.txt", bytes }], undefined, inner);
  await waitUntilReady(client, [document?.id ?? "", filed?.id ?? ""]);
  const [gone] = await upload(client, [{ name: "Gone.txt", bytes }]);
  await client.call("DELETE", `documents/${gone?.id}`);
  const begun = { name: "Begun.txt", bytes: 100, folder: null };
  const { json } = await client.call("POST", "uploads", { body: begun });
  const answered = await ask(client, `Where does the ${word} key lie?`);
  const shelf = await made(null, "Shelf");
  const share = await shareWith(client, "folder", shelf, { kind: "member", id: stranger.id });
  return {
    holder,
    word,
    folder,
    inner,
    filed: filed?.id ?? "",
    document: document?.id ?? "",
    chat: answered.chat,
    answer: answered.id,
    version: document?.id ?? "",
    binned: gone?.id ?? "",
    upload: json?.id ?? "",
    shelf,
    share,
  };
}

const NOUNS = ["document", "folder", "chat", "answer", "share", "version", "binned", "upload"] as const;

async function everyPair(stage: Stage, { everybody, things }: Office): Promise<Finding[]> {
  const operations = (await liveOperations(stage)).flatMap((operation) => {
    const noun = stage.server.routes.find((r) => `${r.method} ${r.url}` === keyOf(operation))?.resource;
    return NOUNS.flatMap((known) => (known === noun ? [{ operation, noun: known }] : []));
  });
  const findings: Finding[] = NOUNS.filter((noun) => !operations.some((o) => o.noun === noun)).map((noun) =>
    finding(false, noun, "the table of routes", "no route names one"),
  );
  for (const mine of things) {
    for (const other of everybody.filter(({ id }) => id !== mine.holder.id)) {
      const tried = await forEach(operations, async ({ operation, noun }) => {
        const { status, json } = await callWith(other, operation, mine[noun]);
        const held = status === 404 || (status === 403 && json?.error?.message === LACKS);
        const who = `${other.role} ${other.name}, with a ${noun} of ${mine.holder.role} ${mine.holder.name}`;
        return finding(held, `${operation.method} ${operation.url.slice(12)}`, who, String(status));
      });
      // The last of all sees the shelf, which is shared with them, and no share of it.
      const isGuest = other === everybody.at(-1);
      findings.push(...tried, ...(await everyList(other, isGuest ? { ...mine, shelf: mine.word } : mine)));
      if (stage.aim.untilBroken && findings.some(({ verdict }) => verdict === "broken")) return findings;
    }
    findings.push(await still(mine));
  }
  return findings;
}

// What the guard of the routes says: the role has not the route's permission, whatever it would have named.
const LACKS = "Your role does not allow this. Ask an admin of your workspace.";

const keyOf = ({ method, url }: LiveOperation): string => `${method} ${url}`;

export function callWith(who: Person, { method, url, body, isUpload }: LiveOperation, id: string) {
  const path = url.replace("/api/t/:slug/", "").replace(":id", id);
  if (!isUpload) return who.client.call(method, path, body === undefined ? {} : { body });
  const raw = new FormData();
  raw.append("offset", "0");
  raw.append("file", new Blob(["A line."]), "line.txt");
  return who.client.call(method, path, { raw });
}

/** Nothing of it stands in any list, nor is it found. */
async function everyList(other: Person, mine: Things): Promise<Finding[]> {
  const lists = [
    "documents?limit=200",
    "documents?folder=top&limit=200",
    "folders",
    "bin",
    "uploads",
    "chats?limit=200",
    `search?q=${mine.word}`,
  ];
  const named = Object.values(mine).filter((value) => typeof value === "string");
  return forEach(lists, async (list) => {
    const { status, text } = await other.client.call("GET", list);
    const seen = named.filter((id) => text.includes(id)).length;
    return finding(
      // Whoever may add nothing has no list of uploads.
      (status === 200 || (list === "uploads" && status === 403)) && seen === 0,
      `GET /${list.split("?")[0]}`,
      `${other.role} ${other.name}`,
      `${seen} of another's`,
    );
  });
}

/** After all attempts everything is still there, and still its owner's alone. */
async function still(mine: Things): Promise<Finding> {
  const { client, role, name } = mine.holder;
  const answers = await forEach(
    [`documents/${mine.document}`, `documents/${mine.filed}`, `folders/${mine.inner}`, `chats/${mine.chat}`],
    (path) => client.call("GET", path),
  );
  const [document, filed, folder, chat] = answers.map(({ json }) => json);
  const same =
    document?.name === "Key.txt" &&
    filed?.folder === mine.inner &&
    folder?.parent === mine.folder &&
    chat?.messages?.length === 2 &&
    answers.every(({ json }) => json?.visibility === "private" && json?.access === "own");
  return finding(same, "what was attacked", `${role} ${name}, its owner`, same ? "unchanged" : "changed");
}
