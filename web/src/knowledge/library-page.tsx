import { useQueryClient } from "@tanstack/react-query";
import { useSearch as useAddress, useNavigate } from "@tanstack/react-router";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import { Page } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton } from "../ui/states.tsx";
import { plural } from "../ui/time.tsx";
import { DocumentTable } from "./document-table.tsx";
import { keepDocument, useDocumentEvents, useDocuments } from "./documents.ts";
import { DropZone } from "./drop-zone.tsx";
import { PassageHits } from "./search-results.tsx";
import { UploadPanel } from "./upload-panel.tsx";
import { addFiles } from "./uploads.ts";

/** Every document that this person may see, how the new ones are getting on, and search. */
export function LibraryPage() {
  const session = useSession();
  return session.can("document.read") ? <Library /> : <Forbidden />;
}

function Library() {
  const session = useSession();
  const queries = useQueryClient();
  const { q = "" } = useAddress({ from: "/t/$slug/library" });
  useDocumentEvents();
  const mayAdd = session.can("document.upload");
  const add = useCallback(
    (files: File[]) =>
      void addFiles(session.slug, files, (document) => keepDocument(queries, session.slug, document)),
    [session.slug, queries],
  );
  return (
    <DropZone onFiles={add} off={!mayAdd}>
      <Page
        title="Library"
        below="A document is yours alone until you share it."
        aside={
          <>
            <SearchField q={q} />
            {mayAdd && <AddButton onFiles={add} />}
          </>
        }
      >
        <UploadPanel />
        {q.length > 1 && session.can("search.use") && <PassageHits q={q} />}
        <List q={q} addButton={mayAdd ? <AddButton onFiles={add} /> : null} />
      </Page>
    </DropZone>
  );
}

function List({ q, addButton }: { q: string; addButton: ReactNode }) {
  const documents = useDocuments(q);
  const items = documents.data?.pages.flatMap((page) => page.items) ?? [];
  const more = useRef<HTMLDivElement>(null);
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = documents;
  useEffect(() => {
    const target = more.current;
    if (!target || !hasNextPage || isFetchingNextPage) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) void fetchNextPage();
      },
      { rootMargin: "600px" },
    );
    observer.observe(target);
    return () => observer.disconnect();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (documents.isPending) return <Skeleton label="Loading your documents" lines={8} tall />;
  if (documents.isError) {
    return (
      <ErrorPanel
        error={documents.error}
        onRetry={() => void documents.refetch()}
        title="Your documents could not be loaded"
      />
    );
  }
  if (!items.length) return q ? <NoName q={q} /> : <Teach addButton={addButton} />;
  return (
    <section aria-labelledby="by-name">
      <h2 id="by-name" className={q ? "mb-2 font-serif text-title font-medium" : "sr-only"}>
        {q ? "By name" : "Documents"}
      </h2>
      <DocumentTable items={items} />
      {hasNextPage && (
        <div ref={more} className="flex justify-center pt-5">
          <Button small busy={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </section>
  );
}

function Teach({ addButton }: { addButton: ReactNode }) {
  const session = useSession();
  return (
    <Empty title={addButton ? "Add the first document" : "Nothing is shared with you yet"} action={addButton}>
      {addButton ? (
        <p>
          PDF, HTML, Markdown and plain text. Drop files anywhere on this page, several at once. They are
          encrypted before they are written to disk, and only you see them until you share them.
        </p>
      ) : (
        <p>When somebody at {session.tenant.name} shares a document with everyone, it appears here.</p>
      )}
    </Empty>
  );
}

function NoName({ q }: { q: string }) {
  return <p className="py-2 text-muted">No document is called “{q}”.</p>;
}

function SearchField({ q }: { q: string }) {
  const session = useSession();
  const total = useDocuments(q).data?.pages[0]?.total;
  const navigate = useNavigate();
  const [text, setText] = useState(q);
  const field = useRef<HTMLInputElement>(null);

  useEffect(() => {
    if (window.location.hash === "#search") field.current?.focus();
  }, []);
  useEffect(() => {
    const wanted = text.trim();
    if (wanted === q) return;
    const timer = setTimeout(() => {
      void navigate({
        to: "/t/$slug/library",
        params: { slug: session.slug },
        search: wanted ? { q: wanted } : {},
        replace: true,
      });
    }, 180);
    return () => clearTimeout(timer);
  }, [text, q, navigate, session.slug]);

  return (
    <search className="relative block w-full sm:w-[17.5rem]">
      <input
        ref={field}
        data-search
        type="search"
        aria-label="Search names and text"
        aria-keyshortcuts="/"
        placeholder={total ? `Search ${plural(total, "document")}` : "Search names and text"}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          setText("");
          event.currentTarget.blur();
        }}
        className="min-h-9 w-full rounded-md border border-line bg-surface pr-9 pl-3.5 hover:border-edge focus:border-accent [&::-webkit-search-cancel-button]:hidden"
      />
      <span
        aria-hidden="true"
        className="pointer-events-none absolute top-1.5 right-3.5 text-muted pointer-coarse:hidden"
      >
        /
      </span>
    </search>
  );
}

function AddButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button kind="primary" onClick={() => input.current?.click()}>
        Add documents
      </Button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        accept=".pdf,.html,.htm,.md,.markdown,.txt,application/pdf,text/html,text/markdown,text/plain"
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          event.target.value = "";
        }}
      />
    </>
  );
}
