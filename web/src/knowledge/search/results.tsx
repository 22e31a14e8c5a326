import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type KeyboardEvent, useRef } from "react";
import type { Document, SearchHit } from "../../api/types.ts";
import { useSession } from "../../identity/session.tsx";
import { useFolders } from "../folders/folders.ts";
import { partsOf } from "../kinds.ts";
import { Kind } from "../plate.tsx";
import { WhoSees } from "../sharing/who-sees.tsx";
import { type Group, groupsOf } from "./groups.ts";
import { Marked, Snippet } from "./snippet.tsx";

/**
 * What was found, best first. Arrow keys move among the passages; `onLeave` is called where they lead out at the top.
 * `find`: the words that the document page looks for when a passage is opened. `sight`: whether it is asked who can see
 * each document, which is not worth it for what the next letter will change.
 */
export function Results(props: { hits: SearchHit[]; find: string; sight: boolean; onLeave: () => void }) {
  const list = useRef<HTMLOListElement>(null);
  function onKeyDown(event: KeyboardEvent) {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    const links = [...(list.current?.querySelectorAll<HTMLElement>("[data-hit]") ?? [])];
    const at = links.findIndex((link) => link.matches(":focus"));
    if (at < 0) return;
    if (event.key === "ArrowDown") links[at + 1]?.focus();
    else if (event.key === "ArrowUp" && at > 0) links[at - 1]?.focus();
    else if (event.key === "ArrowUp" || event.key === "Escape") props.onLeave();
    else if (event.key === "Home") links[0]?.focus();
    else if (event.key === "End") links.at(-1)?.focus();
    else return;
    event.preventDefault();
  }
  return (
    <ol ref={list} aria-label="Results" className="border-t border-line" onKeyDown={onKeyDown}>
      {groupsOf(props.hits).map((group) => (
        <li key={`${group.document.id} ${group.hits[0]?.passage}`} className="border-b border-line py-3.5">
          <Head group={group} sight={props.sight} />
          <ul className="mt-1">
            {group.hits.map((hit) => (
              <li key={hit.passage}>
                <Hit hit={hit} find={props.find} />
              </li>
            ))}
          </ul>
        </li>
      ))}
    </ol>
  );
}

/** Moves the focus to the first passage that was found; false where there is none. */
export function enterResults(): boolean {
  const first = document.querySelector<HTMLElement>("[data-hit]");
  first?.focus();
  return first !== null;
}

function Head({ group, sight }: { group: Group; sight: boolean }) {
  const session = useSession();
  const { tree } = useFolders();
  const { id, name, kind, folder } = group.document;
  const document = useQuery({
    queryKey: [session.slug, "documents", "one", id],
    queryFn: () => session.call<Document>("GET", `documents/${id}`, { background: true }),
    enabled: sight,
  });
  const path = tree.pathTo(folder).map((step) => step.name);
  const place = path.length ? (
    <span className="wrap-anywhere">
      <span className="sr-only">in </span>
      {path.join(" › ")}
    </span>
  ) : null;
  return (
    <div className="flex items-start gap-3 px-2.5">
      <Kind kind={kind} />
      <div className="min-w-0 flex-1">
        <h2 className="font-semibold wrap-anywhere">
          <Link
            to="/t/$slug/library/$documentId"
            params={{ slug: session.slug, documentId: id }}
            className="underline-offset-3 hover:underline"
          >
            <Marked text={name} marks={group.nameMarks} />
          </Link>
        </h2>
        <p className="flex min-h-5 flex-wrap items-center gap-x-3 text-small text-muted">
          {place}
          {document.data && <WhoSees thing={document.data} />}
        </p>
      </div>
    </div>
  );
}

function Hit({ hit, find }: { hit: SearchHit; find: string }) {
  const session = useSession();
  const part = hit.page === null ? null : `${partsOf(hit.document.kind).one} ${hit.page}`;
  return (
    <Link
      to="/t/$slug/library/$documentId"
      params={{ slug: session.slug, documentId: hit.document.id }}
      search={{ find }}
      hash={`p${hit.passage}`}
      data-hit
      className="block rounded-sm py-1.5 pr-2.5 pl-2.5 -outline-offset-2 hover:bg-accent-soft focus-visible:bg-accent-soft sm:pl-13"
    >
      {(part || hit.heading) && (
        <span className="block text-small wrap-anywhere text-muted">
          {part}
          {part && hit.heading && " · "}
          {hit.heading && <Marked text={hit.heading} marks={hit.headingMarks} />}
        </span>
      )}
      <span className="line-clamp-3 max-w-[68ch] font-serif text-reading wrap-anywhere">
        <Snippet text={hit.text} marks={hit.marks} />
      </span>
    </Link>
  );
}
