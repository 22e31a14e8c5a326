import { useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import type { List, Unfinished } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { Glyph } from "../../ui/glyph.tsx";
import { wordsOf } from "../../ui/states.tsx";
import { bytesOf, Moment } from "../../ui/time.tsx";
import { say } from "../../ui/toast.tsx";
import { isOf, useAdding } from "./adding.ts";

/** An upload from before the page was loaded: the browser does not keep the file, so it has to be chosen again. */
export function UnfinishedLine({ upload }: { upload: Unfinished }) {
  const session = useSession();
  const queries = useQueryClient();
  const { send } = useAdding();
  const input = useRef<HTMLInputElement>(null);
  const key = [session.slug, "uploads"];

  function choose(file: File | undefined) {
    if (!file) return;
    if (!isOf(upload, file))
      return say(
        `“${file.name}” (${bytesOf(file.size)}) is another file. Choose “${upload.name}” with ${bytesOf(upload.bytes)}.`,
      );
    const target = { folder: upload.folder, ...(upload.document ? { document: upload.document } : {}) };
    send([{ file, target, uploadId: upload.id }]);
    forget();
  }
  const forget = () =>
    queries.setQueryData<List<Unfinished>>(key, (old) =>
      old ? { ...old, items: old.items.filter(({ id }) => id !== upload.id) } : old,
    );
  async function discard() {
    try {
      await session.call("DELETE", `uploads/${upload.id}`);
      forget();
    } catch (error) {
      say(wordsOf(error));
    }
  }

  return (
    <li className="flex min-h-10 flex-wrap items-center gap-x-3 gap-y-1 py-1">
      <span className="flex min-w-0 flex-1 basis-60 items-start gap-1.5">
        <span className="pt-[0.2em]">
          <Glyph state="stale" size={13} />
        </span>
        <span className="min-w-0">
          <span className="wrap-anywhere">{upload.name}</span>
          <span className="block text-muted">
            {bytesOf(upload.offset)} of {bytesOf(upload.bytes)} are here. Choose the file again to go on; it
            is kept until <Moment at={upload.expiresAt} how="full" />.
          </span>
        </span>
      </span>
      <span className="flex gap-1.5">
        <Button small onClick={() => input.current?.click()}>
          Choose the file<span className="sr-only"> {upload.name}</span>
        </Button>
        <Button kind="quiet" small onClick={() => void discard()}>
          Discard<span className="sr-only"> {upload.name}</span>
        </Button>
      </span>
      <input
        ref={input}
        type="file"
        hidden
        onChange={(event) => {
          choose(event.target.files?.[0]);
          event.target.value = "";
        }}
      />
    </li>
  );
}
