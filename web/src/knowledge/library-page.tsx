import { useSearch as useAddress, useNavigate } from "@tanstack/react-router";
import { FolderPlus } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import type { Folder } from "../api/types.ts";
import { Page, useTitle } from "../frame/page.tsx";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { folded } from "../ui/picker.tsx";
import { Empty, ErrorPanel, Forbidden, Skeleton } from "../ui/states.tsx";
import { count, plural } from "../ui/time.tsx";
import { useDocumentEvents, useDocuments } from "./documents.ts";
import { DropZone } from "./drop-zone.tsx";
import { Breadcrumb } from "./folders/breadcrumb.tsx";
import { NewFolder } from "./folders/folder-dialogs.tsx";
import { FolderMenu } from "./folders/folder-menu.tsx";
import { type Tree, useFolders } from "./folders/folders.ts";
import { DocumentList } from "./list/document-list.tsx";
import { Emptiness } from "./list/emptiness.tsx";
import { Filters } from "./list/filters.tsx";
import { RefusalsDialog } from "./list/refusals.tsx";
import { SearchField } from "./list/search-field.tsx";
import { isFiltered, type View } from "./list/view.ts";
import { PassageHits } from "./search-results.tsx";
import { Sight } from "./sharing/sight.tsx";
import { StorageLine, StorageNotice } from "./storage-line.tsx";
import { AddButton } from "./uploads/add-button.tsx";
import { useAdding } from "./uploads/adding.ts";
import { UploadPanel } from "./uploads/upload-panel.tsx";

/** The folders and documents that this person may see, how new ones are getting on, and search over all of them. */
export function LibraryPage() {
  const session = useSession();
  const { folder = null } = useAddress({ from: "/t/$slug/library" });
  if (!session.can("document.read")) return <Forbidden />;
  return <Library key={folder ?? "top"} at={folder} />;
}

function Library({ at }: { at: string | null }) {
  const session = useSession();
  const navigate = useNavigate();
  const view = useAddress({ from: "/t/$slug/library" });
  const { tree, isPending, isError } = useFolders();
  const { addDropped } = useAdding();
  const [making, setMaking] = useState(false);
  useDocumentEvents();
  const folder = (at && tree.byId.get(at)) || null;
  const gone = at !== null && !folder && !isPending && !isError;
  useTitle(folder?.name, "Library");
  const mayWriteHere = !gone && folder?.access !== "read";
  const mayUpload = session.can("document.upload");
  const mayAdd = mayWriteHere && mayUpload;
  const mayMake = mayWriteHere && session.can("folder.create");
  const look = (to: View, replace = false) =>
    void navigate({ to: "/t/$slug/library", params: { slug: session.slug }, search: to, replace });
  const addButton = mayAdd ? (
    <AddButton onChosen={(dropped) => void addDropped(dropped, at)} folders={mayMake} />
  ) : null;

  if (gone)
    return (
      <Empty
        title="This folder is not here"
        whole
        action={<Button onClick={() => look({})}>To the library</Button>}
      >
        <p>It was deleted, or it is not shared with you.</p>
      </Empty>
    );
  return (
    <DropZone
      onDropped={(dropped, to) => void addDropped(dropped, to ?? at)}
      off={!mayUpload}
      words={(over) => {
        const into = over ? tree.byId.get(over) : folder;
        return (over ? into?.access !== "read" : mayAdd) ? dropWords(into ?? null) : null;
      }}
    >
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
            <SearchField view={view} onView={look} />
            {mayMake && (
              <Button onClick={() => setMaking(true)}>
                <FolderPlus size={16} aria-hidden />
                New folder
              </Button>
            )}
            {addButton}
            {folder && (
              <FolderMenu
                folder={folder}
                onDeleted={() => {
                  const around = tree.pathTo(folder.id).at(-2)?.id;
                  look(around ? { folder: around } : {});
                }}
              />
            )}
          </>
        }
      >
        <StorageNotice />
        <UploadPanel />
        {view.q && view.q.length > 1 && session.can("search.use") && <PassageHits q={view.q} />}
        <List view={view} onView={look} tree={tree} addButton={addButton} />
        <StorageLine />
      </Page>
      {making && (
        <NewFolder
          in={folder}
          onClose={() => setMaking(false)}
          onMade={(made) => look({ folder: made.id })}
        />
      )}
      <RefusalsDialog />
    </DropZone>
  );
}

function dropWords(folder: Folder | null): string {
  if (!folder) return "Let go to add them. Only you will see them.";
  return folder.visibility === "private"
    ? `Let go to add them to “${folder.name}”. Only you will see them.`
    : `Let go to add them to “${folder.name}”. Whoever sees the folder will see them.`;
}

type ListProps = { view: View; onView: (view: View) => void; tree: Tree; addButton: ReactNode };

function List({ view, onView, tree, addButton }: ListProps) {
  const documents = useDocuments(view);
  // Together, so that the folders do not push down what one is about to press.
  const { isLoading } = useFolders();
  const pending = documents.isPending || isLoading;
  const folders = useMemo(() => foldersIn(tree, view), [tree, view]);
  const everywhere = Boolean(view.q || view.everywhere);
  const total = documents.data?.pages[0]?.total ?? 0;
  const empty = !pending && documents.isSuccess && !documents.data.pages[0]?.items.length && !folders.length;
  return (
    <section aria-labelledby="by-name">
      <h2 id="by-name" className={view.q ? "mb-2 font-serif text-title font-medium" : "sr-only"}>
        {view.q ? "By name" : "Folders and documents"}
      </h2>
      <Filters
        view={view}
        onView={onView}
        bare={empty && !isFiltered(view) && !view.q}
        words={
          documents.isSuccess && !pending && !empty && !view.q
            ? wordsOf(folders.length, total, isFiltered(view))
            : null
        }
      />
      {pending && !documents.isError && <Skeleton label="Loading your documents" lines={8} tall />}
      {documents.isError && !documents.data && (
        <ErrorPanel
          error={documents.error}
          onRetry={() => void documents.refetch()}
          title="Your documents could not be loaded"
        />
      )}
      {empty && <Emptiness view={view} onView={onView} addButton={addButton} />}
      {documents.data && !pending && !empty && (
        <DocumentList
          // Another view is another list: what was selected in the old one is not meant here.
          key={JSON.stringify([view.q, view.kind, view.state, view.owner, view.everywhere])}
          view={view}
          onView={onView}
          tree={tree}
          folders={folders}
          documents={documents}
          everywhere={everywhere}
        />
      )}
      {documents.isFetchNextPageError && (
        <p role="alert" className="flex items-center justify-center gap-3 pt-4 text-muted">
          The rest could not be loaded.
          <Button small onClick={() => void documents.fetchNextPage()}>
            Try again
          </Button>
        </p>
      )}
    </section>
  );
}

/** Folders have neither kind nor state: they stand aside while one looks for documents of one. */
function foldersIn(tree: Tree, { folder, q, kind, state, owner, everywhere }: View): Folder[] {
  if (kind || state) return [];
  const among = q
    ? tree.all.filter(({ name }) => folded(name).includes(folded(q)))
    : everywhere
      ? []
      : tree.in(folder ?? null);
  return owner ? among.filter(({ mine }) => mine === (owner === "mine")) : among;
}

function wordsOf(folders: number, documents: number, filtered: boolean): string {
  const words = [
    folders && plural(folders, "folder"),
    `${count(documents)} ${documents === 1 ? "document" : "documents"}`,
  ];
  return words.filter(Boolean).join(", ") + (filtered ? " found" : "");
}
