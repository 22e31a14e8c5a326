import { Link } from "@tanstack/react-router";
import { UserRound, X } from "lucide-react";
import type { ReactNode } from "react";
import type { AccessView, Share } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { Button, IconButton } from "../../ui/button.tsx";
import { Dialog, DialogActions } from "../../ui/dialog.tsx";
import { Initials } from "../../ui/initials.tsx";
import { Notice, Skeleton, wordsOf } from "../../ui/states.tsx";
import { say } from "../../ui/toast.tsx";
import {
  accessWords,
  deeds,
  type Kind,
  nameOf,
  namesOf,
  nouns,
  type Shared,
  shareRight,
  useAccess,
  useShares,
} from "./access.ts";
import { OpeningNotice } from "./opening-notice.tsx";
import { AccessSelect, ShareForm, Sign } from "./share-form.tsx";

const notes: Record<Kind, string> = {
  documents: "Answers quote only from documents that the person who asks can see.",
  folders: "What is true of a folder is true of everything in it, now and later.",
  chats: "Whoever reads it sees the quoted sentences of documents that they can see themselves.",
};

/** Who can see a thing, and the place to change that. Every change holds from the next click of anybody on. */
export function ShareDialog({ kind, thing, onClose }: { kind: Kind; thing: Shared; onClose: () => void }) {
  const session = useSession();
  const view = useAccess(kind, thing.id);
  const mayShare = thing.access === "own" && session.can(shareRight[kind]);
  return (
    <Dialog title="Who can see it" onClose={onClose} shape="wide">
      <p className="-mt-1 mb-4 text-small wrap-anywhere text-muted">{thing.name}</p>
      {view.isPending && <Skeleton label="Loading who can see it" lines={4} />}
      {view.isError && <Notice>{wordsOf(view.error)}</Notice>}
      {view.data && (
        <>
          <p className="mb-4">{meaning(view.data, kind, thing, session.me.id, session.tenant.name)}</p>
          {mayShare && <ShareForm kind={kind} id={thing.id} view={view.data} />}
          <People kind={kind} thing={thing} view={view.data} mayShare={mayShare} />
          <Openings view={view.data} mine={thing.mine} />
          <p className="mt-4 text-small text-muted">{notes[kind]}</p>
        </>
      )}
      <DialogActions>
        <Button kind="primary" onClick={onClose}>
          Done
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** What the list below comes to, in one sentence. */
function meaning(view: AccessView, kind: Kind, thing: Shared, me: string, tenant: string): string {
  const noun = nouns[kind];
  const own = view.owner.id === me ? "you" : view.owner.name;
  const only = `Only ${own} can see this ${noun}.`;
  if (view.shares.length === 0) return only;
  const all = view.shares.filter((share) => share.with.kind === "tenant");
  const deed = deeds[kind];
  const doers = view.shares.filter((share) => share.access === "write");
  const names = (shares: Share[]) => [...new Set(shares.map((share) => nameOf(share.with, me, tenant)))];
  if (all.some((share) => share.access === "write"))
    return `Everyone at ${tenant} can see this ${noun} and ${deed}${thing.mine ? "" : `; it is ${own}’s`}.`;
  const see = all.length ? `Everyone at ${tenant}` : capital(namesOf([own, ...names(view.shares)]));
  const change = doers.length ? `; ${namesOf(names(doers))} can ${deed}` : "";
  return `${see} can see this ${noun}${change}.`;
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

function People(props: { kind: Kind; thing: Shared; view: AccessView; mayShare: boolean }) {
  const { kind, thing, view, mayShare } = props;
  const session = useSession();
  const { add, alter, end } = useShares(kind, thing.id);
  const mayAlter = mayShare && session.can("share.change");
  const mayEnd = mayShare && session.can("share.end");

  function takeBack(share: Share) {
    const name = nameOf(share.with, session.me.id, session.tenant.name);
    end.mutate(share, {
      onSuccess: () =>
        say(`Taken back from ${name}. It holds at once.`, {
          words: "Undo",
          act: () =>
            add.mutate(
              { with: { kind: share.with.kind, id: share.with.id }, access: share.access },
              { onError: (error) => say(wordsOf(error)) },
            ),
        }),
      onError: (error) => say(wordsOf(error)),
    });
  }

  return (
    <ul aria-label="Who can see it" className="border-t border-line">
      <Row
        sign={<UserSign name={view.owner.name} />}
        name={view.owner.id === session.me.id ? `${view.owner.name} (you)` : view.owner.name}
      >
        <span className="text-small text-muted">Owner</span>
      </Row>
      {view.shares.map((share) => (
        <Row
          key={`${share.id}-${share.inheritedFrom?.id ?? ""}`}
          sign={<Sign of={share.with} />}
          name={share.with.kind === "tenant" ? `Everyone at ${session.tenant.name}` : share.with.name}
          below={
            share.inheritedFrom && (
              <>
                {share.inheritedFrom.id === null ? (
                  "through a folder that you do not see"
                ) : (
                  <>
                    through the folder{" "}
                    <Link
                      to="/t/$slug/library"
                      params={{ slug: session.slug }}
                      search={{ folder: share.inheritedFrom.id }}
                      className="underline decoration-line underline-offset-3 hover:text-ink"
                    >
                      {share.inheritedFrom.name}
                    </Link>
                  </>
                )}
                {mayShare && ", changed there"}
              </>
            )
          }
        >
          {share.inheritedFrom || !mayAlter ? (
            <span className="text-small text-muted">{accessWords[kind][share.access]}</span>
          ) : (
            <AccessSelect
              kind={kind}
              label={`What ${share.with.name || "everyone"} may do`}
              value={share.access}
              onChange={(access) =>
                alter.mutate({ share, access }, { onError: (error) => say(wordsOf(error)) })
              }
            />
          )}
          {!share.inheritedFrom && mayEnd && (
            <IconButton
              label={`Take back from ${share.with.kind === "tenant" ? "everyone" : share.with.name}`}
              disabled={end.isPending}
              onClick={() => takeBack(share)}
            >
              <X size={16} aria-hidden />
            </IconButton>
          )}
        </Row>
      ))}
    </ul>
  );
}

const UserSign = ({ name }: { name: string }) => (name ? <Initials name={name} /> : <UserRound size={15} />);

function Row(props: { sign: ReactNode; name: string; below?: ReactNode; children: ReactNode }) {
  return (
    <li className="flex min-h-12 flex-wrap items-center gap-x-3 gap-y-1 border-b border-line py-1.5">
      {props.sign}
      <span className="min-w-0 flex-1 basis-40 leading-snug">
        <span className="block wrap-anywhere">{props.name}</span>
        {props.below && <span className="block text-small text-muted">{props.below}</span>}
      </span>
      <span className="flex items-center gap-1.5">{props.children}</span>
    </li>
  );
}

/** Admins who read it without its being shared with them: always shown to whoever may ask who sees it. */
function Openings({ view, mine }: { view: AccessView; mine: boolean }) {
  if (view.openings.length === 0) return null;
  return (
    <div className="mt-4 flex flex-col gap-2">
      {view.openings.map((opening) => (
        <OpeningNotice key={`${opening.by.id}-${opening.until}`} opening={opening} mine={mine} />
      ))}
    </div>
  );
}
