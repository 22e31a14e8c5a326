import { randomBytes } from "node:crypto";
import { type Client, expectStatus } from "../stage/client.ts";
import type { Person } from "../stage/people.ts";
import type { Keeping } from "../stage/pieces.ts";
import type { Cast, Stage } from "../stage/stage.ts";
import { ask, upload, waitUntilReady } from "../stage/workspace.ts";
import { besideWhatAllSee } from "./segments.ts";

/** What one person has and nobody else may learn of: words that stand nowhere else, and things by their identifiers. */
export interface Secret {
  readonly owner: Person;
  readonly slug: string;
  /** In the text of the document. Three words that nobody writes by chance. */
  readonly words: readonly [string, string, string];
  /** In its name. */
  readonly title: string;
  readonly document: string;
  readonly folder: string;
  readonly chat: string;
  readonly answer: string;
  readonly upload: string;
  readonly binned: string;
  readonly search: string;
}

/** Somebody who may not learn of a secret: of another company, or a colleague in this one. */
export interface Stranger {
  readonly person: Person;
  readonly who: string;
}

export interface Scene {
  readonly secrets: readonly Secret[];
  strangersTo(secret: Secret): Stranger[];
}

/** In both companies a manager with everything that a person can have, and the same sentences in both. */
export async function setScene(stage: Stage): Promise<Scene> {
  const { a, b } = stage;
  return sceneOf(stage, await Promise.all([secretOf(stage, a), secretOf(stage, b)]));
}

/** Whose secrets they are stands in the stage itself. */
export const keptScene: Keeping<Scene, readonly Omit<Secret, "owner">[]> = {
  id: "tenancy.isolation-everywhere",
  keep: ({ secrets }) => secrets.map(({ owner: _, ...secret }) => secret),
  enter: (stage, kept) => {
    const ownerIn = (slug: string) => (slug === stage.a.slug ? stage.a : stage.b).people.manager[0];
    return sceneOf(
      stage,
      kept.map((secret) => ({ ...secret, owner: ownerIn(secret.slug) })),
    );
  },
};

function sceneOf({ a, b }: Stage, secrets: readonly Secret[]): Scene {
  return {
    secrets,
    strangersTo({ slug }) {
      const [own, other] = slug === a.slug ? [a, b] : [b, a];
      return [
        { person: own.people.manager[1], who: "a colleague" },
        { person: own.people.owner[1], who: "an owner of the same company" },
        { person: other.people.manager[0], who: "a manager of the other company" },
        { person: other.people.owner[0], who: "an owner of the other company" },
      ];
    },
  };
}

async function secretOf(stage: Stage, { slug, id: company, people }: Cast): Promise<Secret> {
  const [owner] = people.manager;
  const { client } = owner;
  const words: Secret["words"] = [word(), word(), word()];
  const title = word();
  const made = (path: string, body: object) => idOf(client, path, body);
  const folder = await made("folders", { name: `Drawer ${title}`, parent: null });
  const text = Buffer.from(
    `The ${words[0]} of ${words[1]} costs 4,711 pounds. Ask for Tamsin ${capital(words[2])}.\n`,
  );
  const [document] = await upload(client, [{ name: `${title}.txt`, bytes: text }], "private", folder);
  const [gone] = await upload(client, [{ name: "Gone.txt", bytes: Buffer.from("Gone.\n") }]);
  if (!document || !gone) throw new Error("nothing was uploaded");
  await waitUntilReady(client, [document.id, gone.id]);
  expectStatus(await client.call("DELETE", `documents/${gone.id}`), 204, "deleting a document");
  await besideWhatAllSee(stage, { client, id: company }, document.id, title);
  const { chat, id: answer } = await ask(client, `What does the ${words[0]} cost?`);
  const [pieces, search] = [
    await made("uploads", { name: `${title} plans.txt`, bytes: 40, folder }),
    await made("saved-searches", { name: title, q: words[0], filters: { folder } }),
  ];
  const ids = { document: document.id, folder, chat, answer, upload: pieces, binned: gone.id, search };
  return { owner, slug, words, title, ...ids };
}

export const word = (): string => {
  const letters = "bcdfghjklmnprtvwz";
  return [...randomBytes(12)].map((byte) => letters[byte % letters.length]).join("");
};

export const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

export async function idOf(client: Client, path: string, body: object): Promise<string> {
  return expectStatus(await client.call("POST", path, { body }), 201, `making one of ${path}`).json.id;
}

/** What of a secret stands in a text; null when nothing does. */
export function toldIn(text: string, secret: Secret): string | null {
  const { words, title, document, folder, chat, answer, upload: pieces, binned, search } = secret;
  const told = [
    ...words,
    ...words.map(capital),
    title,
    document,
    folder,
    chat,
    answer,
    pieces,
    binned,
    search,
  ];
  return told.find((one) => text.includes(one)) ?? null;
}
