import { useQueryClient } from "@tanstack/react-query";
import { useSearch as useAddress, useNavigate } from "@tanstack/react-router";
import { FolderPlus } from "lucide-react";
import { type ReactNode, useCallback, useEffect, useRef, useState } from "react";
import type { Folder } from "../api/types.ts";
import { Page, useTitle } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { folded } from "../ui/picker.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton } from "../ui/states.tsx";
import { plural } from "../ui/time.tsx";
import { DocumentTable } from "./document-table.tsx";
import { keepDocument, useDocumentEvents, useDocuments } from "./documents.ts";
import { DropZone } from "./drop-zone.tsx";
import { Breadcrumb } from "./folders/breadcrumb.tsx";
import { NewFolder } from "./folders/folder-dialogs.tsx";
import { FolderMenu } from "./folders/folder-menu.tsx";
import { type Tree, useFolders } from "./folders/folders.ts";
import { PassageHits } from "./search-results.tsx";
import { Sight } from "./sharing/sight.tsx";
import { UploadPanel } from "./upload-panel.tsx";
import { addFiles } from "./uploads.ts";

/** The folders and documents that this person may see, how new ones are getting on, and search over all of them. */
export function LibraryPage() {
  const session = useSession();
  const { folder = null } = useAddress({ from: "/t/$slug/library" });
  if (!session.can("document.read")) return <Forbidden />;
  return <Library key={folder ?? "top"} at={folder} />;
}

function Library({ at }: { at: string | null }) {
  const session = useSession();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const { q = "" } = useAddress({ from: "/t/$slug/library" });
  const { tree, isPending, isError } = useFolders();
  const [making, setMaking] = useState(false);
  useDocumentEvents();
  const folder = (at && tree.byId.get(at)) || null;
  const gone = at !== null && !folder && !isPending && !isError;
  useTitle(folder?.name, "Library");
  const mayWriteHere = !gone && folder?.access !== "read";
  const mayAdd = mayWriteHere && session.can("document.upload");
  const mayMake = mayWriteHere && session.can("folder.create");
  const add = useCallback(
    (files: File[]) =>
      void addFiles(session.slug, files, at, (document) => keepDocument(queries, session.slug, document)),
    [session.slug, queries, at],
  );
  const open = (id: string | null) =>
    void navigate({
      to: "/t/$slug/library",
      params: { slug: session.slug },
      search: id ? { folder: id } : {},
    });

  if (gone)
    return (
      <Empty
        title="This folder is not here"
        whole
        action={<Button onClick={() => open(null)}>To the library</Button>}
      >
        <p>It was deleted, or it is not shared with you.</p>
      </Empty>
    );
  return (
    <DropZone onFiles={add} off={!mayAdd} words={dropWords(folder)}>
      <Page
        title={folder?.name ?? "Library"}
        below={
          folder ? (
            <span className="flex flex-wrap items-center gap-x-3 gap-y-1">
              <Breadcrumb tree={tree} at={at} />
              <Sight kind="folders" thing={folder} quiet />
            </span>
          ) : (
            "A document is yours alone until you share it."
          )
        }
        aside={
          <>
            <SearchField q={q} at={at} />
            {mayMake && (
              <Button onClick={() => setMaking(true)}>
                <FolderPlus size={16} aria-hidden />
                New folder
              </Button>
            )}
            {mayAdd && <AddButton onFiles={add} />}
            {folder && (
              <FolderMenu folder={folder} onDeleted={() => open(tree.pathTo(folder.id).at(-2)?.id ?? null)} />
            )}
          </>
        }
      >
        <UploadPanel />
        {q.length > 1 && session.can("search.use") && <PassageHits q={q} />}
        <List q={q} at={at} tree={tree} addButton={mayAdd ? <AddButton onFiles={add} /> : null} />
      </Page>
      {making && <NewFolder in={folder} onClose={() => setMaking(false)} onMade={(made) => open(made.id)} />}
    </DropZone>
  );
}

function dropWords(folder: Folder | null): string {
  if (!folder) return "Let go to add them. Only you will see them.";
  return folder.visibility === "private"
    ? `Let go to add them to “${folder.name}”. Only you will see them.`
    : `Let go to add them to “${folder.name}”. Whoever sees the folder will see them.`;
}

function List(props: { q: string; at: string | null; tree: Tree; addButton: ReactNode }) {
  const { q, at, tree, addButton } = props;
  const documents = useDocuments(at, q);
  const items = documents.data?.pages.flatMap((page) => page.items) ?? [];
  const folders = q ? tree.all.filter((folder) => folded(folder.name).includes(folded(q))) : tree.in(at);
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
  if (!items.length && !folders.length) {
    if (q) return <p className="py-2 text-muted">No document is called “{q}”.</p>;
    return at ? <EmptyFolder addButton={addButton} /> : <Teach addButton={addButton} />;
  }
  return (
    <section aria-labelledby="by-name">
      <h2 id="by-name" className={q ? "mb-2 font-serif text-title font-medium" : "sr-only"}>
        {q ? "By name" : "Folders and documents"}
      </h2>
      <DocumentTable items={items} folders={folders} tree={tree} at={at} everywhere={q !== ""} />
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

function EmptyFolder({ addButton }: { addButton: ReactNode }) {
  return (
    <Empty title="Nothing is in this folder yet" action={addButton}>
      <p>
        {addButton
          ? "Drop files here, or move documents in from elsewhere. Whoever can see the folder can see them."
          : "Whoever owns it has not put anything in yet."}
      </p>
    </Empty>
  );
}

function Teach({ addButton }: { addButton: ReactNode }) {
  return (
    <Empty title={addButton ? "Add the first document" : "Nothing is shared with you yet"} action={addButton}>
      {addButton ? (
        <p>
          PDF, HTML, Markdown and plain text. Drop files anywhere on this page, several at once. They are
          encrypted before they are written to disk, and only you see them until you share them.
        </p>
      ) : (
        <p>When somebody shares a document or a folder with you, it appears here.</p>
      )}
    </Empty>
  );
}

function SearchField({ q, at }: { q: string; at: string | null }) {
  const session = useSession();
  const total = useDocuments(at, q).data?.pages[0]?.total;
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
        search: { ...(at ? { folder: at } : {}), ...(wanted ? { q: wanted } : {}) },
        replace: true,
      });
    }, 180);
    return () => clearTimeout(timer);
  }, [text, q, at, navigate, session.slug]);

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
