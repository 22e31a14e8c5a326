import { useState } from "react";
import { useSession } from "../../identity/session.tsx";
import { Button } from "../../ui/button.tsx";
import { classes } from "../../ui/classes.ts";
import { type Kind, type Shared, shareRight, useAccess } from "./access.ts";
import { OpeningNotice } from "./opening-notice.tsx";
import { ShareDialog } from "./share-dialog.tsx";
import { WhoSees } from "./who-sees.tsx";

const sees = {
  documents: "document.see-access",
  folders: "folder.see-access",
  chats: "chat.see-access",
} as const;

/**
 * At the head of a thing: who can see it, counted, with the way to change it, and the admins who have opened it.
 */
export function Sight({ kind, thing, quiet = false }: { kind: Kind; thing: Shared; quiet?: boolean }) {
  const session = useSession();
  const [open, setOpen] = useState(false);
  const maySee = session.can(sees[kind]);
  const access = useAccess(kind, thing.id, maySee);
  const direct = access.data?.shares.filter((share) => !share.inheritedFrom) ?? [];
  const inherited = access.data?.shares.find((share) => share.inheritedFrom);
  // Named after the folder only when nothing else shares it.
  const folder = direct.length === 0 ? (inherited?.inheritedFrom?.name ?? null) : null;
  const mayShare = thing.access === "own" && session.can(shareRight[kind]);
  const words = !mayShare ? "See who" : thing.visibility === "private" ? "Share" : "Change";
  return (
    <>
      <span
        className={classes("flex min-w-0 items-center gap-x-3 gap-y-1.5 text-small", !quiet && "flex-wrap")}
      >
        <span className="min-w-0 text-muted">
          <span className="sr-only">Who can see it: </span>
          <WhoSees
            kind={kind}
            thing={thing}
            folder={folder}
            count={access.data ? access.data.shares.length : null}
          />
        </span>
        {maySee &&
          (quiet ? (
            <button
              type="button"
              className="shrink-0 rounded-sm text-muted underline decoration-line underline-offset-3 hover:text-ink"
              onClick={() => setOpen(true)}
            >
              {words}
              <span className="sr-only">: who can see it</span>
            </button>
          ) : (
            <Button small onClick={() => setOpen(true)}>
              {words}
            </Button>
          ))}
      </span>
      {thing.mine && access.data && access.data.openings.length > 0 && (
        <div className="order-last mt-1 flex basis-full flex-col gap-2">
          {access.data.openings.map((opening) => (
            <OpeningNotice key={`${opening.by.id} ${opening.until}`} opening={opening} mine />
          ))}
        </div>
      )}
      {open && <ShareDialog kind={kind} thing={thing} onClose={() => setOpen(false)} />}
    </>
  );
}
