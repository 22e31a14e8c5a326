import { useRef, useState } from "react";
import type { Document } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import { acceptedEndings } from "../kinds.ts";
import { useAddVersion } from "./versions.ts";

/** Takes a file as the newest version of a document; nothing for whoever may not. */
export function AddVersion({ document }: { document: Document }) {
  const session = useSession();
  const [share, setShare] = useState(0);
  const add = useAddVersion(document.id, setShare);
  const input = useRef<HTMLInputElement>(null);
  if (document.access === "read" || !session.can("document.add-version")) return null;
  return (
    <>
      <Button small busy={add.isPending} onClick={() => input.current?.click()}>
        {add.isPending ? `${Math.round(share * 100)} % sent` : "Add a new version"}
      </Button>
      <input
        ref={input}
        type="file"
        hidden
        aria-label="File of the new version"
        accept={acceptedEndings}
        onChange={({ target }) => {
          const [file] = target.files ?? [];
          target.value = "";
          if (!file) return;
          setShare(0);
          add.mutate(file, {
            onSuccess: () => say("The new version is being read. The one before is kept."),
            onError: (error) => say(wordsOf(error)),
          });
        }}
      />
    </>
  );
}
