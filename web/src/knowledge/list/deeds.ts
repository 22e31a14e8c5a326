import { useQueryClient } from "@tanstack/react-query";
import { useState, useSyncExternalStore } from "react";
import { isApiError } from "../../api/errors.ts";
import type { BulkResult, Document } from "../../api/types.ts";
import { type Session, useSession } from "../../identity/session.tsx";
import { wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { dropDocuments, keepDocument, placeDocuments } from "../documents.ts";
import { type Movable, useFolders } from "../folders/folders.ts";

/** What was refused of many, and why; `deed` completes "could not be …". */
export type Refusals = { deed: string; done: number; refused: { item: Movable; message: string }[] };

type Result = { done: Movable[]; refused: Refusals["refused"] };

const inOneCall = 200;

/**
 * Moving things and putting them into the bin, one or many: says what was done with the way back, and what was refused
 * with its reason. `then` runs when at least one was done. Never throws.
 */
export function useDeeds() {
  const session = useSession();
  const queries = useQueryClient();
  const { tree } = useFolders();
  const [busy, setBusy] = useState(false);
  const { slug } = session;

  const askAgain = () =>
    Promise.all(
      ["folders", "documents", "bin", "storage"].map((what) =>
        queries.invalidateQueries({ queryKey: [slug, what] }),
      ),
    );

  async function during<Output>(work: () => Promise<Output>): Promise<Output> {
    setBusy(true);
    try {
      return await work();
    } finally {
      setBusy(false);
    }
  }

  async function moveOnly(items: Movable[], to: string | null): Promise<Result> {
    const result = await each(session, items, {
      one: async (item) => {
        if (item.kind === "folder")
          await session.call("PUT", `folders/${item.id}/parent`, { body: { parent: to } });
        else
          keepDocument(
            queries,
            slug,
            await session.call<Document>("PUT", `documents/${item.id}/folder`, { body: { folder: to } }),
          );
      },
      many: (ids) => ({ path: "documents/move", body: { ids, folder: to } }),
    });
    const documents = result.done.filter(({ kind }) => kind === "document");
    placeDocuments(queries, slug, new Set(documents.map(({ id }) => id)), to);
    if (documents.length < result.done.length) await askAgain();
    return result;
  }

  async function moveBack(done: Movable[]): Promise<void> {
    for (const from of new Set(done.map((item) => item.in))) {
      const { refused } = await moveOnly(
        done.filter((item) => item.in === from),
        from,
      );
      const [first] = refused;
      if (first) say(first.message);
    }
    await askAgain();
  }

  async function restore(items: Movable[]): Promise<void> {
    try {
      const refused: Result["refused"] = [];
      for (const part of partsOf(items, inOneCall)) {
        const answer = await session.call<BulkResult>("POST", "bin/restore", {
          body: { ids: part.map(({ id }) => id) },
        });
        refused.push(...refusalsOf(answer, part));
      }
      tellRefusals({ deed: "restored", done: items.length - refused.length, refused });
    } catch (error) {
      say(wordsOf(error));
    }
    await askAgain();
  }

  return {
    busy,
    move: (items: Movable[], to: string | null, then?: () => void) =>
      during(async () => {
        const leaving = items.filter((item) => item.in !== to);
        const { done, refused } = await moveOnly(leaving, to);
        if (done.length) {
          then?.();
          const place = to ? `“${tree.byId.get(to)?.name ?? "the folder"}”` : "the top of the library";
          const are = done.length === 1 ? "is" : "are";
          say(`${named(done)} ${are} in ${place} now.`, { words: "Undo", act: () => void moveBack(done) });
        }
        tellRefusals({ deed: "moved", done: done.length, refused });
      }),
    bin: (items: Movable[], then?: () => void) =>
      during(async () => {
        const { done, refused } = await each(session, items, {
          one: (item) => session.call("DELETE", `${item.kind}s/${item.id}`),
          many: (ids) => ({ path: "documents/delete", body: { ids } }),
        });
        if (done.length) {
          then?.();
          dropDocuments(queries, slug, new Set(done.map(({ id }) => id)));
          say(`Moved ${done.length === 1 ? named(done) : wordsOfItems(done)} to the bin.`, {
            words: "Undo",
            act: () => void restore(done),
          });
          void queries.invalidateQueries({ queryKey: [slug, "documents", "list"], refetchType: "none" });
          for (const what of ["folders", "bin", "storage", "search"])
            void queries.invalidateQueries({ queryKey: [slug, what] });
        }
        tellRefusals({ deed: "moved to the bin", done: done.length, refused });
      }),
  };
}

/** One or a folder by a call of its own; several documents by as few calls as there may be. */
async function each(
  session: Session,
  items: Movable[],
  by: {
    one: (item: Movable) => Promise<unknown>;
    many: (ids: string[]) => { path: string; body: unknown };
  },
): Promise<Result> {
  const result: Result = { done: [], refused: [] };
  const documents = items.filter(({ kind }) => kind === "document");
  const single = documents.length > 1 ? items.filter(({ kind }) => kind === "folder") : items;
  for (const item of single) {
    try {
      await by.one(item);
      result.done.push(item);
    } catch (error) {
      result.refused.push({ item, message: wordsOf(error) });
    }
  }
  if (documents.length < 2) return result;
  let stopped: string | null = null;
  for (const part of partsOf(documents, inOneCall)) {
    try {
      if (stopped) throw new Error(stopped);
      const { path, body } = by.many(part.map(({ id }) => id));
      const answer = await session.call<BulkResult>("POST", path, { body });
      const refused = refusalsOf(answer, part);
      const done = new Set(answer.done);
      result.refused.push(...refused);
      result.done.push(...part.filter(({ id }) => done.has(id)));
    } catch (error) {
      // What comes after a lost connection or a lost right would be refused for the same reason: it is not tried.
      const message: string = stopped ?? wordsOf(error);
      result.refused.push(...part.map((item) => ({ item, message })));
      if (isApiError(error) && (error.status === 403 || error.code === "unreachable")) stopped = message;
    }
  }
  return result;
}

function refusalsOf({ refused }: BulkResult, items: Movable[]): Result["refused"] {
  const byId = new Map(items.map((item) => [item.id, item]));
  return refused.flatMap(({ id, message }) => {
    const item = byId.get(id);
    return item ? [{ item, message }] : [];
  });
}

function partsOf<Item>(items: Item[], size: number): Item[][] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

const named = (items: Movable[]): string =>
  items.length === 1 && items[0] ? `“${items[0].name}”` : wordsOfItems(items);

/** "3 documents", "1 folder and 2 documents". */
export function wordsOfItems(items: Movable[]): string {
  const folders = items.filter(({ kind }) => kind === "folder").length;
  const documents = items.length - folders;
  return [folders && plural(folders, "folder"), documents && plural(documents, "document")]
    .filter(Boolean)
    .join(" and ");
}

let refusals: Refusals | null = null;
const listeners = new Set<() => void>();

/** One refusal is a saying; of several each is listed, by whoever shows `useRefusals`. */
function tellRefusals(told: Refusals): void {
  const [first] = told.refused;
  if (!first) return;
  if (told.refused.length === 1 && told.done === 0) say(`“${first.item.name}”: ${first.message}`);
  else setRefusals(told);
}

export function setRefusals(told: Refusals | null): void {
  refusals = told;
  for (const listener of listeners) listener();
}

export function useRefusals(): Refusals | null {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => refusals,
  );
}
