import { Link, useNavigate } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import type { ReactNode } from "react";
import { isApiError } from "../../api/errors.ts";
import type { Document } from "../../api/types.ts";
import { useTitle } from "../../frame/page.tsx";
import { useSession } from "../../identity/session.tsx";
import { OpenInstead } from "../../tenancy/openings/open-dialog.tsx";
import { Button, buttonLook } from "../../ui/button.tsx";
import { Empty, ErrorPanel, Notice, Skeleton } from "../../ui/states.tsx";
import { bytesOf, Moment, plural } from "../../ui/time.tsx";
import { DocumentMenu } from "../document-menu.tsx";
import { useDocument, useDocumentEvents } from "../documents.ts";
import { downloadOriginal } from "../download.ts";
import { Breadcrumb } from "../folders/breadcrumb.tsx";
import { useFolders } from "../folders/folders.ts";
import { kindWords, partsOf } from "../kinds.ts";
import { Sight } from "../sharing/sight.tsx";
import { AddVersion } from "../versions/add-version.tsx";
import { languageWord } from "./language.ts";

export type DocumentPart = "text" | "versions" | "history";

/** What all pages of a document share: the way back, its name and facts, who can see it, and the way to its other pages. */
export function DocumentFrame(props: {
  id: string;
  part: DocumentPart;
  children: (document: Document) => ReactNode;
}) {
  const document = useDocument(props.id);
  useDocumentEvents();
  useTitle(document.data?.name ?? "Document", titles[props.part]);
  return (
    <div className="mx-auto w-full max-w-[64rem] px-4 pt-4 pb-16 md:px-14">
      <BackLink folder={document.data?.folder ?? null} />
      {document.isPending && (
        <div className="pt-8">
          <h1 className="sr-only">Document</h1>
          <Skeleton label="Loading the document" lines={8} tall />
        </div>
      )}
      {document.isError && (
        <>
          <NotHere error={document.error} onRetry={() => void document.refetch()} />
          <OpenInstead kind="document" id={props.id} error={document.error} />
        </>
      )}
      {document.data && (
        <>
          <Head document={document.data} part={props.part} />
          {props.children(document.data)}
        </>
      )}
    </div>
  );
}

const titles: Record<DocumentPart, string | null> = { text: null, versions: "Versions", history: "History" };

/** Another's and what is not there look alike; what one has deleted oneself may still lie in the bin. */
function NotHere({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const session = useSession();
  if (!isApiError(error) || error.status !== 404 || !session.can("bin.see"))
    return <ErrorPanel error={error} onRetry={onRetry} title="This document is not here" whole />;
  return (
    <Empty
      title="This document is not here"
      whole
      action={
        <Link to="/t/$slug/library/bin" params={{ slug: session.slug }} className={buttonLook()}>
          Look in the bin
        </Link>
      }
    >
      <p>It was deleted, or it is not shared with you. What you deleted stays in the bin for 30 days.</p>
    </Empty>
  );
}

/** The way back: the folders that the document stands in, or the library alone. */
function BackLink({ folder }: { folder: string | null }) {
  const { tree } = useFolders();
  return (
    <div className="flex items-center gap-1">
      <ChevronLeft size={15} aria-hidden className="text-muted" />
      <Breadcrumb tree={tree} at={folder} linked />
    </div>
  );
}

function Head({ document, part }: { document: Document; part: DocumentPart }) {
  const session = useSession();
  const navigate = useNavigate();
  const mayAsk = session.can("chat.create") && session.can("chat.ask") && document.state === "ready";
  const { one, many } = partsOf(document.kind);
  const language = languageWord(document.language);
  return (
    <header className="mb-5">
      <div className="flex items-start justify-between gap-3 pt-3">
        <h1 className="min-w-0 font-serif text-page font-medium wrap-anywhere">{document.name}</h1>
        <div className="pt-0.5">
          <DocumentMenu
            document={document}
            onDeleted={() => void navigate({ to: "/t/$slug/library", params: { slug: session.slug } })}
          />
        </div>
      </div>
      <p className="mt-1.5 text-small text-muted">
        {kindWords(document.kind)}
        {document.pages !== null && `, ${plural(document.pages, one, many)}`} · {bytesOf(document.bytes)}
        {language && ` · ${language}`} · added <Moment at={document.createdAt} />
        {!document.mine && ` by ${document.owner.name}`}
        {document.versions > 1 && (
          <>
            {" "}
            · version {document.version} of {document.versions}
          </>
        )}
      </p>
      <div className="mt-3.5 flex flex-wrap items-center gap-x-4 gap-y-2">
        <Sight kind="documents" thing={document} />
        <span className="flex flex-wrap items-center gap-2">
          {session.can("document.download") && (
            <Button small onClick={() => void downloadOriginal(session, document)}>
              Download the original
            </Button>
          )}
          <AddVersion document={document} />
          {mayAsk && (
            <Link
              to="/t/$slug/ask"
              params={{ slug: session.slug }}
              search={{ document: document.id }}
              className={buttonLook("plain", true)}
            >
              Ask about it
            </Link>
          )}
        </span>
      </div>
      <Remarks document={document} all={part === "text"} />
      <Parts document={document} part={part} />
    </header>
  );
}

/** What must be known before one relies on the text. */
function Remarks({ document, all }: { document: Document; all: boolean }) {
  const session = useSession();
  const { pictures, pages, duplicates, newer } = document;
  const { one, many } = partsOf(document.kind);
  const only = pages !== null && pictures !== null && pictures >= pages;
  return (
    <div className="mt-3 flex flex-col gap-2 empty:hidden">
      {newer && (
        <Notice kind={newer.state === "failed" ? "broken" : "stale"}>
          {newer.state === "failed"
            ? `Version ${newer.no} could not be read: ${newer.problem?.message ?? "try again, or add another."} The version before stays.`
            : `Version ${newer.no} is being read. Until then the version before is shown and found.`}
        </Notice>
      )}
      {all && !!pictures && document.state === "ready" && (
        <Notice kind="stale">
          {only
            ? `Its ${many} are pictures without text. Add a version with text, or keep it as a file.`
            : `${plural(pictures, one, many)} of ${pages ?? "all"} ${pictures === 1 ? "is a picture" : "are pictures"} without text. What stands there is neither shown nor found.`}
        </Notice>
      )}
      {all && duplicates.length > 0 && (
        <Notice kind="stale">
          The same file is here more than once:{" "}
          {duplicates.map((other, index) => (
            <span key={other.id}>
              {index > 0 && ", "}
              <Link
                to="/t/$slug/library/$documentId"
                params={{ slug: session.slug, documentId: other.id }}
                className="wrap-anywhere text-accent underline underline-offset-3"
              >
                {other.name}
              </Link>
            </span>
          ))}
          .
        </Notice>
      )}
    </div>
  );
}

const tab =
  "-mb-px inline-flex min-h-10 items-center border-b-2 border-transparent px-1 text-muted hover:text-ink aria-[current=page]:border-accent aria-[current=page]:font-semibold aria-[current=page]:text-ink";

function Parts({ document, part }: { document: Document; part: DocumentPart }) {
  const session = useSession();
  const params = { slug: session.slug, documentId: document.id };
  const current = (which: DocumentPart) => (which === part ? ({ "aria-current": "page" } as const) : {});
  const versions = session.can("document.versions");
  const history = session.can("document.history");
  if (!versions && !history) return <div className="mt-4 border-b border-line" />;
  return (
    <nav aria-label="Pages of this document" className="mt-4 flex gap-6 border-b border-line">
      <Link
        to="/t/$slug/library/$documentId"
        params={params}
        className={tab}
        activeOptions={{ exact: true, includeSearch: false }}
        {...current("text")}
      >
        Text
      </Link>
      {versions && (
        <Link
          to="/t/$slug/library/$documentId/versions"
          params={params}
          className={tab}
          {...current("versions")}
        >
          Versions{document.versions > 1 && ` (${document.versions})`}
        </Link>
      )}
      {history && (
        <Link
          to="/t/$slug/library/$documentId/history"
          params={params}
          className={tab}
          {...current("history")}
        >
          History
        </Link>
      )}
    </nav>
  );
}
