import { Link } from "@tanstack/react-router";
import { memo } from "react";
import type { Document, Folder } from "../api/types.ts";
import { useSession } from "../identity/session.tsx";
import { Button } from "../ui/button.tsx";
import { classes } from "../ui/classes.ts";
import { Glyph } from "../ui/glyph.tsx";
import { useGrowing } from "../ui/growing.tsx";
import { Moment } from "../ui/time.tsx";
import { DocumentMenu } from "./document-menu.tsx";
import { useRetryDocument } from "./documents.ts";
import { FolderMenu } from "./folders/folder-menu.tsx";
import type { Tree } from "./folders/folders.ts";
import { dragProps, useDropTarget } from "./folders/moving.ts";
import { WhoSees } from "./sharing/who-sees.tsx";

/**
 * Folders and documents as a table; on a phone the columns that matter less stand under the name. `everywhere`: what
 * a search found, each with its place.
 */
export function DocumentTable(props: {
  items: Document[];
  folders: Folder[];
  tree: Tree;
  at: string | null;
  everywhere: boolean;
}) {
  const { items, tree, everywhere } = props;
  const folders = useGrowing(props.folders, `${props.at} ${everywhere}`);
  const placeOf = (id: string | null) =>
    everywhere && id
      ? tree
          .pathTo(id)
          .map((folder) => folder.name)
          .join(" › ") || null
      : null;
  return (
    <>
      <table className="w-full border-collapse text-left">
        <thead className="max-sm:sr-only">
          <tr className="border-b border-line text-small text-muted">
            <th scope="col" className="py-2 pr-4 pl-2.5 font-medium">
              Name
            </th>
            <th scope="col" className="w-60 py-2 pr-4 font-medium max-lg:w-44 max-sm:hidden">
              Who can see it
            </th>
            <th scope="col" className="w-20 py-2 pr-4 font-medium max-md:hidden">
              Pages
            </th>
            <th scope="col" className="w-24 py-2 pr-2 font-medium max-sm:hidden">
              Added
            </th>
            <th scope="col" className="w-10 py-2 sm:w-24">
              <span className="sr-only">More</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {folders.shown.map((folder) => (
            <FolderRow key={folder.id} folder={folder} place={placeOf(folder.parent)} />
          ))}
          {folders.rest === 0 &&
            items.map((document) => (
              <Row
                key={document.id}
                document={document}
                through={throughFolder(document, tree)}
                place={placeOf(document.folder)}
              />
            ))}
        </tbody>
      </table>
      {folders.rest > 0 && (
        <div ref={folders.end} className="flex justify-center pt-5">
          <Button small onClick={folders.grow}>
            Show more folders
          </Button>
        </div>
      )}
    </>
  );
}

const rowLook =
  "border-b border-line align-middle transition-colors hover:bg-accent-soft has-[:focus-visible]:bg-accent-soft";

const FolderRow = memo(function FolderRow({ folder, place }: { folder: Folder; place: string | null }) {
  const session = useSession();
  const drop = useDropTarget(folder.id);
  const item = { kind: "folder" as const, id: folder.id, name: folder.name, in: folder.parent };
  return (
    <tr
      {...dragProps(item, folder.access !== "read" && session.can("folder.move"))}
      {...drop.handlers}
      className={classes(rowLook, drop.over && "bg-accent-soft outline-2 -outline-offset-2 outline-accent")}
    >
      <th scope="row" className="py-2 pr-4 pl-2.5 font-normal">
        <div className="flex items-start gap-3">
          <Plate words="DIR" />
          <span className="sr-only">Folder</span>
          <div className="min-w-0 flex-1">
            <Link
              to="/t/$slug/library"
              params={{ slug: session.slug }}
              search={{ folder: folder.id }}
              className="wrap-anywhere underline-offset-3 hover:underline"
            >
              {folder.name}
            </Link>
            {place && <p className="text-small wrap-anywhere text-muted">in {place}</p>}
            <p className="text-small text-muted sm:hidden">
              <WhoSees kind="folders" thing={folder} folder={null} />
            </p>
          </div>
        </div>
      </th>
      <td className="py-2 pr-4 text-muted max-sm:hidden">
        <WhoSees kind="folders" thing={folder} />
      </td>
      <td className="py-2 pr-4 text-muted max-md:hidden">–</td>
      <td className="py-2 pr-2 max-sm:hidden">
        <Moment at={folder.createdAt} />
      </td>
      <td className="w-10 py-1 pr-1 text-right whitespace-nowrap sm:w-24">
        <FolderMenu folder={folder} />
      </td>
    </tr>
  );
});

type RowProps = { document: Document; through: string | null; place: string | null };

const Row = memo(function Row({ document, through, place }: RowProps) {
  const session = useSession();
  const retry = useRetryDocument(document.id);
  const mayRetry = document.state === "failed" && document.access !== "read" && session.can("document.retry");
  const mayMove = document.access !== "read" && session.can("document.move");
  const item = { kind: "document" as const, id: document.id, name: document.name, in: document.folder };
  const retryButton = mayRetry && (
    <Button
      kind="quiet"
      small
      className="px-2 text-ink"
      busy={retry.isPending}
      onClick={() => retry.mutate()}
    >
      Retry<span className="sr-only"> {document.name}</span>
    </Button>
  );
  return (
    <tr {...dragProps(item, mayMove)} className={rowLook}>
      <th scope="row" className="py-2 pr-4 pl-2.5 font-normal">
        <div className="flex items-start gap-3">
          <Kind kind={document.kind} />
          <div className="min-w-0 flex-1">
            <Link
              to="/t/$slug/library/$documentId"
              params={{ slug: session.slug, documentId: document.id }}
              className="wrap-anywhere underline-offset-3 hover:underline"
            >
              {document.name}
            </Link>
            {place && <p className="text-small wrap-anywhere text-muted">in {place}</p>}
            <Progress document={document} />
            <p className="flex flex-wrap gap-x-2 text-small text-muted sm:hidden">
              <Moment at={document.createdAt} /> <WhoSees thing={document} folder={through} />
            </p>
            <div className="-ml-2 sm:hidden">{retryButton}</div>
          </div>
        </div>
      </th>
      <td className="py-2 pr-4 text-muted max-sm:hidden">
        <WhoSees thing={document} folder={through} />
      </td>
      <td className="py-2 pr-4 max-md:hidden">{document.pages ?? <span className="text-muted">–</span>}</td>
      <td className="py-2 pr-2 max-sm:hidden">
        <Moment at={document.createdAt} />
      </td>
      <td className="w-10 py-1 pr-1 text-right whitespace-nowrap sm:w-24">
        <div className="flex items-center justify-end">
          <span className="max-sm:hidden">{retryButton}</span>
          <DocumentMenu document={document} />
        </div>
      </td>
    </tr>
  );
});

/** The shared folder that a document stands in, when that is why others see it. */
export function throughFolder(document: Document, tree: Tree): string | null {
  const folder = document.folder ? tree.byId.get(document.folder) : undefined;
  if (!folder || document.visibility === "private") return null;
  return folder.visibility === document.visibility ? folder.name : null;
}

/** What is happening to a document, or why it could not be read. Nothing when it is ready. */
export function Progress({ document }: { document: Document }) {
  if (document.state === "ready") return null;
  if (document.state === "failed") {
    return (
      <p className="flex gap-1.5 text-small text-broken">
        <span className="pt-0.5">
          <Glyph state="broken" size={13} />
        </span>
        <span>{document.problem?.message ?? "It could not be read. Try again, or add another version."}</span>
      </p>
    );
  }
  const words = { received: "waiting to be read", reading: "being read", indexing: "being indexed" }[
    document.state
  ];
  return (
    <p className="flex items-center gap-1.5 text-small text-muted">
      <Glyph state="working" size={13} />
      {words}
    </p>
  );
}

const kinds: Record<Document["kind"], string> = { pdf: "PDF", html: "HTM", markdown: "MD", text: "TXT" };

/** Kind of a document as a small plate. */
export function Kind({ kind }: { kind: Document["kind"] }) {
  return <Plate words={kinds[kind]} />;
}

function Plate({ words }: { words: string }) {
  return (
    <span
      aria-hidden="true"
      className="mt-0.5 inline-flex h-5 w-[30px] shrink-0 items-center justify-center rounded-[4px] border border-line bg-surface text-[0.625rem] font-semibold tracking-wide text-muted"
    >
      {words}
    </span>
  );
}
