import { useInfiniteQuery } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { ChevronLeft } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import type { Document, Passage } from "../api/types.ts";
import { useTitle } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { OpenInstead } from "../tenancy/openings/open-dialog.tsx";
import { Button } from "../ui/button.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton } from "../ui/states.tsx";
import { bytesOf, Moment, plural } from "../ui/time.tsx";
import { DocumentMenu } from "./document-menu.tsx";
import { Progress } from "./document-table.tsx";
import { useDocument, useDocumentEvents, useRetryDocument } from "./documents.ts";
import { downloadOriginal } from "./download.ts";
import { Breadcrumb } from "./folders/breadcrumb.tsx";
import { useFolders } from "./folders/folders.ts";
import { Passages } from "./passages.tsx";
import { Sight } from "./sharing/sight.tsx";

const atOnce = 60;

/** A document as text: its passages in order, the one that the address names marked. */
export function DocumentPage() {
  const session = useSession();
  const { documentId } = useParams({ from: "/t/$slug/library/$documentId" });
  return session.can("document.read") ? <Open key={documentId} id={documentId} /> : <Forbidden />;
}

function Open({ id }: { id: string }) {
  const document = useDocument(id);
  useDocumentEvents();
  useTitle(document.data?.name ?? "Document");
  return (
    <div className="mx-auto w-full max-w-[47rem] px-4 pt-4 pb-16 md:px-14">
      <BackLink folder={document.data?.folder ?? null} />
      {document.isPending && (
        <div className="pt-8">
          <Skeleton label="Loading the document" lines={8} tall />
        </div>
      )}
      {document.isError && (
        <>
          <ErrorPanel
            error={document.error}
            onRetry={() => void document.refetch()}
            title="This document is not here"
            whole
          />
          <OpenInstead kind="document" id={id} error={document.error} />
        </>
      )}
      {document.data && (
        <>
          <Head document={document.data} />
          {document.data.state === "ready" ? <Body id={id} /> : <NotReady document={document.data} />}
        </>
      )}
    </div>
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

function Head({ document }: { document: Document }) {
  const session = useSession();
  const navigate = useNavigate();
  return (
    <header className="mb-7 border-b border-line pt-3 pb-4">
      <div className="flex items-start justify-between gap-3">
        <h1 className="min-w-0 font-serif text-page font-medium wrap-anywhere">{document.name}</h1>
        <div className="pt-0.5">
          <DocumentMenu
            document={document}
            onDeleted={() => void navigate({ to: "/t/$slug/library", params: { slug: session.slug } })}
          />
        </div>
      </div>
      <p className="mt-1.5 text-small text-muted">
        {document.kind === "pdf"
          ? "PDF"
          : document.kind === "html"
            ? "HTML"
            : document.kind === "markdown"
              ? "Markdown"
              : "Text"}
        {document.pages !== null && `, ${plural(document.pages, "page")}`} · {bytesOf(document.bytes)} · added{" "}
        <Moment at={document.createdAt} />
        {!document.mine && ` by ${document.owner.name}`}
      </p>
      <div className="mt-3.5 flex flex-wrap items-center gap-x-4 gap-y-2">
        <Sight kind="documents" thing={document} />
        {session.can("document.download") && (
          <Button small onClick={() => void downloadOriginal(session, document)}>
            Download the original
          </Button>
        )}
      </div>
    </header>
  );
}

function NotReady({ document }: { document: Document }) {
  const session = useSession();
  const retry = useRetryDocument(document.id);
  if (document.state !== "failed") {
    return (
      <Empty title="It is being read">
        <p>The text appears here by itself, usually within seconds.</p>
        <div className="mt-4 flex justify-center">
          <Progress document={document} />
        </div>
      </Empty>
    );
  }
  return (
    <Empty
      title="This document could not be read"
      action={
        document.access !== "read" &&
        session.can("document.retry") && (
          <Button kind="primary" busy={retry.isPending} onClick={() => retry.mutate()}>
            Retry
          </Button>
        )
      }
    >
      <p>{document.problem?.message ?? "Try again, or add another version."}</p>
      <p className="mt-2">The file itself is kept.</p>
    </Empty>
  );
}

function Body({ id }: { id: string }) {
  const session = useSession();
  const { passage, start, end } = useSearch({ from: "/t/$slug/library/$documentId" });
  // Where the address pointed when the page opened: reading begins shortly before it, not at page one of 5,000.
  const [begin] = useState(() => Math.max(0, (passage ?? 0) - 15));
  const text = useInfiniteQuery({
    queryKey: [session.slug, "passages", id, "from", begin],
    queryFn: ({ pageParam }) =>
      session.call<{ items: Passage[]; next: string | number | null }>("GET", `documents/${id}/passages`, {
        query: { from: pageParam.from, limit: pageParam.limit },
      }),
    initialPageParam: { from: begin, limit: atOnce },
    getNextPageParam: (page) => {
      const last = page.items.at(-1);
      return page.next !== null && last ? { from: last.no + 1, limit: atOnce } : null;
    },
    getPreviousPageParam: (page) => {
      const first = page.items[0];
      if (!first || first.no <= 0 || begin === 0) return null;
      const from = Math.max(0, first.no - atOnce);
      return { from, limit: first.no - from };
    },
    staleTime: 300_000,
  });
  const items = text.data?.pages.flatMap((page) => page.items) ?? [];
  const more = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = text;

  useEffect(() => {
    const target = more.current;
    if (!target || !hasNextPage || isFetchingNextPage) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void fetchNextPage();
      },
      { rootMargin: "1200px" },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  const loaded = text.isSuccess;
  useEffect(() => {
    if (!loaded || passage === undefined) return;
    const place = window.document.getElementById(`passage-${passage}`);
    (place?.querySelector("mark") ?? place)?.scrollIntoView({ block: "center" });
  }, [loaded, passage]);

  if (text.isPending) return <Skeleton label="Loading the text" lines={9} tall />;
  if (text.isError) return <ErrorPanel error={text.error} onRetry={() => void text.refetch()} />;
  if (!items.length) return <Empty title="There is no text in it" />;
  return (
    <div className="max-w-[68ch]">
      {text.hasPreviousPage && (
        <div className="mb-6 flex justify-center">
          <Button small busy={text.isFetchingPreviousPage} onClick={() => void text.fetchPreviousPage()}>
            Show what comes before
          </Button>
        </div>
      )}
      <Passages
        items={items}
        marked={passage === undefined ? null : { no: passage, start, end }}
        linkTo={id}
        firstPage
      />
      {hasNextPage && (
        <div ref={more} className="flex justify-center pt-4">
          <Button small busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </div>
  );
}
