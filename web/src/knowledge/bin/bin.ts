import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Binned, BulkResult, List } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { wordsOf } from "../../ui/states.tsx";
import { plural } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { setRefusals } from "../list/deeds.ts";

const inOneCall = 200;

/** What this person has in the bin, newest first, 100 at a time. */
export function useBin() {
  const session = useSession();
  return useInfiniteQuery({
    queryKey: [session.slug, "bin"],
    queryFn: ({ pageParam }) =>
      session.call<List<Binned>>("GET", "bin", { query: { cursor: pageParam, limit: 100 } }),
    initialPageParam: "",
    getNextPageParam: (page) => page.next,
  });
}

/** Restoring and deleting for ever; each says what was done, and what was not and why. Never throws. */
export function useBinDeeds() {
  const session = useSession();
  const queries = useQueryClient();
  const [busy, setBusy] = useState(false);

  async function during(work: () => Promise<void>): Promise<void> {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      say(wordsOf(error));
    } finally {
      setBusy(false);
      for (const what of ["bin", "folders", "documents", "storage", "search"])
        void queries.invalidateQueries({ queryKey: [session.slug, what] });
    }
  }

  return {
    busy,
    restore: (items: Binned[], then?: () => void) =>
      during(async () => {
        const refused: BulkResult["refused"] = [];
        for (let from = 0; from < items.length; from += inOneCall) {
          const answer = await session.call<BulkResult>("POST", "bin/restore", {
            body: { ids: items.slice(from, from + inOneCall).map(({ id }) => id) },
          });
          refused.push(...answer.refused);
        }
        const done = items.length - refused.length;
        if (done) {
          then?.();
          const [one] = items;
          say(
            items.length === 1 && one
              ? `“${one.name}” is back${placeWords(one)}.`
              : `Restored ${plural(done, "thing")}.`,
          );
        }
        tell("restored", items, refused, done);
      }),
    remove: (items: Binned[], then?: () => void) =>
      during(async () => {
        const refused: BulkResult["refused"] = [];
        for (const { id } of items) {
          try {
            await session.call("DELETE", `bin/${id}`);
          } catch (error) {
            refused.push({ id, code: "", message: wordsOf(error) });
          }
        }
        const done = items.length - refused.length;
        then?.();
        if (done)
          say(`Deleted ${done === 1 ? `“${items[0]?.name ?? ""}”` : plural(done, "thing")} for ever.`);
        tell("deleted", items, refused, done);
      }),
    empty: (then?: () => void) =>
      during(async () => {
        await session.call("DELETE", "bin");
        then?.();
        say("The bin is empty.");
      }),
  };
}

const placeWords = ({ from }: Binned): string => (from ? ` in “${from.name}”` : " at the top of the library");

function tell(deed: string, items: Binned[], refused: BulkResult["refused"], done: number): void {
  if (!refused.length) return;
  const byId = new Map(items.map((item) => [item.id, item]));
  const [only] = refused;
  if (items.length === 1 && only) say(only.message);
  else
    setRefusals({
      deed,
      done,
      refused: refused.flatMap(({ id, message }) => {
        const item = byId.get(id);
        return item ? [{ item: { kind: item.kind, id, name: item.name, in: null }, message }] : [];
      }),
    });
}
